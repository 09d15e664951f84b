"""The row-stationary mapping and the list of processing passes that it means (JSSC 2017, Fig. 7 and Table II)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise

from sim.ledger.rows import mapping_pairs
from sim.networks.layer import Shape

PARAMETERS = ("m", "n", "e", "p", "q", "r", "t")


@dataclass(frozen=True, slots=True)
class Mapping:
    """The seven parameters of JSSC 2017, Table II.

    m ofmap channels held in the GLB; n ifmaps per pass; e width of a PE set (ofmap rows); p filters and q channels
    interleaved in a PE; r PE sets on different channels, t on different filters.
    """

    m: int
    n: int
    e: int
    p: int
    q: int
    r: int
    t: int

    @property
    def channels_per_pass(self) -> int:
        """Q r."""
        return self.q * self.r

    @property
    def filters_per_pass(self) -> int:
        """P t."""
        return self.p * self.t

    def as_dict(self) -> dict[str, int]:
        """Return the parameters by name, in the published order."""
        return asdict(self)

    def as_tuple(self) -> tuple[int, int, int, int, int, int, int]:
        """Return the parameters in the published order."""
        return self.m, self.n, self.e, self.p, self.q, self.r, self.t

    def __str__(self) -> str:
        return mapping_pairs(asdict(self))


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of one loop: `start`, and `size` steps from there."""

    start: int
    size: int

    @property
    def stop(self) -> int:
        """The first index past the span."""
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class Tile:
    """What stays in the GLB while its passes run: one channel group of one fmap tile.

    `channels` counts within `group`. `passes` are the filter spans of its processing passes, in order. `first` and
    `last` mark the channel group that starts and the one that completes the psums.
    """

    group: int
    images: Span
    rows: Span
    filters: Span
    channels: Span
    passes: tuple[Span, ...]
    first: bool
    last: bool


def spans(total: int, most: int, *, offset: int = 0) -> tuple[Span, ...]:
    """Cut `total` into pieces of `most`; the last one may be smaller."""
    cuts = [*range(0, total, most), total]
    return tuple(Span(offset + start, stop - start) for start, stop in pairwise(cuts))


def even_shares(total: int, most: int) -> tuple[int, ...]:
    """Share `total` among as few sets as hold it at `most` each, as evenly as can be, larger shares first."""
    sets = -(-total // most)
    share, rest = divmod(total, sets)
    return (share + 1,) * rest + (share,) * (sets - rest)


def filter_groups(shape: Shape, mapping: Mapping, *, run_filters: int) -> tuple[Span, ...]:
    """Cut a group's M filters into the m that the GLB holds, never across two runs of `run_filters`."""
    return tuple(group for run in spans(shape.M, run_filters) for group in spans(run.size, mapping.m, offset=run.start))


def tiles(shape: Shape, mapping: Mapping, *, batch: int, run_filters: int) -> Iterator[Tile]:
    """Yield every tile in the order in which the chip runs them.

    `run_filters` is the number of filters of one native run (see `folding`). Filters change fastest, then channels,
    then filter groups, strips, images, groups.
    """
    held = filter_groups(shape, mapping, run_filters=run_filters)
    passes_of = {group: spans(group.size, mapping.filters_per_pass, offset=group.start) for group in held}
    channel_spans = spans(shape.C, mapping.channels_per_pass)
    for group in range(shape.G):
        for images in spans(batch, mapping.n):
            for rows in spans(shape.E, mapping.e):
                for filters in held:
                    for channels in channel_spans:
                        yield Tile(
                            group=group,
                            images=images,
                            rows=rows,
                            filters=filters,
                            channels=channels,
                            passes=passes_of[filters],
                            first=channels.start == 0,
                            last=channels.stop == shape.C,
                        )
