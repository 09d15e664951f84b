"""The fmap streams that the chip's codec sees: tiles as they are read from DRAM and written to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.chips.contract import Planned, Values
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.ledger.counts import Tensor
from sim.networks.layer import Layer


@dataclass(frozen=True, slots=True)
class TileStreams:
    """A machine's streams and its run-length code, a code word of which takes a whole link word."""

    machine: Machine

    @property
    def enabled(self) -> bool:
        """Whether the codec is on."""
        return self.machine.rlc.enabled

    @property
    def run_bits(self) -> int:
        """The bits of a run."""
        return self.machine.rlc.run

    @property
    def level_bits(self) -> int:
        """The bits of a level."""
        return self.machine.rlc.level

    @property
    def pairs(self) -> int:
        """The pairs of run and level in a code word."""
        return self.machine.rlc.pairs

    @property
    def link_width(self) -> int:
        """The bits of a link word."""
        return self.machine.link.width

    def is_coded(self, layer: Layer) -> bool:
        """Return whether the layer's ifmap is coded: the network's own input is raw, unless the machine says not."""
        return layer.coded_ifmap or self.machine.rlc.codes_network_input

    def cut(self, planned: Planned[MappedLayer], tensor: Tensor, values: Values) -> Iterator[Values]:
        """Cut a padded ifmap (N, G C, H, W) or a finished, rectified ofmap (N, G M, E, F) into its streams."""
        return _ifmap_streams(planned, values) if tensor == Tensor.IFMAP else _ofmap_streams(planned, values)


def _ifmap_streams(planned: Planned[MappedLayer], ifmap: Values) -> Iterator[Values]:
    """Yield the streams of an ifmap's tiles, each once, as the chip reads them."""
    shape = planned.plan.folded.shape
    folded = planned.plan.folded.fold_ifmap(ifmap)
    seen = set()
    for tile in planned.plan.tiles(len(ifmap)):
        key = tile.group, tile.images, tile.rows, tile.channels
        if key in seen:
            continue
        seen.add(key)
        channel, top = tile.group * shape.C + tile.channels.start, tile.rows.start * shape.Uy
        height = (tile.rows.size - 1) * shape.Uy + shape.R
        piece = folded[tile.images.start : tile.images.stop, channel : channel + tile.channels.size, top : top + height]
        yield np.ascontiguousarray(piece).reshape(-1)


def _ofmap_streams(planned: Planned[MappedLayer], ofmap: Values) -> Iterator[Values]:
    """Yield the streams in which the chip writes an ofmap."""
    shape = planned.plan.folded.shape
    for tile in planned.plan.tiles(len(ofmap)):
        if tile.last:
            first = tile.group * shape.M + tile.filters.start
            piece = ofmap[
                tile.images.start : tile.images.stop,
                first : first + tile.filters.size,
                tile.rows.start : tile.rows.stop,
            ]
            yield np.ascontiguousarray(piece).reshape(-1)
