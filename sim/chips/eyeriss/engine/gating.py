"""Zero gating: which MACs a PE really performs, found from the zeros of the actual values (JSSC 2017, Section V-B).

Receives an ifmap tile and, where both operands gate, the filters of a pass; hands on the MACs with no zero that gates.
Gating saves energy, never a cycle, so this stands apart from the stepping of a pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.parts.description import Gating
from sim.kernels.fmaps import count_live_products, count_live_taps, count_uses
from sim.networks.layer import Shape


@dataclass(frozen=True, slots=True)
class LiveTile:
    """What a tile's zeros leave: one filter's products, and by tap (channels, R, S) where filters gate too."""

    products: int
    by_tap: NDArray[np.int64] | None = None


class ZeroGate:
    """The count of MACs that are not gated."""

    def __init__(self, mode: Gating, shape: Shape) -> None:
        self._mode = mode
        self._shape = shape
        self._column_uses = count_uses(shape.F, shape.S, shape.Ux)

    @property
    def needs_filters(self) -> bool:
        """Whether filter values gate."""
        return self._mode == Gating.EITHER_ZERO

    def look_at(self, tile: NDArray[np.int16]) -> LiveTile:
        """Count what a tile (images, channels, strip rows, W) leaves to compute."""
        shape = self._shape
        images, channels, height, _ = tile.shape
        rows = (height - shape.R) // shape.Uy + 1
        row_uses = count_uses(rows, shape.R, shape.Uy)
        if self._mode == Gating.OFF:
            return LiveTile(int(images * channels * row_uses.sum() * self._column_uses.sum()))
        if not self.needs_filters:
            return LiveTile(int(count_live_products(tile, row_uses, self._column_uses)))
        by_tap = np.zeros((channels, shape.R, shape.S), np.int64)
        count_live_taps(tile, by_tap, shape.Uy, shape.Ux, rows, shape.F)
        return LiveTile(int(by_tap.sum()), by_tap)

    def live_macs(self, live: LiveTile, filters: int, weights: NDArray[np.int16] | None) -> int:
        """Count the MACs that a pass performs; `weights` (filters, channels, R, S) are needed where they gate."""
        if live.by_tap is None or weights is None:
            return live.products * filters
        return int((live.by_tap * np.count_nonzero(weights, axis=0)).sum())
