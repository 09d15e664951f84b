"""The datapath: what PEs, LN and GON make of the values of a layer, pass by pass (functional mode).

Receives the passes in the order in which the array runs them; leaves every psum tile that its last channel group has
completed in the fmap store, for ReLU and encoder. Values reach PEs by the tags of the input networks, psums go through
the GLB between channel groups. Timing and counts do not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.engine.fmaps import Fmap, FmapStore
from sim.chips.eyeriss.engine.routes import Router, Routes
from sim.chips.eyeriss.kernels.datapath import compute_pass
from sim.chips.eyeriss.mapping.row_stationary import Span, Tile

NEVER_WRITTEN = 0x2A2A  # what memory holds before: a value that is not computed shows


@dataclass(frozen=True, slots=True)
class SeededFault:
    """A seeded fault: in the PE at `row`, `column` of the array, `bit` (0 to 31) of every product flips."""

    row: int
    column: int
    bit: int


@dataclass(slots=True)
class Datapath:
    """The computation of a layer's psums; `filters` (G M, C, R, S) are folded as the store's ifmap is, `window` a right
    shift.

    Psums begin with `biases` (G M) where there are any, whose own way into the GLB is not counted.
    """

    router: Router
    fmaps: FmapStore
    filters: Fmap
    window: int
    fault: SeededFault | None = None
    biases: Fmap | None = None
    begun_cycles: list[int] = field(init=False, default_factory=list)
    _glb: Fmap = field(init=False, default_factory=lambda: np.empty(0, np.int16))
    _tile: Tile | None = field(init=False, default=None)
    _values: Fmap = field(init=False, default_factory=lambda: np.empty(0, np.int16))
    _routes: dict[tuple[int, int, int], Routes] = field(init=False, default_factory=dict)

    def run(self, tile: Tile, filters: Span, *, begun_cycle: int) -> None:
        """Compute one pass, which began in that core cycle; hand the tile on after the last pass that it needs."""
        if tile is not self._tile:
            self._take(tile)
        self.begun_cycles.append(begun_cycle)
        routes = self.routes_of(tile, filters)
        first = filters.start - tile.filters.start
        psums = self._glb[:, first : first + filters.size]
        held = np.ascontiguousarray(psums)
        reads_psums = not tile.first or self.biases is not None
        self._compute(held, self._values, self.weights_of(tile, filters), routes, slice(None), reads_psums)
        psums[:] = held
        if tile.last and filters == tile.passes[-1]:
            self.fmaps.finish(tile, self._glb)

    def part(self, tile: Tile, filters: Span, pe: int) -> Fmap:
        """Compute what PE `pe` of a pass's routes adds to its psums (images, filters, rows, F); others are 0."""
        routes = self.routes_of(tile, filters)
        psums = np.zeros((tile.images.size, filters.size, tile.rows.size, self.fmaps.shape.F), np.int16)
        values = self.fmaps.ifmap_of(tile)
        self._compute(psums, values, self.weights_of(tile, filters), routes, slice(pe, pe + 1), False)
        return psums

    def weights_of(self, tile: Tile, filters: Span) -> Fmap:
        """Return a pass's filters (filters, channels, R, S)."""
        first = tile.group * self.fmaps.shape.M + filters.start
        channels = slice(tile.channels.start, tile.channels.stop)
        return np.ascontiguousarray(self.filters[first : first + filters.size, channels])

    def routes_of(self, tile: Tile, filters: Span) -> Routes:
        """Find what reaches which PE in a pass, or remember a pass of the same size."""
        size = tile.rows.size, filters.size, tile.channels.size
        if size not in self._routes:
            self._routes[size] = self.router.route(rows=size[0], filters=size[1], channels=size[2])
        return self._routes[size]

    def _take(self, tile: Tile) -> None:
        """Take a tile's ifmap, and room for new psums where it begins them."""
        self._tile, self._values = tile, self.fmaps.ifmap_of(tile)
        if tile.first:
            size = tile.images.size, tile.filters.size, tile.rows.size, self.fmaps.shape.F
            self._glb = np.full(size, NEVER_WRITTEN, np.int16)
            if self.biases is not None:
                start = tile.group * self.fmaps.shape.M + tile.filters.start
                self._glb[:] = self.biases[start : start + tile.filters.size, None, None]

    def _compute(self, psums: Fmap, values: Fmap, weights: Fmap, routes: Routes, pes: slice, reads_psums: bool) -> None:
        """Run some of a pass's PEs: all, or one alone as a chain of its own."""
        own = routes.own[pes]
        levels = routes.levels if len(own) > 1 else 1
        shape, bits = self.fmaps.shape, self.fmaps.bits
        compute_pass(
            values,
            weights,
            psums,
            own,
            routes.filters[pes],
            routes.ifmaps[pes],
            self._flips(routes.places[pes]),
            np.array([levels, reads_psums, shape.Ux, self.window, bits.psum], np.int64),
        )

    def _flips(self, places: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the bits that each PE flips in its products."""
        flips = np.zeros(len(places), np.uint32)
        if self.fault is not None:
            flips[(places == (self.fault.row, self.fault.column)).all(axis=1)] = 1 << self.fault.bit
        return flips.view(np.int32)
