"""How well the run-length code does on the streams that the chip moves, against the entropy limit (JSSC 2017, IV-C).

The limit of a stream is the entropy of its zero pattern, H(z) bits a value where zeros fall independently of one
another, and the raw bits of the values that are not zero. Where zeros are clustered, the pattern's entropy given the
value before is smaller, and the code may beat the first limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log2
from types import EllipsisType

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.machine import Machine, RunLengthCode
from sim.chips.eyeriss.mapping.row_stationary import tiles
from sim.kernels.rlc import encode_rlc
from sim.runs.runner import Planned

Tensor = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class StreamTally:
    """What a tensor's streams hold and what they take: bits raw, and in the code.

    `starts` counts the zeros that follow a value that is not zero, or nothing, in their stream: runs of zeros.
    `after_zero` counts the values that follow a zero. Fields add up over streams.
    """

    values: int = 0
    zeros: int = 0
    starts: int = 0
    after_zero: int = 0
    streams: int = 0
    raw_bits: int = 0
    coded_bits: int = 0
    level_bits: int = 0

    def __add__(self, other: StreamTally) -> StreamTally:
        return StreamTally(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def zero_fraction(self) -> float:
        """The share of zeros."""
        return self.zeros / self.values

    @property
    def mean_run(self) -> float:
        """The mean length of a run of zeros, 0 where there is none."""
        return self.zeros / self.starts if self.starts else 0.0

    @property
    def ratio(self) -> float:
        """Raw bits over coded bits."""
        return self.raw_bits / self.coded_bits

    @property
    def limit_bits(self) -> float:
        """The limit for independent zeros: H(z) a value, and the raw values that are not zero."""
        return self.values * _entropy(self.zero_fraction) + self.level_bits

    @property
    def chain_limit_bits(self) -> float:
        """The limit for zeros that depend on the value before: the pattern's first-order entropy."""
        zeros_after_zero = self.zeros - self.starts
        after_other = self.values - self.after_zero
        pattern = _counted(zeros_after_zero, self.after_zero) + _counted(self.starts, after_other)
        return pattern + self.level_bits

    def overhead_pct(self, limit_bits: float) -> float:
        """Return by how much the code exceeds a limit, in per cent; 0 where the limit is nothing."""
        return 100 * (self.coded_bits / limit_bits - 1) if limit_bits else 0.0


def _entropy(fraction: float) -> float:
    """Return the entropy of a yes or no, in bits."""
    return -sum(part * log2(part) for part in (fraction, 1 - fraction) if part > 0)


def _counted(some: int, every: int) -> float:
    return every * _entropy(some / every) if every else 0.0


def tally_stream(stream: Tensor, code: RunLengthCode, *, link_width: int, value_bits: int) -> StreamTally:
    """Code one stream of at least one value and count; a code word takes a whole link word."""
    words = np.empty(stream.size, np.uint64)
    covered = np.empty(stream.size, np.int64)
    used = int(encode_rlc(stream, words, covered, code.run, code.level, code.pairs))
    is_zero = stream == 0
    zeros = int(np.count_nonzero(is_zero))
    followed = int(np.count_nonzero(is_zero[:-1]))
    continued = int(np.count_nonzero(is_zero[1:] & is_zero[:-1]))
    return StreamTally(
        values=stream.size,
        zeros=zeros,
        starts=zeros - continued,
        after_zero=followed,
        streams=1,
        raw_bits=stream.size * value_bits,
        coded_bits=used * link_width,
        level_bits=(stream.size - zeros) * value_bits,
    )


