"""What DRAM holds for fmaps of a known density: a significance map, an estimate of the run-length code, or plain words.

A stored value is zero with the layer's zero fraction, independently of its neighbours; padding is zero and known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sim.analytic.loops import Chunk, Loops
from sim.arch import Machine
from sim.layer import Layer


class FmapCode(StrEnum):
    """Name what fmaps are coded with in DRAM."""

    SIGNIFICANCE_MAP = "significance_map"
    RLC = "rlc"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class FmapBits:
    """Hold the bits over the DRAM link each way, and the values that they stand for."""

    ifmap_read: int
    ofmap_written: int
    values_read: int
    values_written: int


@dataclass(frozen=True, slots=True)
class FmapCoder:
    """Estimate coded sizes for a machine's link and code."""

    code: FmapCode
    machine: Machine

    def bits(self, layer: Layer, loops: Loops) -> FmapBits:
        """Estimate a mapped layer's fmap bits."""
        held = sum(chunk.count for chunk in loops.filter_groups)
        channels = loops.batch * loops.shape.G * loops.shape.C * held
        padded = channels * loops.rows_fetched * loops.shape.W
        stored = channels * stored_values(layer, loops)
        tiles = held * loops.channel_passes * loops.shape.G * loops.image_groups * loops.strip_count
        coded = layer.coded_ifmap or self.machine.rlc.codes_network_input
        read = self._size(stored, padded - stored, layer.ifmap_zeros, layer.bits.ifmap, tiles, coded=coded)
        outputs = loops.batch * loops.shape.G * loops.shape.M * loops.shape.E * loops.shape.F
        stores = held * loops.shape.G * loops.image_groups * loops.strip_count
        written = self._size(outputs, 0, layer.ofmap_zeros, layer.bits.psum, stores, coded=True)
        return FmapBits(read, written, padded, outputs)

    def _size(self, stored: int, padding: int, zeros: float, width: int, streams: int, *, coded: bool) -> int:
        """Estimate the bits of `streams` streams that hold `stored` values and `padding` known zeros."""
        if self.code is FmapCode.NONE or not coded:
            return (stored + padding) * width
        live = stored * (1 - zeros)
        if self.code is FmapCode.SIGNIFICANCE_MAP:
            return round(stored + padding + live * width)
        pairs = self._pairs(stored, zeros) + padding / (1 << self.machine.rlc.run)
        # A stream's last word is only part full: half of its pairs on average.
        words = pairs / self.machine.rlc.pairs + streams * 0.5 * (1 - 1 / self.machine.rlc.pairs)
        return round(max(words, streams)) * self.machine.link.width

    def _pairs(self, values: int, zeros: float) -> float:
        """Estimate the pairs for independent values: one covers up to 2**run values, and ends at the first live one."""
        longest = 1 << self.machine.rlc.run
        if zeros >= 1.0:
            return values / longest
        return values * (1 - zeros) / (1 - zeros**longest)


def stored_values(layer: Layer, loops: Loops) -> int:
    """Count the stored (not padding) values of one channel in all strips' rows by W, strips overlapping.

    A folded layer holds the same values, so its rows times columns stand for k channels of the unfolded one.
    """
    shape = layer.shape
    columns = min(layer.stored_width, shape.W - layer.padding.left)
    rows_folded = loops.shape.H != shape.H  # rows became channels: an FC layer, one strip
    strips = (Chunk(shape.E, 1),) if rows_folded else loops.strips
    rows, start = 0, 0
    for chunk in strips:
        for _ in range(chunk.count):
            top = start * shape.Uy
            stop = top + (chunk.size - 1) * shape.Uy + shape.R
            first = max(top, layer.padding.top)
            last = min(stop, layer.padding.top + layer.stored_height)
            rows += max(0, last - first)
            start += chunk.size
    return rows * columns * shape.C // loops.shape.C


def live_products(layer: Layer) -> int:
    """Count one filter's products with stored ifmap values, per image and channel: the padding's are left out."""
    shape, pad = layer.shape, layer.padding
    rows = taps_inside(shape.E, shape.R, shape.Uy, pad.top, layer.stored_height)
    columns = taps_inside(shape.F, shape.S, shape.Ux, pad.left, layer.stored_width)
    return rows * columns


def taps_inside(outputs: int, taps: int, stride: int, before: int, stored: int) -> int:
    """Count the (output, tap) pairs of one axis that meet a stored value, not padding."""
    inside = 0
    for tap in range(taps):
        first = max(0, -((tap - before) // stride))
        last = min(outputs - 1, (stored - 1 + before - tap) // stride)
        inside += max(0, last - first + 1)
    return inside
