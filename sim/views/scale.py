"""The multiple of a unit in which numbers are shown."""

from __future__ import annotations

from dataclasses import dataclass

_PREFIXES = {"MAC": ("MAC", "k MAC", "M MAC", "G MAC", "T MAC"), "pJ": ("pJ", "nJ", "uJ", "mJ", "J")}


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that numbers are shown in: divide by `factor`, write `name` behind."""

    factor: float
    name: str


def scale_for(unit: str, energy: float, *, below: float) -> Scale:
    """Choose the smallest multiple of a unit in which an energy stays below a bound."""
    names = _PREFIXES[unit]
    power = next((power for power in range(len(names)) if energy < below * 1000**power), len(names) - 1)
    return Scale(1000.0**power, names[power])
