"""Loops cut into pieces, and the input positions that windows touch."""

from __future__ import annotations


def pieces(loop: range, most: int) -> list[range]:
    """Cut a loop into pieces of `most`; the last one may be smaller."""
    return [loop[start : start + most] for start in range(0, len(loop), most)]


def dealt(loop: range, most: int) -> list[range]:
    """Deal a loop out, one by one, to as few sets as hold it at `most` each; every set's piece is contiguous."""
    sets = 1
    while sets * most < len(loop):
        sets += 1
    sizes = [0] * sets
    for number in range(len(loop)):
        sizes[number % sets] += 1
    return [loop[sum(sizes[:number]) : sum(sizes[: number + 1])] for number in range(sets)]


def covered(outputs: int, taps: int, stride: int) -> list[int]:
    """List the input positions of one axis that some window touches."""
    return sorted({output * stride + tap for output in range(outputs) for tap in range(taps)})
