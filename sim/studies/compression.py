"""How well the run-length code does on the streams that the chip moves, against the entropy limit (JSSC 2017, IV-C).

The limit of a stream is the entropy of its zero pattern, H(z) bits a value where zeros fall independently of one
another, and the raw bits of the values that are not zero. Where zeros are clustered, the pattern's entropy given the
value before is smaller, and the code may beat the first limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log2
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chips.contract import FmapStreams, Planned
from sim.kernels.rlc import encode_rlc
from sim.ledger import counts
from sim.networks.drawn_tensors import draw_ifmap, draw_ofmap
from sim.networks.layer import Layer
from sim.runs.progress import Progress, layers_done
from sim.runs.request import Request
from sim.runs.run import plan_layers

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


def tally_stream(stream: Tensor, code: FmapStreams, *, value_bits: int) -> StreamTally:
    """Code one stream of at least one value and count; a code word takes a whole link word."""
    words = np.empty(stream.size, np.uint64)
    covered = np.empty(stream.size, np.int64)
    used = int(encode_rlc(stream, words, covered, code.run_bits, code.level_bits, code.pairs))
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
        coded_bits=used * code.link_width,
        level_bits=(stream.size - zeros) * value_bits,
    )


def tally(streams: Iterator[Tensor], code: FmapStreams, *, value_bits: int) -> StreamTally:
    """Add up a tensor's streams."""
    total = StreamTally()
    for stream in streams:
        total += tally_stream(stream, code, value_bits=value_bits)
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


@dataclass(frozen=True, slots=True)
class _Fmap:
    """A tensor of a layer: its drawn values, where they are no padding, their width, and whether the chip codes it."""

    tensor: counts.Tensor
    values: Tensor
    stored: tuple[slice | EllipsisType, ...]
    bits: int
    coded: bool


def report_layer(
    planned: Planned[Any], code: FmapStreams, batch: int, *, seed: int, cluster: int | None
) -> tuple[TensorReport, ...]:
    """Code a layer's ifmap and ofmap, drawn at its densities, and with zeros clustered in runs of length `cluster`."""
    layer = planned.layer
    random = np.random.default_rng([seed, zlib.crc32(layer.name.encode())])
    reports = []
    for fmap in _fmaps(layer, code, batch, seed):
        found: StreamTally | None = None
        if cluster is not None:
            clustered = cluster_zeros(fmap.values, stored=fmap.stored, mean_run=cluster, random=random)
            found = tally(code.cut(planned, fmap.tensor, clustered), code, value_bits=fmap.bits)
        by_chance = tally(code.cut(planned, fmap.tensor, fmap.values), code, value_bits=fmap.bits)
        reports.append(
            TensorReport(layer.name, fmap.tensor.name.lower(), fmap.coded and code.enabled, by_chance, found)
        )
    return tuple(reports)


def _fmaps(layer: Layer, code: FmapStreams, batch: int, seed: int) -> tuple[_Fmap, _Fmap]:
    """Draw a layer's ifmap, padded, and its ofmap as it is written."""
    shape, top, left = layer.shape, layer.padding.top, layer.padding.left
    stored = (..., slice(top, top + layer.stored_height), slice(left, left + layer.stored_width))
    ifmap = draw_ifmap(layer, batch=batch, seed=seed)[..., : shape.H, : shape.W]
    ofmap = np.maximum(draw_ofmap(layer, batch=batch, seed=seed), 0)
    return (
        _Fmap(counts.Tensor.IFMAP, ifmap, stored, layer.bits.ifmap, code.is_coded(layer)),
        _Fmap(counts.Tensor.OFMAP, ofmap, (slice(None),), layer.bits.ofmap, True),
    )


def compress_network(request: Request, *, seed: int, cluster: int | None, progress: Progress) -> list[TensorReport]:
    """Code all layers' fmaps; an interrupt leaves nothing: it raises KeyboardInterrupt."""
    code, planned = request.chip.streams(request.machine), plan_layers(request)
    reports: list[TensorReport] = []
    with layers_done(progress, len(planned)) as done:
        for one in planned:
            reports += report_layer(one, code, request.batch, seed=seed, cluster=cluster)
            done(one.layer.name)
    if len(reports) < 2 * len(planned):
        raise KeyboardInterrupt
    return reports


def report_dict(reports: Sequence[TensorReport], provenance: dict[str, Any]) -> dict[str, Any]:
    """Return the report file's form."""
    coded = [report for report in reports if report.coded]
    return {
        "schema": 1,
        "provenance": provenance,
        "tensors": [_entry(report) for report in reports],
        "total": _entry(total_of(coded)) if coded else None,
    }


def _entry(report: TensorReport) -> dict[str, Any]:
    return {
        "layer": report.layer,
        "tensor": report.tensor,
        "coded": report.coded,
        "random": _figures(report.random),
        "clustered": _figures(report.clustered) if report.clustered else None,
    }


def _figures(one: StreamTally) -> dict[str, Any]:
    return {
        "values": one.values,
        "zeros": one.zeros,
        "streams": one.streams,
        "mean_run": one.mean_run,
        "raw_bits": one.raw_bits,
        "rlc_bits": one.coded_bits,
        "ratio": one.ratio,
        "limit_bits": one.limit_bits,
        "overhead_pct": one.overhead_pct(one.limit_bits),
        "chain_limit_bits": one.chain_limit_bits,
        "chain_overhead_pct": one.overhead_pct(one.chain_limit_bits),
    }
