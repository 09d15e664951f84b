"""What the closed forms know of a layer, a machine and a mapping: named numbers, each declared here and nowhere else.

All members of one of these are of one type, so that a kernel is compiled once for whatever they hold.
"""

from typing import NamedTuple


class Parameters(NamedTuple):
    """A mapping (JSSC 2017, Table II)."""

    m: int
    n: int
    e: int
    p: int
    q: int
    r: int
    t: int


class Facts(NamedTuple):
    """A layer on a machine, whatever the machine has room for: flags are 0 or 1, memories in words of their values."""

    N: int  # batch
    G: int
    M: int
    C: int
    R: int
    S: int
    E: int
    F: int
    Uy: int
    Ux: int
    run_filters: int  # of one configuration
    array_columns: int
    window: int  # words of a window that ifmap spad and zero buffer can take
    psum_spad: int
    fmap_copies: int  # 2 where fmap traffic overlaps, else 1
    ifmap_bits: int
    filter_bits: int
    psum_bits: int
    filter_rate: int  # words a cycle
    ifmap_rate: int
    psum_rate: int  # of the slower psum bus
    stages: int  # of the PE pipeline
    whole_window: int  # a column's MACs wait for its whole window
    row_multicast: int  # a filter word reaches one row of the array
    drain_overlaps: int  # filters are loaded while psums drain
    setup: int  # cycles of every pass
    link_width: int  # bits
    preloads: int  # filters are fetched while a pass runs
    configuration: int  # cycles


class Capacities(NamedTuple):
    """What a machine has room for. It says what is legal, never what that costs; the larger, the more is legal."""

    array_rows: int
    filter_spad: int  # words
    row_tags: int
    col_tags: int
    fmap_banks: int
    bank_bits: int
    filter_buffer: int  # words


class Transfers(NamedTuple):
    """Between DRAM and GLB: how many bits fmaps are, and core cycles."""

    stored_bits: float  # in DRAM, of an ifmap value
    padding_bits: float
    ifmap_stream_bits: float
    ofmap_bits: float  # in DRAM, of all ofmap values
    ofmap_stream_bits: float
    link_cycle: float  # core cycles of one link cycle
    codec_cycle: float  # core cycles of one value
    crossing: float  # core cycles of a transfer beside its words
    burst_wait: float  # core cycles, mean, that a load waits for a preload's burst


class Costs(NamedTuple):
    """Energies of a word, but for those of a bit and of a cycle."""

    dram_ifmap_bit: float
    ifmap_fill: float  # GLB write
    filter_fetch: float  # DRAM read and GLB fill
    filter_send: float  # GLB read and bus
    ifmap_send: float  # GLB read and bus
    ifmap_delivery: float  # to one PE, with FIFO and spad fill
    filter_delivery: float
    psum_out: float  # GON, its FIFO and GLB write of a psum that is not complete
    psum_in: float  # GLB read, GIN and FIFO
    psum_hop: float  # to the PE above
    dram_ofmap_bit: float
    fixed: float  # of all that no mapping changes
    cycle: float  # static energy of one cycle
    pe_cycle: float  # the same of one PE in use
