"""Networks: layers and their shapes, workload files, tensors drawn or given, the reference convolution."""
