"""The commands, one file each; what they share stands in inputs, outputs and provenance."""
