"""What DRAM holds for the fmaps of a mapped layer, estimated from their densities."""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.eyeriss.analytic.loops import Loops
from sim.chips.eyeriss.expected import ifmap_stream_bits, ofmap_stream_bits
from sim.chips.eyeriss.machine import Machine
from sim.codes.expected import FmapCode
from sim.networks.coverage import stored_columns, stored_rows
from sim.networks.layer import Layer


@dataclass(frozen=True, slots=True)
class FmapBits:
    """The bits over the DRAM link each way, and the values that they stand for."""

    ifmap_read: int
    ofmap_written: int


@dataclass(frozen=True, slots=True)
class FmapCoder:
    """Estimates of coded sizes for a machine's link and code."""

    code: FmapCode
    machine: Machine

    def bits(self, layer: Layer, loops: Loops) -> FmapBits:
        """Estimate a mapped layer's fmap bits."""
        shape = loops.shape
        held = sum(chunk.count for chunk in loops.filter_groups)
        maps = loops.batch * shape.G * held
        stored = maps * stored_values(layer, loops)
        padding = maps * shape.C * loops.rows_fetched * shape.W - stored
        stores = held * shape.G * loops.image_groups * loops.strip_count
        outputs = loops.batch * shape.G * shape.M * shape.E * shape.F
        ifmap = ifmap_stream_bits(self.code, self.machine, layer)
        ofmap = ofmap_stream_bits(self.code, self.machine, layer)
        read = stored * ifmap.stored + padding * ifmap.padding + stores * loops.channel_passes * ifmap.stream
        return FmapBits(round(read), round(outputs * ofmap.stored + stores * ofmap.stream))


def stored_values(layer: Layer, loops: Loops) -> int:
    """Count the stored (not padding) values of one group in all strips' rows by W, strips overlapping."""
    return stored_rows(layer, loops.mapping.e) * stored_columns(layer) * layer.shape.C