def ifmap_streams(planned: Planned, ifmap: Tensor) -> Iterator[Tensor]:
    """Cut a padded ifmap (N, G C, H, W) into the streams of its tiles, each once, as the chip reads them."""
    shape = planned.folded.shape
    folded = planned.folded.fold_ifmap(ifmap)
    seen = set()
    for tile in tiles(shape, planned.mapping, batch=len(ifmap), run_filters=planned.folded.filters_per_run):
        key = tile.group, tile.images, tile.rows, tile.channels
        if key in seen:
            continue
        seen.add(key)
        channel, top = tile.group * shape.C + tile.channels.start, tile.rows.start * shape.Uy
        height = (tile.rows.size - 1) * shape.Uy + shape.R
        piece = folded[tile.images.start : tile.images.stop, channel : channel + tile.channels.size, top : top + height]
        yield np.ascontiguousarray(piece).reshape(-1)


def ofmap_streams(planned: Planned, ofmap: Tensor) -> Iterator[Tensor]:
    """Cut a finished, rectified ofmap (N, G M, E, F) into the streams in which the chip writes it."""
    shape = planned.folded.shape
    for tile in tiles(shape, planned.mapping, batch=len(ofmap), run_filters=planned.folded.filters_per_run):
        if tile.last:
            first = tile.group * shape.M + tile.filters.start
            piece = ofmap[
                tile.images.start : tile.images.stop,
                first : first + tile.filters.size,
                tile.rows.start : tile.rows.stop,
            ]
            yield np.ascontiguousarray(piece).reshape(-1)


def tally(streams: Iterator[Tensor], machine: Machine, *, value_bits: int) -> StreamTally:
    """Add up a tensor's streams."""
    total = StreamTally()
    for stream in streams:
        total += tally_stream(stream, machine.rlc, link_width=machine.link.width, value_bits=value_bits)
    return total


def cluster_zeros(
    values: Tensor, *, stored: tuple[slice | EllipsisType, ...], mean_run: float, random: np.random.Generator
) -> Tensor:
    """Draw a tensor of the same density whose zeros come in runs along its rows, a two-state Markov chain.

    `stored` leaves out the padding. Runs of zeros have the mean length `mean_run`, or that of independent zeros where
    that is longer; so the chain is never less clustered than chance.
    """
    clustered = np.zeros_like(values)
    inside = values[stored]
    zeros = 1 - np.count_nonzero(inside) / inside.size
    if zeros in (0.0, 1.0):
        return values
    leave_zero = 1 / max(mean_run, 1 / (1 - zeros))
    leave_other = leave_zero * zeros / (1 - zeros)
    clustered[stored] = _chain(inside.size, leave_zero, min(1.0, leave_other), zeros, random).reshape(inside.shape)
    return clustered


def _chain(
    size: int, leave_zero: float, leave_other: float, zeros: float, random: np.random.Generator
) -> NDArray[np.int16]:
    """Draw 0 and 1 in alternating runs of geometric length, the first one at the chain's own density."""
    starts_with_zero = bool(random.random() < zeros)
    pieces: list[NDArray[np.int16]] = []
    made = 0
    while made < size:
        count = int(size * leave_zero * zeros) + 16
        lengths = np.empty(2 * count, np.int64)
        lengths[0::2] = random.geometric(leave_zero if starts_with_zero else leave_other, count)
        lengths[1::2] = random.geometric(leave_other if starts_with_zero else leave_zero, count)
        states = np.tile(np.array([0, 1] if starts_with_zero else [1, 0], np.int16), count)
        pieces.append(np.repeat(states, lengths))
        made += pieces[-1].size
    return np.concatenate(pieces)[:size]


@dataclass(frozen=True, slots=True)
class TensorReport:
    """What the code makes of one tensor of a layer: with zeros at random, and clustered where that was asked."""

    layer: str
    tensor: str
    coded: bool
    random: StreamTally
    clustered: StreamTally | None = None


def total_of(reports: Sequence[TensorReport]) -> TensorReport:
    """Add up the tensors that the chip codes; at least one."""
    plain, grouped = StreamTally(), StreamTally()
    for report in reports:
        plain += report.random
        grouped += report.clustered or StreamTally()
    return replace(reports[0], layer="total", tensor="", random=plain, clustered=grouped if grouped.values else None)
