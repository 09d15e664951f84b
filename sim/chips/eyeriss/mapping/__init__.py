"""Row-stationary mappings: parameters, placement on the array, legality, folding and search."""
