"""Timeloop's problem files, read and written."""
