"""Many runs beside one another: comparisons, codes, sweeps."""
