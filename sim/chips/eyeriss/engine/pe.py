"""The processing element: spads, FIFOs, a pipelined MAC, and the gate in front of it (JSSC 2017, Section V).

A window of q S ifmap values stands in the ifmap spad; each value in turn meets its p weights from the filter spad,
and the products are added to p psums in the psum spad: one MAC a cycle. A zero value is flagged in the zero buffer;
the gate then stops the filter-spad read and the MAC, and the cycle passes unused. Whether a column's MACs wait for
its whole window is a parameter. The cycles are stepped in
`kernels.pe_step.step_macs`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import pass_layout
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import PE, ColumnStart
from sim.chips.parts.description import Gating
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.networks.layer import BitWidths

READ, WRITE = Direction.READ, Direction.WRITE


@dataclass(frozen=True, slots=True)
class ProcessingElement:
    """What every PE of the array is made of, for words of a layer's widths."""

    parts: PE
    bits: BitWidths

    def parameters(self) -> dict[str, int]:
        """Return what the pass kernel needs to know; memories in words."""
        return {
            "IFMAP_FIFO": self.parts.ifmap_fifo.capacity(self.bits.ifmap),
            "PSUM_FIFO": self.parts.psum_fifo.capacity(self.bits.psum),
            "PSUM_SPAD": self.parts.psum_spad.capacity(self.bits.psum),
            "EXTRA_STAGES": self.parts.pipeline_stages - 1,
            "WHOLE_WINDOW": int(self.parts.column_start == ColumnStart.WINDOW),
        }

    def book(self, ledger: Ledger, totals: NDArray[np.int64], *, live_macs: int) -> None:
        """Count fills, and the spad accesses of the MACs; a gated MAC reads the ifmap spad, or only its zero flag."""
        widths = {Tensor.IFMAP: self.bits.ifmap, Tensor.FILTER: self.bits.filter, Tensor.PSUM: self.bits.psum}

        def add(level: Level, tensor: Tensor, direction: Direction, words: int) -> None:
            ledger.add(level, tensor, direction, words, bits=words * widths[tensor])

        for tensor, deliveries in (
            (Tensor.IFMAP, int(totals[pass_layout.GIN_IFMAP_DELIVERIES])),
            (Tensor.FILTER, int(totals[pass_layout.GIN_FILTER_DELIVERIES])),
        ):
            add(Level.FIFO, tensor, WRITE, deliveries)
            add(Level.FIFO, tensor, READ, deliveries)
            add(Level.SPAD, tensor, WRITE, deliveries)
        macs = int(totals[pass_layout.MACS_ISSUED])
        ledger.macs = macs
        ledger.macs_performed = live_macs
        ledger.zero_buffer_reads = 0 if self.parts.gating == Gating.OFF else macs
        add(Level.SPAD, Tensor.IFMAP, READ, macs if self.parts.gated_mac_reads_ifmap_spad else live_macs)
        add(Level.SPAD, Tensor.FILTER, READ, live_macs)
        add(Level.SPAD, Tensor.PSUM, READ, live_macs)
        add(Level.SPAD, Tensor.PSUM, WRITE, live_macs)
