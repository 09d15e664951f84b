"""Charts of a stored sweep: Pareto fronts, heat maps, sensitivities, bars of energy by layer."""
