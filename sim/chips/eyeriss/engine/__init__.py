"""The cycle engine: one file a component, events for passes and bursts, kernels for cycles and values."""
