"""Cycle-level simulator and energy model of the Eyeriss CNN accelerator."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.api import sweep as sweep

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what scripts call when they first ask for it: the package itself stays light."""
    if name == "sweep":
        from sim.api import sweep

        return sweep
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
