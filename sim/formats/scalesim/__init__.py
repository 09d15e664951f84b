"""SCALE-Sim's topology files, read and written."""
