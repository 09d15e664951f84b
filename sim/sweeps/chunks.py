"""Who gets which points, in what order: points that share work stand together, and go to the same worker in chunks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.sweeps.axes import Axis
from sim.sweeps.points import ModelChoice, Study
from sim.sweeps.settings import CAPACITY_PATHS

Numbers = NDArray[np.int64]
_MOST_POINTS = 64
_CHUNK_S = 0.5  # a point is durable when its chunk is done
_BLIND_POINTS = 16  # in a chunk, where nothing is known of how long one takes
_SHARE_OF_THE_REST = 2  # a worker is handed at most one in so many of its share of the points that are left


def in_order(study: Study, numbers: Sequence[int]) -> Numbers:
    """Put points of one setting together, larger capacities first: that is what saves most searches (`settings`).

    Where the engine runs, nothing is shared, and the order stays.
    """
    given = np.asarray(numbers, np.int64)
    if study.model is not ModelChoice.ANALYTIC or not given.size:
        return given
    lengths = study.grid.lengths
    settings, capacities = np.zeros_like(given), np.zeros_like(given)
    for place, group in enumerate(study.grid.groups):
        indices = given // math.prod(lengths[place + 1 :]) % lengths[place]
        if all(axis.path in CAPACITY_PATHS for axis in group):
            capacities = capacities * lengths[place] + _ranks(group)[indices]
        else:
            settings = settings * lengths[place] + indices
    return given[np.lexsort((capacities, settings))]


def _ranks(group: tuple[Axis, ...]) -> Numbers:
    """Give the place of each of a group's choices when the largest comes first."""
    choices = list(zip(*(axis.values for axis in group), strict=True))
    order = sorted(range(len(choices)), key=lambda index: choices[index], reverse=True)
    return np.argsort(np.array(order))


def chunks(study: Study, numbers: Sequence[int], workers: int) -> Iterator[tuple[int, ...]]:
    """Cut points into chunks for workers that nobody here can tell apart.

    Towards the end chunks get smaller, so that all workers have work.
    """
    order, first = in_order(study, numbers), 0
    while first < len(order):
        size = min(_BLIND_POINTS, _fair(len(order) - first, workers))
        yield tuple(order[first : first + size].tolist())
        first += size


def _fair(left: int, workers: int) -> int:
    return max(1, left // (_SHARE_OF_THE_REST * workers))


@dataclass(slots=True)
class Deal:
    """Deal points to `workers`: each goes through a stretch of its own, then helps with the longest that is left.

    A chunk is to take about half a second, by how long the worker's last one took; the first has one point.
    """

    order: Numbers
    workers: int
    clock: Callable[[], float] = time.monotonic
    _stretches: list[tuple[int, int]] = field(init=False)
    _dealt: dict[int, tuple[float, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        ends = [len(self.order) * worker // self.workers for worker in range(self.workers + 1)]
        self._stretches = list(pairwise(ends))

    def next_for(self, worker: int) -> tuple[int, ...]:
        """Give a worker's next chunk, when it has finished another; empty where no points are left."""
        first, end = self._stretches[worker]
        if first == end:
            first, end = self._half_of_the_longest()
        size = min(end - first, self._size_for(worker))
        self._stretches[worker] = first + size, end
        self._dealt[worker] = self.clock(), size
        return tuple(self.order[first : first + size].tolist())

    def _size_for(self, worker: int) -> int:
        if worker not in self._dealt:
            return 1
        since, size = self._dealt[worker]
        in_time = _CHUNK_S * size / max(self.clock() - since, 1e-6)
        left = sum(end - first for first, end in self._stretches)
        return max(1, min(int(in_time), 2 * size, _MOST_POINTS, _fair(left, self.workers)))

    def _half_of_the_longest(self) -> tuple[int, int]:
        other = max(range(self.workers), key=lambda worker: self._stretches[worker][1] - self._stretches[worker][0])
        first, end = self._stretches[other]
        middle = (first + end) // 2
        self._stretches[other] = first, middle
        return middle, end
