"""The analytic model: counts and cycles in closed form, from shapes and densities alone (Asilomar 2017)."""
