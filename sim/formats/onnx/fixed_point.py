"""Fixed point as the chip has it: words of a few bits, each tensor of a layer at a power of two of its own.

Operands take the finest power at which their largest value still fits. The psums' power follows from the operands' and
from the window, the right shift that cuts 32-bit products to the psum's width: the least by which psums fit
(JSSC 2017, Section V).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.networks.reference import MOST_SHIFTED

Reals = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """A tensor's form: `bits` of a word, of which `fraction` are behind the point; it may be below 0."""

    bits: int
    fraction: int

    def words(self, values: Reals) -> NDArray[np.int16]:
        """Round values to the nearest words, halves to even; what is out of range becomes the nearest word."""
        most = (1 << (self.bits - 1)) - 1
        scaled = np.rint(np.ldexp(values.astype(np.float64), self.fraction))
        return np.clip(scaled, -most - 1, most).astype(np.int16)

    def values(self, words: NDArray[np.int16]) -> NDArray[np.float64]:
        """Return what words stand for."""
        return np.ldexp(words.astype(np.float64), -self.fraction)


@dataclass(frozen=True, slots=True)
class LayerFormat:
    """The forms of a layer's tensors; `psum` is also that of its ofmap."""

    ifmap: FixedPoint
    filter: FixedPoint
    psum: FixedPoint

    @property
    def window(self) -> int:
        """The right shift that turns products into psums."""
        return self.ifmap.fraction + self.filter.fraction - self.psum.fraction

    def as_dict(self) -> dict[str, int]:
        """Return the result file's form: fraction bits by tensor, and the window."""
        fractions = {name: getattr(self, name).fraction for name in ("ifmap", "filter", "psum")}
        return {**fractions, "window": self.window}


def fit(largest: float, bits: int) -> FixedPoint:
    """Choose the finest power of two at which a magnitude fits into words of `bits`, 2 to 16."""
    fraction = bits - 1 - math.frexp(largest)[1]
    fits = round(math.ldexp(largest, fraction)) < 1 << (bits - 1)
    return FixedPoint(bits, fraction if fits else fraction - 1)


def fit_layer(ifmap: FixedPoint, weights: FixedPoint, *, largest_psum: float, psum_bits: int) -> LayerFormat:
    """Choose the window, 0 to 31, for psums of a magnitude; the floor of cut products may add to it."""
    whole = ifmap.fraction + weights.fraction
    window = min(MOST_SHIFTED, max(0, whole - fit(largest_psum, psum_bits).fraction))
    return LayerFormat(ifmap, weights, FixedPoint(psum_bits, whole - window))
