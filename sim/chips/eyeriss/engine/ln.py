"""The local network: a psum bus from each PE to the one above, through all R rows and r channel sets of a chain.

A psum climbs one PE a cycle at most, once that PE has added its own part (JSSC 2017, Section IV-D). The cycles are
stepped in `kernels.pe_step.step_local_network`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import pass_layout
from sim.chips.eyeriss.levels import Level
from sim.ledger.counts import Direction, Ledger, Tensor


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    """The hops' width and the bits of a psum."""

    width: int
    psum_bits: int

    def parameters(self) -> dict[str, int]:
        """Return what the pass kernel needs to know."""
        return {"LN_RATE": self.width // self.psum_bits}

    def book(self, ledger: Ledger, totals: NDArray[np.int64]) -> None:
        """Count the hops between PEs, and the FIFO that each ends in."""
        hops = int(totals[pass_layout.LN_HOPS])
        for level in (Level.LN, Level.FIFO):
            for direction in Direction:
                ledger.add(level, Tensor.PSUM, direction, hops, bits=hops * self.psum_bits)
