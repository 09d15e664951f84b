"""The ReLU unit between GLB and encoder: negative ofmap values become zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernels.fmaps import relu


class Relu:
    """The rectifier of ofmaps on their way out, where the layer asks for it; it counts the values passed and those made
    zero.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self.values_passed = 0
        self.values_cut = 0

    def apply(self, psums: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the rectified copy of a flat run of finished psums."""
        values = psums.copy()
        self.values_passed += values.size
        if self._enabled:
            self.values_cut += int((values < 0).sum())
            relu(values)
        return values
