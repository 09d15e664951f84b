"""Zero gating: which MACs a PE really performs, found from the zeros of the actual ifmap (JSSC 2017, Section V-B).

Receives an ifmap tile; hands on the products of one filter with its non-zero values. Gating saves energy, never a
cycle, so this stands apart from the stepping of a pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.arch import Gating
from sim.kernels.fmaps import count_live_products, count_uses
from sim.layer import Shape


class ZeroGate:
    """Count the products that are not gated."""

    def __init__(self, mode: Gating, shape: Shape) -> None:
        self._mode = mode
        self._shape = shape
        self._column_uses = count_uses(shape.F, shape.S, shape.Ux)

    def live_products(self, tile: NDArray[np.int16]) -> int:
        """Count one filter's products that are performed, over a tile (images, channels, strip rows, W)."""
        shape = self._shape
        rows = (tile.shape[2] - shape.R) // shape.Uy + 1
        row_uses = count_uses(rows, shape.R, shape.Uy)
        if self._mode == Gating.OFF:
            images, channels = tile.shape[:2]
            return int(images * channels * row_uses.sum() * self._column_uses.sum())
        return int(count_live_products(tile, row_uses, self._column_uses))
