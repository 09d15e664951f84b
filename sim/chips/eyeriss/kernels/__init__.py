"""Eyeriss's own numba kernels: a pass cycle by cycle, computed values, and the mapper's inner loop."""
