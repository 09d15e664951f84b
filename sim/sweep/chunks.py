"""Chunks: what a worker is handed at once, since neighbouring points share work and every message costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.sweep.points import Study

_MOST_POINTS = 8
_SHARE_OF_THE_REST = 2  # a worker is handed at most one in so many of its share of the points that are left


def chunks(study: Study, numbers: Sequence[int], workers: int) -> Iterator[tuple[int, ...]]:
    """Cut points into chunks, in their order; towards the end they get smaller, so that all workers have work.

    A point is durable when its chunk is done, so a chunk is to take about a second: it has at most 8 points.
    """
    first = 0
    while first < len(numbers):
        share = (len(numbers) - first) // (_SHARE_OF_THE_REST * workers)
        size = min(max(share, 1), _MOST_POINTS)
        yield tuple(numbers[first : first + size])
        first += size
