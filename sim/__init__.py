"""Cycle-level simulator and energy model of the Eyeriss CNN accelerator."""

__version__ = "0.1.0"
