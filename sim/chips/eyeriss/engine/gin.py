"""The global input networks: buses with (row, column) multicast tags (JSSC 2017, Section IV-D, Figs. 10 and 11).

Each X-bus has a row ID and each PE a column ID, set by the scan chain. A word comes with a tag; the X-buses whose row
ID matches pass it on, and their PEs whose column ID matches take it, all in the same cycle. All ones means unused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import pass_layout
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import FilterMulticast, Networks
from sim.chips.eyeriss.mapping.placement import Placement
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.networks.layer import BitWidths, Shape

Ids = NDArray[np.int64]
_PUBLISHED_ROW_PITCH = 4  # Fig. 11 sets the row IDs of channel sets apart by the largest vertical stride


@dataclass(frozen=True, slots=True)
class MulticastNetwork:
    """The IDs of one GIN: `row_ids` (rows) and `col_ids` (rows x columns)."""

    row_ids: Ids
    col_ids: Ids
    unused_row: int
    unused_col: int

    def matches(self, row_tag: int, col_tag: int) -> NDArray[np.bool_]:
        """Return the PEs (rows x columns) that take a word with this tag."""
        matched: NDArray[np.bool_] = (self.row_ids == row_tag)[:, None] & (self.col_ids == col_tag)
        return matched


@dataclass(frozen=True, slots=True)
class IfmapTags:
    """The tag of each ifmap row: row tags tell channel sets and stride phases apart, column tags diagonals."""

    stride: int
    row_pitch: int

    def of(self, *, channel_set: int, row: int) -> tuple[int, int]:
        """Return the tag of strip row `row` for the PEs of `channel_set`."""
        return channel_set * self.row_pitch + row % self.stride, row // self.stride


def ifmap_tags(shape: Shape, placement: Placement, noc: Networks) -> IfmapTags:
    """Choose the row pitch: the published one where the IDs suffice, else the fewest tags that tell sets apart."""
    phases = min(shape.Uy, shape.R)
    last = (placement.channel_sets - 1) * _PUBLISHED_ROW_PITCH + phases
    published = phases <= _PUBLISHED_ROW_PITCH and last <= (1 << noc.row_id) - 1
    return IfmapTags(stride=shape.Uy, row_pitch=_PUBLISHED_ROW_PITCH if published else phases)


@dataclass(frozen=True, slots=True)
class FilterTags:
    """The tag of each filter row: row tags tell stacked PE rows apart, column tags sets side by side.

    Where a word reaches one X-bus only, each segment of a folded set has tags of its own, and the word is sent again.
    """

    placement: Placement
    reach: FilterMulticast

    @property
    def times_sent(self) -> int:
        """The number of how often a word is sent to a full set."""
        return self.placement.segments if self.reach == FilterMulticast.ROW else 1

    def of(self, *, filter_set: int, channel_set: int, filter_row: int, again: int) -> tuple[int, int]:
        """Return the tag of row `filter_row` of the filters of one set when sent after `again` other times."""
        block, beside = divmod(filter_set, self.placement.sets_across)
        stack = (block * self.times_sent + again) * self.placement.channel_sets + channel_set
        return stack * self.placement.filter_height + filter_row, beside


@dataclass(frozen=True, slots=True)
class GlobalInputNetworks:
    """The input networks of a layer: two that multicast, with the tags that the controller sends, and psums'."""

    noc: Networks
    bits: BitWidths
    ifmap: MulticastNetwork
    ifmap_tags: IfmapTags
    filter: MulticastNetwork
    filter_tags: FilterTags

    def parameters(self) -> dict[str, int]:
        """Return what the pass kernel needs to know: the words that each bus moves a cycle."""
        return {
            "FILTER_RATE": self.noc.gin_filter // self.bits.filter,
            "IFMAP_RATE": self.noc.gin_ifmap // self.bits.ifmap,
            "PSUM_RATE": self.noc.gin_psum // self.bits.psum,
        }

    def book(self, ledger: Ledger, totals: NDArray[np.int64]) -> None:
        """Count words read from the GLB onto each bus, and deliveries; psums also pass a FIFO."""
        bits = self.bits
        for tensor, width, sent, delivered in (
            (Tensor.IFMAP, bits.ifmap, pass_layout.GIN_IFMAP_WORDS, pass_layout.GIN_IFMAP_DELIVERIES),
            (Tensor.FILTER, bits.filter, pass_layout.GIN_FILTER_WORDS, pass_layout.GIN_FILTER_DELIVERIES),
            (Tensor.PSUM, bits.psum, pass_layout.GIN_PSUM_WORDS, pass_layout.GIN_PSUM_WORDS),
        ):
            words, deliveries = int(totals[sent]), int(totals[delivered])
            ledger.add(Level.GIN, tensor, Direction.READ, words, bits=words * width)
            ledger.add(Level.GIN, tensor, Direction.WRITE, deliveries, bits=deliveries * width)
            if tensor is not Tensor.PSUM:
                ledger.add(Level.GLB, tensor, Direction.READ, words, bits=words * width)
        psums = int(totals[pass_layout.GIN_PSUM_WORDS])
        for direction in Direction:
            ledger.add(Level.FIFO, Tensor.PSUM, direction, psums, bits=psums * bits.psum)


def configure_gins(shape: Shape, placement: Placement, noc: Networks, bits: BitWidths) -> GlobalInputNetworks:
    """Return every X-bus and PE its IDs: PE (filter row i, ofmap row j) takes ifmap row j U + i and filter row i."""
    tags, filter_tags = ifmap_tags(shape, placement, noc), FilterTags(placement, noc.filter_multicast)
    ifmap, filters = _blank(placement, noc), _blank(placement, noc)
    for filter_set in range(placement.filter_sets):
        for channel_set in range(placement.channel_sets):
            for filter_row in range(placement.filter_height):
                for column in range(placement.width):
                    row, col = placement.position(
                        filter_set=filter_set, column=column, channel_set=channel_set, filter_row=filter_row
                    )
                    ifmap_row = column * shape.Uy + filter_row
                    ifmap.row_ids[row], ifmap.col_ids[row, col] = tags.of(channel_set=channel_set, row=ifmap_row)
                    filters.row_ids[row], filters.col_ids[row, col] = filter_tags.of(
                        filter_set=filter_set,
                        channel_set=channel_set,
                        filter_row=filter_row,
                        again=column // placement.segment_columns % filter_tags.times_sent,
                    )
    return GlobalInputNetworks(noc, bits, ifmap, tags, filters, filter_tags)


def _blank(placement: Placement, noc: Networks) -> MulticastNetwork:
    array = placement.array
    unused_row, unused_col = (1 << noc.row_id) - 1, (1 << noc.col_id) - 1
    return MulticastNetwork(
        row_ids=np.full(array.rows, unused_row, np.int64),
        col_ids=np.full((array.rows, array.columns), unused_col, np.int64),
        unused_row=unused_row,
        unused_col=unused_col,
    )
