"""The grid of a sweep, counted like an odometer, so that a point's number alone says what it is."""

from __future__ import annotations

import math
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from sim.studies.sweeps.spec.axes import Axis


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its number, the values of all axes as written by path, and in base units by column.

    `impossible` says why there is no value for the parameter that keeps the area equal; it is empty where there is.
    """

    number: int
    written: Dict[str, Any]
    values: Dict[str, Any]
    impossible: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Groups of axes: those of a group move together, the last group moves fastest; `len` counts the points."""

    groups: tuple[tuple[Axis, ...], ...]

    def __len__(self) -> int:
        return math.prod(self.lengths)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The number of values of each group."""
        return tuple(len(group[0].values) for group in self.groups)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """All axes, in the order in which points count."""
        return tuple(axis for group in self.groups for axis in group)

    def point(self, number: int) -> Point:
        """Return a point by its number, from 0 up."""
        rest, chosen = number, []
        for group in reversed(self.groups):
            rest, index = divmod(rest, len(group[0].values))
            chosen += [(axis, index) for axis in reversed(group)]
        chosen.reverse()
        return Point(
            number,
            {axis.path: axis.written[index] for axis, index in chosen},
            {axis.column: cell_value(axis.values[index]) for axis, index in chosen},
        )


def cell_value(value: object) -> object:
    """Return what a table's cell can hold: lists and enumerations as text."""
    return value if type(value) in (bool, int, float) else str(value)
