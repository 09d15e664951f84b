"""Cycles of a pass in closed form, from what bounds it.

Passes load filters, then run at the pace of the slowest of three things that work together: the PEs, the psum buses,
the ifmap bus. The load may start as soon as the PEs have done the MACs of the pass before, while its psums drain; a
pass is taken to follow one of its own shape. For fixed filters, channels and times that a filter word is sent, a
pass's cycles are convex in its images and in its ofmap rows, on which the mapper's pruning rests.
"""

from typing import NamedTuple

from sim.chips.eyeriss.kernels.loop_cuts import ceil_div
from sim.kernels import compiled


class Pass(NamedTuple):
    """The part of each loop that one pass takes, and the PE sets that filters and channels are dealt to."""

    images: int
    rows: int
    filters: int
    channels: int
    filter_sets: int
    channel_sets: int


@compiled
def times_sent(facts, rows, e):
    """Count how often a filter word goes on the bus for a strip of `rows` ofmap rows: once a segment."""
    return ceil_div(rows, min(e, facts.array_columns)) if facts.row_multicast else 1


@compiled
def load_cycles(facts, size):
    """Count the filter bus's cycles for sending a pass's filters once: a row of PEs takes bus words of its own."""
    f_share, f_rest = size.filters // size.filter_sets, size.filters % size.filter_sets
    c_share, c_rest = size.channels // size.channel_sets, size.channels % size.channel_sets
    cycles = 0
    for f_extra in range(2):
        f_sets = f_rest if f_extra else size.filter_sets - f_rest
        for c_extra in range(2):
            c_sets = c_rest if c_extra else size.channel_sets - c_rest
            words = (f_share + f_extra) * (c_share + c_extra) * facts.S
            cycles += f_sets * c_sets * ceil_div(words, facts.filter_rate)
    return cycles * facts.R


@compiled
def run_cycles(facts, size):
    """Return a pass after its filter load (cycles until its last MAC, cycles in all): MACs and ifmap bus, or psum
    buses.

    Where the psum buses are the slowest, the PEs are ahead of them by no more than their psum spads hold.
    """
    S, F, R = facts.S, facts.F, facts.R
    p, q = ceil_div(size.filters, size.filter_sets), ceil_div(size.channels, size.channel_sets)
    slide_y, slide_x = min(facts.Uy, R), min(facts.Ux, S)
    macs = float(p * q * S)
    ifmap_column = ((size.rows - 1) * slide_y + R) * size.channels / facts.ifmap_rate
    psum_column = size.rows * size.filters / facts.psum_rate
    column = max(macs, ifmap_column * slide_x)
    words = ifmap_column * ((F - 1) * slide_x + S)
    if facts.whole_window:
        # The last PE has its first window after S columns, the first chain when one channel's rows are still to come.
        first = ifmap_column * S + macs
        last_word = macs
        first_psum = ifmap_column * S - ifmap_column / size.channels + macs
    else:
        # The last PE gets its first word after most of a column, then works at the bus's pace or its own.
        first = ifmap_column + max(macs, ifmap_column * (S - 1) + p * q)
        last_word = float(p * q)
        first_psum = macs + p * q
    macs_done = max(first + (size.images * F - 1) * column, size.images * words + last_word)
    climb = size.channel_sets * R + facts.stages
    run = max(macs_done + psum_column, first_psum + size.images * F * psum_column) + climb
    ahead = size.rows * size.filter_sets * facts.psum_spad / facts.psum_rate + climb
    return max(macs_done, run - ahead), run


@compiled
def fetch_cycles(facts, transfers, filters, channels):
    """Count the core cycles in which the link moves a pass's filters."""
    words = filters * channels * facts.R * facts.S
    return ceil_div(words * facts.filter_bits, facts.link_width) * transfers.link_cycle


@compiled
def pass_cycles(facts, transfers, size, e):
    """Return a pass's core cycles, and how long it then waits for the next filters."""
    load = load_cycles(facts, size) * times_sent(facts, size.rows, e)
    macs_done, run = run_cycles(facts, size)
    fetch = fetch_cycles(facts, transfers, size.filters, size.channels)
    busy = max(run, load + macs_done) if facts.drain_overlaps else load + run
    stall = max(0.0, load + fetch - busy) if facts.preloads else fetch
    return facts.setup + busy, stall
