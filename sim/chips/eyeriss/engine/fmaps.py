"""The fmaps as DRAM holds them, and their way through codec and gate, tile by tile.

Receives the tensors of a layer; hands on, for each tile, the stream that DRAM holds and the products that are not
gated. A tile is read again for every group of filters; what was found out about it is kept unless reuse is off.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.engine.codec import Codec, Stream
from sim.chips.eyeriss.engine.gating import LiveTile, ZeroGate
from sim.chips.eyeriss.mapping.row_stationary import Span, Tile
from sim.chips.parts.relu import Relu
from sim.networks.layer import BitWidths, Shape

Fmap = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class IfmapTile:
    """A loaded tile: its stream, and what its zeros leave to compute."""

    stream: Stream
    live: LiveTile


@dataclass(slots=True)
class FmapStore:
    """A layer's ifmap (N, G C, H, W), finished psums (N, G M, E, F), and filters (G M, C, R, S) if they gate.

    Where psums are computed, `finish` brings them, and `ofmap`, like them, takes what DRAM holds in the end.
    """

    shape: Shape
    bits: BitWidths
    ifmap: Fmap
    psums: Fmap
    filters: Fmap | None
    coded_ifmap: bool
    codec: Codec
    gate: ZeroGate
    relu: Relu
    reuse: bool
    ofmap: Fmap | None = None
    _known: dict[tuple[int, Span, Span, Span], IfmapTile] = field(init=False, default_factory=dict)

    def load(self, tile: Tile) -> IfmapTile:
        """Fetch a tile's ifmap: strip by strip the rows overlap, and they are fetched again."""
        key = (tile.group, tile.images, tile.rows, tile.channels)
        found = self._known.get(key)
        if found is None or not self.reuse:
            values = self.ifmap_of(tile)
            stream = self.codec.read(values.reshape(-1), value_bits=self.bits.ifmap, coded=self.coded_ifmap)
            found = IfmapTile(stream, self.gate.look_at(values))
            self._known[key] = found
        return found

    def live_macs(self, tile: Tile, filters: Span, loaded: IfmapTile) -> int:
        """Count the MACs that a pass performs."""
        weights = None
        if self.filters is not None:
            first = tile.group * self.shape.M + filters.start
            weights = self.filters[first : first + filters.size, tile.channels.start : tile.channels.stop]
        return self.gate.live_macs(loaded.live, filters.size, weights)

    def store(self, tile: Tile) -> Stream:
        """Send a finished psum tile through ReLU and encoder."""
        psums = self.psums[self._ofmap_region(tile)]
        held = None if self.ofmap is None else np.empty(psums.size, np.int16)
        stream = self.codec.write(self.relu.apply(psums.reshape(-1)), value_bits=self.bits.ofmap, held=held)
        if self.ofmap is not None and held is not None:
            self.ofmap[self._ofmap_region(tile)] = held.reshape(psums.shape)
        return stream

    def finish(self, tile: Tile, psums: Fmap) -> None:
        """Take a tile's computed psums (images, filters, rows, F)."""
        self.psums[self._ofmap_region(tile)] = psums

    def _ofmap_region(self, tile: Tile) -> tuple[slice, slice, slice]:
        start = tile.group * self.shape.M + tile.filters.start
        return (
            slice(tile.images.start, tile.images.stop),
            slice(start, start + tile.filters.size),
            slice(tile.rows.start, tile.rows.stop),
        )

    def ifmap_of(self, tile: Tile) -> Fmap:
        """Return a tile's ifmap (images, channels, strip rows, W)."""
        shape = self.shape
        channel = tile.group * shape.C + tile.channels.start
        top = tile.rows.start * shape.Uy
        height = (tile.rows.size - 1) * shape.Uy + shape.R
        return np.ascontiguousarray(
            self.ifmap[
                tile.images.start : tile.images.stop,
                channel : channel + tile.channels.size,
                top : top + height,
            ]
        )
