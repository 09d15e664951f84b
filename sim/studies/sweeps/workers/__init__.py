"""Who evaluates points: this process, others here, a Dask cluster."""
