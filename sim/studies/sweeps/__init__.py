"""Sweeps: many points of machine, network and mapping, each evaluated once and kept (design-space exploration)."""
