"""Codes of sparse tensors: what chips write to DRAM, and how long it is on average."""
