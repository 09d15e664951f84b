"""Networks from other tools' files, read into the same layers as the `workloads/*.yaml` files."""
