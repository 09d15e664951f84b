"""Numba kernels: scalars and arrays in, numbers out. Everything that runs once a cycle or once a value."""
