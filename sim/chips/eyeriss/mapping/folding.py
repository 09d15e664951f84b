"""Folding: how a layer beyond the controller's limits becomes one that it can run, with the same MACs.

Channels fold into the filter's width: k channels lie side by side in one row, filter and stride k times as wide.
An FC layer is one inner product a filter, so its C R S words can be cut up freely. Filters beyond the limit make
several runs, each with its own configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.machine import Machine
from sim.networks.layer import Shape


@dataclass(frozen=True, slots=True)
class Folded:
    """The shape that the array runs and what was done to get it.

    `filters_per_run` filters go in one configuration. `notes` says each fold in words; empty where none was needed.
    """

    shape: Shape
    original: Shape
    filters_per_run: int
    notes: tuple[str, ...] = ()

    @property
    def configurations(self) -> int:
        """The number of settings of the scan chain: one, and another where the last run has fewer filters.

        Groups, and runs of the same size, differ in addresses only.
        """
        left = self.shape.M % self.filters_per_run
        return 1 if left == 0 or left == self.shape.M else 2

    def fold_ifmap(self, ifmap: NDArray[np.int16]) -> NDArray[np.int16]:
        """Rearrange an ifmap (N, G C, H, W) into the folded layout; the same words, none added."""
        before, after = self.original, self.shape
        if before == after:
            return ifmap
        images, ways = ifmap.shape[0], before.C // after.C
        folded = (images, after.G * after.C, after.H, after.W)
        if (after.C * ways, after.R, after.S) != (before.C, before.R, before.S * ways):
            return np.ascontiguousarray(ifmap.reshape(folded))  # an inner product, cut up in any order
        split = ifmap.reshape(images, after.G * after.C, ways, before.H, before.W)
        return np.ascontiguousarray(split.transpose(0, 1, 3, 4, 2)).reshape(folded)

    def fold_filters(self, filters: NDArray[np.int16]) -> NDArray[np.int16]:
        """Rearrange filters (G M, C, R, S) as the ifmap is: a filter is an ifmap of its own size."""
        before, after = self.original, self.shape
        one = Folded(
            shape=Shape(1, 1, after.C, after.R, after.S, 1, 1),
            original=Shape(1, 1, before.C, before.R, before.S, 1, 1),
            filters_per_run=1,
        )
        return one.fold_ifmap(filters)


def fold(shape: Shape, machine: Machine) -> Folded:
    """Fold `shape` as little as brings it inside the limits; what can't be folded is left for the legality rules."""
    limits = machine.limits
    notes: list[str] = []
    folded = replace(shape, Uy=1 if shape.E == 1 else shape.Uy, Ux=1 if shape.F == 1 else shape.Ux)
    plain = folded
    if limits.channels < folded.C:
        folded = _widen(folded, machine)
    if folded.E == folded.F == 1 and (limits.filter_height < folded.R or limits.channels < folded.C):
        folded = _cut_inner_product(folded, machine)
    if folded != plain:
        notes.append(f"C={plain.C} R={plain.R} S={plain.S} as C={folded.C} R={folded.R} S={folded.S}")
    runs = -(-folded.M // limits.filters)
    if runs > 1:
        notes.append(f"M={folded.M} in {runs} runs of up to {limits.filters}")
    return Folded(folded, plain, min(folded.M, limits.filters), tuple(notes))


def _widest_window(machine: Machine) -> int:
    """Return the filter width that both the controller and a PE's ifmap spad can take, in words."""
    return min(machine.limits.filter_width, machine.pe.ifmap_spad.words)


def _widen(shape: Shape, machine: Machine) -> Shape:
    """Lay the fewest channels side by side that bring C within its limit; give `shape` where none do."""
    limits = machine.limits
    for ways in range(-(-shape.C // limits.channels), _widest_window(machine) // shape.S + 1):
        stride = shape.Ux if shape.F == 1 else shape.Ux * ways
        if shape.C % ways == 0 and stride <= limits.horizontal_stride:
            return replace(shape, C=shape.C // ways, S=shape.S * ways, Ux=stride)
    return shape


def _cut_inner_product(shape: Shape, machine: Machine) -> Shape:
    """Cut an FC layer's C R S words into the tallest, then narrowest, filter within the limits."""
    limits = machine.limits
    words = shape.C * shape.R * shape.S
    for height in range(limits.filter_height, 0, -1):
        for width in range(1, _widest_window(machine) + 1):
            channels, rest = divmod(words, height * width)
            if rest == 0 and channels <= limits.channels:
                return replace(shape, C=channels, R=height, S=width)
    return shape
