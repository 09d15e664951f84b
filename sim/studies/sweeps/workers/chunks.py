"""Who gets which points, in what order: points that share work stand together, and go to the same worker in chunks."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.studies.sweeps.spec.axes import Axis
from sim.studies.sweeps.spec.points import ModelChoice, Study

Numbers = NDArray[np.int64]
_MOST_POINTS = 64
_CHUNK_S = 0.25  # a point is durable when its chunk is done
_BLIND_POINTS = 16  # in a chunk, where nothing is known of how long one takes
_SHARE_OF_THE_REST = 2  # a worker is handed at most one in so many of its share of the points that are left


def in_order(study: Study, numbers: Sequence[int]) -> Numbers:
    """Put points of one setting together, larger capacities first: that is what saves most searches (`settings`).

    Where the models ignore nothing, the order stays.
    """
    given = np.asarray(numbers, np.int64)
    ignored = frozenset.intersection(*map(study.ignored, study.chips()))
    if not ignored or not given.size:
        return given
    lengths = study.grid.lengths
    settings, capacities = np.zeros_like(given), np.zeros_like(given)
    for place, group in enumerate(study.grid.groups):
        indices = given // math.prod(lengths[place + 1 :]) % lengths[place]
        if all(axis.path in ignored for axis in group):
            capacities = capacities * lengths[place] + _ranks(group)[indices]
        else:
            settings = settings * lengths[place] + indices
    return given[np.lexsort((capacities, settings))]


def _ranks(group: tuple[Axis, ...]) -> Numbers:
    """Return the place of each of a group's choices when the largest comes first."""
    choices = list(zip(*(axis.values for axis in group), strict=True))
    order = sorted(range(len(choices)), key=lambda index: choices[index], reverse=True)
    return np.argsort(np.array(order))


def chunks(study: Study, numbers: Sequence[int], workers: int) -> Iterator[tuple[int, ...]]:
    """Cut points into chunks for workers that nobody here can tell apart.

    Towards the end chunks get smaller, so that all workers have work. Where the engine runs, a point takes so long
    that it is a chunk.
    """
    order, first = in_order(study, numbers), 0
    most = _BLIND_POINTS if study.model is ModelChoice.ANALYTIC else 1
    while first < len(order):
        size = min(most, _fair(len(order) - first, workers))
        yield tuple(order[first : first + size].tolist())
        first += size


def _fair(left: int, workers: int) -> int:
    return max(1, left // (_SHARE_OF_THE_REST * workers))


@dataclass(slots=True)
class Deal:
    """Points dealt to `workers`: each goes through a stretch of its own, then helps with the longest that is left.

    A chunk is to take about a quarter of a second, by how long a point of the worker's last one took; until one is
    known, chunks have one point.
    """

    order: Numbers
    workers: int
    clock: Callable[[], float] = time.monotonic
    _stretches: list[tuple[int, int]] = field(init=False)
    _dealt: list[deque[int]] = field(init=False)
    _since: dict[int, float] = field(init=False, default_factory=dict)
    _point_s: dict[int, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._dealt = [deque() for _ in range(self.workers)]
        ends = [len(self.order) * worker // self.workers for worker in range(self.workers + 1)]
        self._stretches = list(pairwise(ends))

    def next_for(self, worker: int) -> tuple[int, ...]:
        """Hand a worker its next chunk, empty where no points are left; it may have several before one is done."""
        first, end = self._stretches[worker]
        if first == end:
            first, end = self._half_of_the_longest()
        size = min(end - first, self._size_for(worker))
        self._stretches[worker] = first + size, end
        if size:
            self._dealt[worker].append(size)
            self._since.setdefault(worker, self.clock())
        return tuple(self.order[first : first + size].tolist())

    def done(self, worker: int) -> None:
        """Take note that a worker has finished the oldest of its chunks."""
        now = self.clock()
        self._point_s[worker] = (now - self._since[worker]) / self._dealt[worker].popleft()
        self._since[worker] = now

    def _size_for(self, worker: int) -> int:
        if worker not in self._point_s:
            return 1
        in_time = int(_CHUNK_S / max(self._point_s[worker], 1e-6))
        left = sum(end - first for first, end in self._stretches)
        last = self._dealt[worker][-1] if self._dealt[worker] else 1
        return max(1, min(in_time, 2 * last, _MOST_POINTS, _fair(left, self.workers)))

    def _half_of_the_longest(self) -> tuple[int, int]:
        other = max(range(self.workers), key=lambda worker: self._stretches[worker][1] - self._stretches[worker][0])
        first, end = self._stretches[other]
        middle = (first + end) // 2
        self._stretches[other] = first, middle
        return middle, end
