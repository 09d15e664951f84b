"""The global output network: carries finished psums from the top PEs to the GLB (JSSC 2017, Section IV-D).

One chain at a time, in turn, puts a bus word on it; a word waits in its port until it is full or its chain has no
more to come. The cycles are stepped in `kernels.pass_step.step_gon`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import pass_layout
from sim.chips.eyeriss.levels import Level
from sim.ledger.counts import Direction, Ledger, Tensor


@dataclass(frozen=True, slots=True)
class GlobalOutputNetwork:
    """The bus of a layer: its width, and the bits of a psum."""

    width: int
    psum_bits: int

    def parameters(self) -> dict[str, int]:
        """Return what the pass kernel needs to know."""
        return {"GON_RATE": self.width // self.psum_bits}

    def book(self, ledger: Ledger, totals: NDArray[np.int64]) -> None:
        """Count the psums carried, and their way through the port's FIFO."""
        words = int(totals[pass_layout.GON_WORDS])
        for level in (Level.GON, Level.FIFO):
            for direction in Direction:
                ledger.add(level, Tensor.PSUM, direction, words, bits=words * self.psum_bits)
