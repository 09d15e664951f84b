"""Where words go in a pass: the filter and ifmap rows that each PE takes, by the tags that the input networks match.

Receives the tags as the controller sends them; hands on, for each PE that is on, what reached it: the wrong row where
a tag is wrong, nothing where none matched. Raises ModelError if a PE takes two.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.engine.gin import GlobalInputNetworks
from sim.chips.eyeriss.mapping.placement import Placement
from sim.chips.eyeriss.mapping.row_stationary import Mapping, Span, even_shares
from sim.errors import ModelError
from sim.networks.layer import Shape

Table = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Routes:
    """The PEs of a pass, chain by chain from the bottom up, `levels` a chain; indices count within the pass.

    `places` (PEs x 2) is row and column on the array. `own` (PEs x 4): first filter, p, q, ofmap row. `filters`
    (PEs x 5): first filter, filters, first channel, channels, filter row that came; `ifmaps` (PEs x 3): first channel,
    channels, strip row that came. `due_channels` and `due_row` say which part of a psum each PE is there for.
    """

    levels: int
    places: Table
    own: Table
    filters: Table
    ifmaps: Table
    due_channels: tuple[Span, ...]
    due_row: tuple[int, ...]

    def chain_of(self, filter_: int, row: int) -> range:
        """Number the PEs of the chain that makes the psums of a filter and an ofmap row of the pass."""
        for bottom in range(0, len(self.own), self.levels):
            first, filters, _, own_row = self.own[bottom]
            if first <= filter_ < first + filters and own_row == row:
                return range(bottom, bottom + self.levels)
        return range(0)


@dataclass(slots=True)
class Router:
    """The networks of a layer as they are configured."""

    shape: Shape
    mapping: Mapping
    placement: Placement
    gins: GlobalInputNetworks

    def route(self, *, rows: int, filters: int, channels: int) -> Routes:
        """Find what reaches the PEs of a pass over so many ofmap rows, filters and channels."""
        filter_sets, channel_sets = _cut(filters, self.mapping.p), _cut(channels, self.mapping.q)
        height = self.shape.R
        members = [
            (t, j, r, i)
            for t, j in product(range(len(filter_sets)), range(rows))
            for r, i in product(reversed(range(len(channel_sets))), reversed(range(height)))
        ]
        places = [
            self.placement.position(filter_set=t, column=j, channel_set=r, filter_row=i) for t, j, r, i in members
        ]
        numbers = {place: number for number, place in enumerate(places)}
        own = [(filter_sets[t].start, filter_sets[t].size, channel_sets[r].size, j) for t, j, r, _ in members]
        return Routes(
            levels=len(channel_sets) * height,
            places=np.array(places, np.int64),
            own=np.array(own, np.int64),
            filters=self._send_filters(numbers, filter_sets, channel_sets),
            ifmaps=self._send_ifmaps(numbers, channel_sets, rows),
            due_channels=tuple(channel_sets[r] for _, _, r, _ in members),
            due_row=tuple(i for _, _, _, i in members),
        )

    def _send_filters(
        self, numbers: dict[tuple[int, int], int], filter_sets: list[Span], channels: list[Span]
    ) -> Table:
        """Send every filter row of every set; give what each PE took."""
        tags, network = self.gins.filter_tags, self.gins.filter
        taken = np.zeros((len(numbers), 5), np.int64)
        for (t, held), (r, span) in product(enumerate(filter_sets), enumerate(channels)):
            for i, again in np.ndindex(self.shape.R, tags.times_sent):
                tag = tags.of(filter_set=t, channel_set=r, filter_row=i, again=again)
                words = held.start, held.size, span.start, span.size, i
                _deliver(taken, numbers, network.matches(*tag), words, what="filter row")
        return taken

    def _send_ifmaps(self, numbers: dict[tuple[int, int], int], channels: list[Span], rows: int) -> Table:
        """Send every strip row that a window covers, for every channel set; give what each PE took."""
        tags, network = self.gins.ifmap_tags, self.gins.ifmap
        taken = np.zeros((len(numbers), 3), np.int64)
        needed = sorted({j * self.shape.Uy + i for j in range(rows) for i in range(self.shape.R)})
        for (r, span), row in product(enumerate(channels), needed):
            tag = tags.of(channel_set=r, row=row)
            _deliver(taken, numbers, network.matches(*tag), (span.start, span.size, row), what="ifmap row")
        return taken


def _cut(total: int, most: int) -> list[Span]:
    """Share a pass's filters or channels among its sets."""
    shares = even_shares(total, most)
    return [Span(sum(shares[:number]), share) for number, share in enumerate(shares)]


def _deliver(
    taken: Table,
    numbers: dict[tuple[int, int], int],
    matched: NDArray[np.bool_],
    words: tuple[int, ...],
    *,
    what: str,
) -> None:
    """Note what the PEs matched took; those that are off take nothing."""
    for row, column in np.argwhere(matched).tolist():
        number = numbers.get((row, column))
        if number is None:
            continue
        if taken[number, 1]:
            raise ModelError(f"a PE takes one {what}", f"PE row {row}, column {column} took another")
        taken[number] = words
