"""How often each loop of a mapping runs, tails counted exactly: the integers that every closed form is made of."""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.networks.layer import Shape


@dataclass(frozen=True, slots=True)
class Chunk:
    """One kind of piece that a loop is cut into: its size, and how many there are."""

    size: int
    count: int


def cut(total: int, most: int) -> tuple[Chunk, ...]:
    """Cut a loop into pieces of `most` and one for the rest."""
    full, rest = divmod(total, most)
    return tuple(Chunk(size, count) for size, count in ((most, full), (rest, 1)) if size and count)


def merge(chunks: list[Chunk]) -> tuple[Chunk, ...]:
    """Add up pieces of equal size, larger ones first."""
    counts: dict[int, int] = {}
    for chunk in chunks:
        counts[chunk.size] = counts.get(chunk.size, 0) + chunk.count
    return tuple(Chunk(size, counts[size]) for size in sorted(counts, reverse=True))


@dataclass(frozen=True, slots=True)
class Loops:
    """The pieces of each loop of a mapped layer (JSSC 2017, Fig. 7).

    `filter_groups` are the m held in the GLB, `filters` the p t of one pass, over all groups. `array_columns` is
    given where a filter word reaches one row of that many PEs, so that each segment of a folded set is sent its own.
    """

    shape: Shape
    mapping: Mapping
    batch: int
    images: tuple[Chunk, ...]
    strips: tuple[Chunk, ...]
    filter_groups: tuple[Chunk, ...]
    filters: tuple[Chunk, ...]
    channels: tuple[Chunk, ...]
    array_columns: int | None

    @property
    def image_groups(self) -> int:
        """The number of groups of n images."""
        return _number(self.images)

    @property
    def strip_count(self) -> int:
        """The number of strips of e ofmap rows."""
        return _number(self.strips)

    @property
    def filter_sends(self) -> int:
        """The sum, over the strips, of how often a filter word is sent: for each segment of a set, or once for all."""
        if self.array_columns is None:
            return self.strip_count
        width = min(self.mapping.e, self.array_columns)
        return sum(strip.count * -(-strip.size // width) for strip in self.strips)

    @property
    def filter_passes(self) -> int:
        """The number of passes that go through all M filters."""
        return _number(self.filters)

    @property
    def channel_passes(self) -> int:
        """The number of channel groups."""
        return _number(self.channels)

    @property
    def passes(self) -> int:
        """The number of processing passes of the layer."""
        filters_and_channels = self.filter_passes * self.channel_passes
        return self.shape.G * self.image_groups * self.strip_count * filters_and_channels

    @property
    def filter_sets(self) -> int:
        """The sum of the filter sets at work, over all filter passes."""
        return sum(chunk.count * -(-chunk.size // self.mapping.p) for chunk in self.filters)

    @property
    def channel_sets(self) -> int:
        """The sum of the channel sets at work, over all channel groups."""
        return sum(chunk.count * -(-chunk.size // self.mapping.q) for chunk in self.channels)

    @property
    def rows_fetched(self) -> int:
        """The sum of the ifmap rows of all strips; strips overlap."""
        return self._rows(self.shape.Uy)

    @property
    def rows_sent(self) -> int:
        """The sum of the ifmap rows that a window covers, over all strips."""
        return self._rows(min(self.shape.Uy, self.shape.R))

    @property
    def columns_sent(self) -> int:
        """The number of ifmap columns that a window covers."""
        return (self.shape.F - 1) * min(self.shape.Ux, self.shape.S) + self.shape.S

    def _rows(self, slide: int) -> int:
        return (self.shape.E - self.strip_count) * slide + self.strip_count * self.shape.R


def _number(chunks: tuple[Chunk, ...]) -> int:
    return sum(chunk.count for chunk in chunks)


def loops_of(folded: Folded, mapping: Mapping, batch: int, *, array_columns: int | None = None) -> Loops:
    """Cut every loop of a mapped layer."""
    shape = folded.shape
    runs = cut(shape.M, folded.filters_per_run)
    held = [Chunk(part.size, part.count * run.count) for run in runs for part in cut(run.size, mapping.m)]
    passes = [
        Chunk(part.size, part.count * group.count)
        for group in held
        for part in cut(group.size, mapping.filters_per_pass)
    ]
    return Loops(
        shape=shape,
        mapping=mapping,
        batch=batch,
        images=cut(batch, mapping.n),
        strips=cut(shape.E, mapping.e),
        filter_groups=merge(held),
        filters=merge(passes),
        channels=cut(shape.C, mapping.channels_per_pass),
        array_columns=array_columns,
    )
