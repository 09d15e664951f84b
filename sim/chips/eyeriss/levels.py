"""Where Eyeriss counts words: its levels in the ledger, and what each entry means."""

from __future__ import annotations

from enum import IntEnum

from sim.ledger.counts import Direction, LedgerLevel, Statistic, Tensor


class Level(IntEnum):
    """The places of the chip's levels in a ledger. GIN, GON and LN together are the NoC."""

    DRAM = 0
    GLB = 1
    GIN = 2
    GON = 3
    LN = 4
    FIFO = 5
    SPAD = 6


NOC = (Level.GIN, Level.GON, Level.LN)
LEVELS = (
    LedgerLevel("dram", "dram"),
    LedgerLevel("glb", "glb"),
    LedgerLevel("gin", "noc"),
    LedgerLevel("gon", "noc"),
    LedgerLevel("ln", "noc"),
    LedgerLevel("fifo", "noc", stop=True),
    LedgerLevel("spad", "spad"),
)

STATISTICS: tuple[Statistic, ...] = (
    Statistic("dram", Tensor.IFMAP, Direction.READ, "ifmap words fetched, before the code"),
    Statistic("dram", Tensor.FILTER, Direction.READ, "filter words fetched"),
    Statistic("dram", Tensor.OFMAP, Direction.WRITE, "ofmap words written out, before the code"),
    Statistic("glb", Tensor.IFMAP, Direction.WRITE, "ifmap words filled from DRAM"),
    Statistic("glb", Tensor.IFMAP, Direction.READ, "ifmap words sent to the GIN"),
    Statistic("glb", Tensor.FILTER, Direction.WRITE, "filter words preloaded from DRAM"),
    Statistic("glb", Tensor.FILTER, Direction.READ, "filter words sent to the GIN"),
    Statistic("glb", Tensor.PSUM, Direction.WRITE, "psums stored that still lack channels"),
    Statistic("glb", Tensor.PSUM, Direction.READ, "psums sent back to the array"),
    Statistic("glb", Tensor.OFMAP, Direction.WRITE, "completed psums stored"),
    Statistic("glb", Tensor.OFMAP, Direction.READ, "completed psums read for ReLU and DRAM"),
    Statistic("gin", Tensor.IFMAP, Direction.READ, "ifmap words put on the GIN"),
    Statistic("gin", Tensor.IFMAP, Direction.WRITE, "ifmap words delivered, once per PE"),
    Statistic("gin", Tensor.FILTER, Direction.READ, "filter words put on the GIN"),
    Statistic("gin", Tensor.FILTER, Direction.WRITE, "filter words delivered, once per PE"),
    Statistic("gin", Tensor.PSUM, Direction.READ, "psums put on the GIN"),
    Statistic("gin", Tensor.PSUM, Direction.WRITE, "psums delivered to bottom PEs"),
    Statistic("ln", Tensor.PSUM, Direction.READ, "psums leaving a PE for the one above"),
    Statistic("ln", Tensor.PSUM, Direction.WRITE, "psums arriving from the PE below"),
    Statistic("gon", Tensor.PSUM, Direction.READ, "psums put on the GON by top PEs"),
    Statistic("gon", Tensor.PSUM, Direction.WRITE, "psums delivered to the GLB"),
    Statistic("fifo", Tensor.IFMAP, Direction.WRITE, "ifmap words into PE FIFOs"),
    Statistic("fifo", Tensor.IFMAP, Direction.READ, "ifmap words out of PE FIFOs"),
    Statistic("fifo", Tensor.FILTER, Direction.WRITE, "filter words into PE FIFOs"),
    Statistic("fifo", Tensor.FILTER, Direction.READ, "filter words out of PE FIFOs"),
    Statistic("fifo", Tensor.PSUM, Direction.WRITE, "psums into PE FIFOs, from GIN, LN and to the GON"),
    Statistic("fifo", Tensor.PSUM, Direction.READ, "psums out of PE FIFOs"),
    Statistic("spad", Tensor.IFMAP, Direction.WRITE, "ifmap spad fills"),
    Statistic("spad", Tensor.IFMAP, Direction.READ, "ifmap spad reads, one a MAC that is issued to the spad"),
    Statistic("spad", Tensor.FILTER, Direction.WRITE, "filter spad fills"),
    Statistic("spad", Tensor.FILTER, Direction.READ, "filter spad reads, one a MAC that is not gated"),
    Statistic("spad", Tensor.PSUM, Direction.READ, "psum spad reads, one a MAC that is not gated"),
    Statistic("spad", Tensor.PSUM, Direction.WRITE, "psum spad writes, one a MAC that is not gated"),
)
