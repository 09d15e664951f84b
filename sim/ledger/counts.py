"""The ledger: integer counts of words and bits moved, by level, tensor and direction (design: counting rules)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Level(IntEnum):
    """Where words are counted. GIN, GON and LN together are the NoC."""

    DRAM = 0
    GLB = 1
    GIN = 2
    GON = 3
    LN = 4
    FIFO = 5
    SPAD = 6


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


NOC = (Level.GIN, Level.GON, Level.LN)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One entry of the ledger that has words in it: where, what, which way, and what that means."""

    level: Level
    tensor: Tensor
    direction: Direction
    meaning: str


STATISTICS: tuple[Statistic, ...] = (
    Statistic(Level.DRAM, Tensor.IFMAP, Direction.READ, "ifmap words fetched, before the code"),
    Statistic(Level.DRAM, Tensor.FILTER, Direction.READ, "filter words fetched"),
    Statistic(Level.DRAM, Tensor.OFMAP, Direction.WRITE, "ofmap words written out, before the code"),
    Statistic(Level.GLB, Tensor.IFMAP, Direction.WRITE, "ifmap words filled from DRAM"),
    Statistic(Level.GLB, Tensor.IFMAP, Direction.READ, "ifmap words sent to the GIN"),
    Statistic(Level.GLB, Tensor.FILTER, Direction.WRITE, "filter words preloaded from DRAM"),
    Statistic(Level.GLB, Tensor.FILTER, Direction.READ, "filter words sent to the GIN"),
    Statistic(Level.GLB, Tensor.PSUM, Direction.WRITE, "psums stored that still lack channels"),
    Statistic(Level.GLB, Tensor.PSUM, Direction.READ, "psums sent back to the array"),
    Statistic(Level.GLB, Tensor.OFMAP, Direction.WRITE, "completed psums stored"),
    Statistic(Level.GLB, Tensor.OFMAP, Direction.READ, "completed psums read for ReLU and DRAM"),
    Statistic(Level.GIN, Tensor.IFMAP, Direction.READ, "ifmap words put on the GIN"),
    Statistic(Level.GIN, Tensor.IFMAP, Direction.WRITE, "ifmap words delivered, once per PE"),
    Statistic(Level.GIN, Tensor.FILTER, Direction.READ, "filter words put on the GIN"),
    Statistic(Level.GIN, Tensor.FILTER, Direction.WRITE, "filter words delivered, once per PE"),
    Statistic(Level.GIN, Tensor.PSUM, Direction.READ, "psums put on the GIN"),
    Statistic(Level.GIN, Tensor.PSUM, Direction.WRITE, "psums delivered to bottom PEs"),
    Statistic(Level.LN, Tensor.PSUM, Direction.READ, "psums leaving a PE for the one above"),
    Statistic(Level.LN, Tensor.PSUM, Direction.WRITE, "psums arriving from the PE below"),
    Statistic(Level.GON, Tensor.PSUM, Direction.READ, "psums put on the GON by top PEs"),
    Statistic(Level.GON, Tensor.PSUM, Direction.WRITE, "psums delivered to the GLB"),
    Statistic(Level.FIFO, Tensor.IFMAP, Direction.WRITE, "ifmap words into PE FIFOs"),
    Statistic(Level.FIFO, Tensor.IFMAP, Direction.READ, "ifmap words out of PE FIFOs"),
    Statistic(Level.FIFO, Tensor.FILTER, Direction.WRITE, "filter words into PE FIFOs"),
    Statistic(Level.FIFO, Tensor.FILTER, Direction.READ, "filter words out of PE FIFOs"),
    Statistic(Level.FIFO, Tensor.PSUM, Direction.WRITE, "psums into PE FIFOs, from GIN, LN and to the GON"),
    Statistic(Level.FIFO, Tensor.PSUM, Direction.READ, "psums out of PE FIFOs"),
    Statistic(Level.SPAD, Tensor.IFMAP, Direction.WRITE, "ifmap spad fills"),
    Statistic(Level.SPAD, Tensor.IFMAP, Direction.READ, "ifmap spad reads, one a MAC that is issued to the spad"),
    Statistic(Level.SPAD, Tensor.FILTER, Direction.WRITE, "filter spad fills"),
    Statistic(Level.SPAD, Tensor.FILTER, Direction.READ, "filter spad reads, one a MAC that is not gated"),
    Statistic(Level.SPAD, Tensor.PSUM, Direction.READ, "psum spad reads, one a MAC that is not gated"),
    Statistic(Level.SPAD, Tensor.PSUM, Direction.WRITE, "psum spad writes, one a MAC that is not gated"),
)


def _zeros() -> NDArray[np.int64]:
    return np.zeros((len(Level), len(Tensor), len(Direction)), np.int64)


@dataclass(slots=True)
class Ledger:
    """One layer's counts for its whole batch.

    `words` and `bits` are [level, tensor, direction]; bits are what moved after compression. `macs` are all MACs,
    `macs_performed` those not gated. `zero_buffer_reads` counts the flags looked up.
    """

    words: NDArray[np.int64] = field(default_factory=_zeros)
    bits: NDArray[np.int64] = field(default_factory=_zeros)
    macs: int = 0
    macs_performed: int = 0
    zero_buffer_reads: int = 0

    def add(self, level: Level, tensor: Tensor, direction: Direction, words: int, *, bits: int) -> None:
        """Count `words` moved as `bits` in all."""
        self.words[level, tensor, direction] += words
        self.bits[level, tensor, direction] += bits

    def count(self, level: Level, tensor: Tensor, direction: Direction) -> int:
        """Return one entry, in words."""
        return int(self.words[level, tensor, direction])

    @property
    def glb_fmap_words(self) -> int:
        """The words of what the papers call buffer accesses: psums, ofmaps and ifmap reads; no fills, no filters."""
        words = self.words[Level.GLB]
        psums = words[Tensor.PSUM].sum() + words[Tensor.OFMAP].sum()
        return int(psums + words[Tensor.IFMAP, Direction.READ])

    @property
    def dram_bits(self) -> int:
        """The sum of all bits over the DRAM link."""
        return int(self.bits[Level.DRAM].sum())
