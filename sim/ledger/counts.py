"""The ledger: integer counts of words and bits moved, by level, tensor and direction (design: counting rules)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Group = Literal["dram", "glb", "noc", "spad"]
GROUPS: tuple[Group, ...] = ("dram", "glb", "noc", "spad")


class Tensor(IntEnum):
    """What moves: a psum is an ofmap value that still lacks products."""

    IFMAP = 0
    FILTER = 1
    PSUM = 2
    OFMAP = 3


class Direction(IntEnum):
    """The way: out of a memory or onto a network (READ), into a memory or off a network (WRITE)."""

    READ = 0
    WRITE = 1


@dataclass(frozen=True, slots=True)
class LedgerLevel:
    """A place where a chip counts words, and the group of places that a result adds it to.

    A `stop` is a queue on the way through its group: its energy is the group's, its words are not accesses of it.
    """

    name: str
    group: Group
    stop: bool = False


Levels = tuple[LedgerLevel, ...]


@cache
def places(levels: Levels, group: Group, *, stops: bool = False) -> tuple[int, ...]:
    """Return the indices of a group's levels; those of its stops as well, where asked for."""
    return tuple(at for at, level in enumerate(levels) if level.group == group and (stops or not level.stop))


@dataclass(frozen=True, slots=True)
class Statistic:
    """One entry of a chip's ledger that has words in it: level, tensor, direction, and what that means."""

    level: str
    tensor: Tensor
    direction: Direction
    meaning: str


@dataclass(slots=True)
class Ledger:
    """One layer's counts for its whole batch, at a chip's `levels`.

    `words` and `bits` are [level, tensor, direction]; bits are what moved after compression. `macs` are all MACs,
    `macs_performed` those not gated or skipped. `zero_buffer_reads` counts the flags looked up.
    """

    levels: Levels
    words: NDArray[np.int64] = field(init=False)
    bits: NDArray[np.int64] = field(init=False)
    macs: int = 0
    macs_performed: int = 0
    zero_buffer_reads: int = 0

    def __post_init__(self) -> None:
        self.words = np.zeros((len(self.levels), len(Tensor), len(Direction)), np.int64)
        self.bits = np.zeros_like(self.words)

    def add(self, level: int, tensor: Tensor, direction: Direction, words: int, *, bits: int) -> None:
        """Count `words` moved as `bits` in all."""
        self.words[level, tensor, direction] += words
        self.bits[level, tensor, direction] += bits

    def count(self, level: int, tensor: Tensor, direction: Direction) -> int:
        """Return one entry, in words."""
        return int(self.words[level, tensor, direction])

    def words_in(self, group: Group) -> int:
        """Count the words of all tensors in and out of a group of levels."""
        return int(self.words[list(places(self.levels, group))].sum())

    def bits_in(self, group: Group) -> int:
        """Count the bits of all tensors in and out of a group of levels, after compression."""
        return int(self.bits[list(places(self.levels, group))].sum())

    @property
    def dram_bits(self) -> int:
        """All bits to and from DRAM."""
        return self.bits_in("dram")


def by_tensor(counts: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    """Write counts [tensor, direction] by name."""
    return {tensor.name.lower(): {way.name.lower(): int(counts[tensor, way]) for way in Direction} for tensor in Tensor}


def by_group(levels: Levels, counts: NDArray[np.int64]) -> dict[str, dict[str, dict[str, int]]]:
    """Write counts [level, tensor, direction] by group, tensor and direction, stops left out."""
    return {group: by_tensor(counts[list(places(levels, group))].sum(axis=0)) for group in GROUPS}


def inside_groups(levels: Levels, counts: NDArray[np.int64]) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Write the counts of each group that is made of several levels, level by level."""
    many = {group: places(levels, group) for group in GROUPS if len(places(levels, group)) > 1}
    return {group: {levels[at].name: by_tensor(counts[at]) for at in inside} for group, inside in many.items()}


def by_stop(levels: Levels, counts: NDArray[np.int64]) -> dict[str, dict[str, dict[str, int]]]:
    """Write the counts of all stops by name."""
    return {level.name: by_tensor(counts[at]) for at, level in enumerate(levels) if level.stop}


def check_statistics(levels: Levels, statistics: Sequence[Statistic], ledger: Ledger) -> list[str]:
    """Name the entries that have words and that no statistic declares."""
    names = [level.name for level in levels]
    declared = {(names.index(one.level), int(one.tensor), int(one.direction)) for one in statistics}
    found = {tuple(entry) for entry in np.argwhere(ledger.words).tolist()}
    return [f"{names[at]} {Tensor(tensor).name} {Direction(way).name}" for at, tensor, way in sorted(found - declared)]
