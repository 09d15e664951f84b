"""Functional mode's verdict: every ofmap value against the reference convolution, and where the first fault lies.

Receives a finished layer; raises ModelError with the pass, the ofmap index, the PE and the cycle of the first
difference. A pass is first that the chip runs first; passes, indices, PEs and cycles count from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.chips.eyeriss.engine.controller import Schedule
from sim.chips.eyeriss.engine.datapath import Datapath
from sim.chips.eyeriss.engine.fmaps import Fmap
from sim.chips.eyeriss.mapping.row_stationary import Span, Tile
from sim.chips.parts.relu import cut_to
from sim.errors import ModelError
from sim.ledger.results import Checked
from sim.networks.reference import Reference, part_of_psum

LAW = "ofmaps equal the reference convolution"
Index = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Run:
    """One pass of a layer and its number."""

    number: int
    tile: Tile
    filters: Span


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """What a layer's values are checked with; `name` is the layer's."""

    name: str
    plan: Schedule
    datapath: Datapath
    reference: Reference
    relu: bool

    def verdict(self) -> Checked:
        """Check psums as they left the array, and ofmaps as DRAM holds them; raise ModelError for a difference."""
        psums, due = self.datapath.fmaps.psums, self.reference.psums
        ofmap = self.datapath.fmaps.ofmap
        if not np.array_equal(psums, due):
            raise ModelError(LAW, self._describe(psums, due))
        stored = cut_to(np.maximum(due, 0) if self.relu else due, self.datapath.fmaps.bits.ofmap)
        if ofmap is None or not np.array_equal(ofmap, stored):
            raise ModelError("ofmaps are stored as computed", self._describe(psums if ofmap is None else ofmap, stored))
        return Checked(values=due.size, window=self.reference.window, overflows=self.reference.overflows)

    def _describe(self, found: Fmap, due: Fmap) -> str:
        """State where two fmaps differ first, in which pass, and which PE did it."""
        last, at = self._first_difference(found, due)
        image, number, row, column = at
        text = (
            f"layer {self.name}: image {image}, filter {number}, row {row}, column {column} is {found[at]}, {due[at]} "
            "due; "
        )
        for run in self._passes_of(last):
            culprit = self._first_wrong_pe(run, at)
            if culprit is not None:
                return text + culprit + self._when(run)
        return text + "every PE added its part; completed" + self._when(last)

    def _when(self, run: Run) -> str:
        return f" in pass {run.number}, begun in cycle {self.datapath.begun_cycles[run.number]}"

    def _runs(self) -> Iterator[Run]:
        """Go through all passes in order."""
        number = 0
        for tile in self.plan.tiles():
            for filters in tile.passes:
                yield Run(number, tile, filters)
                number += 1

    def _first_difference(self, found: Fmap, due: Fmap) -> tuple[Run, Index]:
        """Find the first pass that completes a wrong value, and that value's index."""
        for run in self._runs():
            tile = run.tile
            start = tile.group * self.plan.shape.M + run.filters.start
            region = (
                slice(tile.images.start, tile.images.stop),
                slice(start, start + run.filters.size),
                slice(tile.rows.start, tile.rows.stop),
            )
            wrong = np.argwhere(found[region] != due[region])
            if tile.last and len(wrong):
                image, number, row, column = (int(place) for place in wrong[0])
                return run, (tile.images.start + image, start + number, tile.rows.start + row, column)
        raise ModelError("passes cover all ofmaps", f"layer {self.name}: a value that differs is in none")

    def _passes_of(self, last: Run) -> Iterator[Run]:
        """Go through the passes that added to the psums which `last` completed."""
        for run in self._runs():
            tile = run.tile
            same = (tile.group, tile.images, tile.rows) == (last.tile.group, last.tile.images, last.tile.rows)
            if same and run.filters == last.filters:
                yield run

    def _first_wrong_pe(self, run: Run, at: Index) -> str | None:
        """Name the first PE of the psum's chain, from the bottom up, whose part is not what the reference has there."""
        tile, routes = run.tile, self.datapath.routes_of(run.tile, run.filters)
        number = at[1] - tile.group * self.plan.shape.M - run.filters.start
        inside = at[0] - tile.images.start, number, at[2] - tile.rows.start, at[3]
        for pe in routes.chain_of(number, inside[2]):
            added = int(self.datapath.part(tile, run.filters, pe)[inside])
            due = self._part_due(run, at, routes.due_channels[pe], routes.due_row[pe])
            if added != due:
                row, column = routes.places[pe]
                return f"PE row {row}, column {column} adds {added}, {due} due,"
        return None

    def _part_due(self, run: Run, at: Index, channels: Span, filter_row: int) -> int:
        """Work out, from the tensors alone, a psum's part of one filter row and some channels of a pass."""
        shape, fmaps = self.plan.shape, self.datapath.fmaps
        image, number, row, column = at
        first = run.tile.channels.start + channels.start
        left = column * shape.Ux
        in_ifmap = slice(run.tile.group * shape.C + first, run.tile.group * shape.C + first + channels.size)
        return part_of_psum(
            fmaps.ifmap[image, in_ifmap, row * shape.Uy + filter_row, left : left + shape.S],
            self.datapath.filters[number, first : first + channels.size, filter_row],
            window=self.reference.window,
            psum_bits=fmaps.bits.psum,
        )
