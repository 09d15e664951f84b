"""The ReLU unit between GLB and encoder: negative ofmap values become zero, and words as narrow as DRAM holds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernels.fmaps import relu


def cut_to(values: NDArray[np.int16], bits: int) -> NDArray[np.int16]:
    """Return values that saturate at the ends of two's complement of so many bits; 16 leave them alone."""
    if bits >= 16:
        return values
    top = (1 << (bits - 1)) - 1
    return np.clip(values, -top - 1, top).astype(np.int16)


class Relu:
    """The rectifier of ofmaps on their way out; it counts the values passed and those made zero.

    It rectifies where the layer asks for it; `ofmap_bits` is where words narrower than the psums saturate.
    """

    def __init__(self, *, enabled: bool, ofmap_bits: int = 16) -> None:
        self._enabled = enabled
        self._ofmap_bits = ofmap_bits
        self.values_passed = 0
        self.values_cut = 0

    def apply(self, psums: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the rectified copy of a flat run of finished psums."""
        values = psums.copy()
        self.values_passed += values.size
        if self._enabled:
            self.values_cut += int((values < 0).sum())
            relu(values)
        return cut_to(values, self._ofmap_bits)
