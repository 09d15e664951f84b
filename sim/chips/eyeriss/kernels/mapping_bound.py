"""Bounds from below on what a mapping can cost when not all of its parameters are known.

A bound may come out above the cost itself by rounding, since it adds up in another order: it is lowered by more than
that. DRAM bits are added up as the cost adds them, and need no such care.
"""

from typing import NamedTuple

from sim.chips.eyeriss.kernels.layer_energy import moved_energy, system_energy, times_sent_for_all_strips
from sim.chips.eyeriss.kernels.layer_time import fmap_traffic
from sim.chips.eyeriss.kernels.loop_cuts import ChannelCuts, FilterCuts, Strips, cut_rows_and_images
from sim.kernels import compiled

ENERGY, DELAY, EDP, DRAM = range(4)  # objectives
_SURELY = 1 - 1e-9  # far more than a few hundred operations can be off by


class Outer(NamedTuple):
    """What a bound needs of the loops over strips and images, whatever the other parameters; cycles unless said
    otherwise.

    `moved` is the energy of words moved without a loop around them; what each group of filters, pass of filters,
    filter set, pass of channels and channel set adds to it stands behind.
    """

    strips: Strips
    images: float  # of a group, on average
    tiles: int
    ifmap_column: float  # of the ifmap bus for a column in all passes, per pass of filters
    psum_column: float  # of the psum buses for a column in all passes, per pass of channels
    column_pace: float  # ifmap columns that the bus must bring
    load: float
    link: float
    filter_bits: int  # from DRAM
    moved: float
    moved_by_group: float
    moved_by_pass: float
    moved_by_set: float
    moved_by_channel_pass: float
    moved_by_channel_set: float


@compiled
def outer_loops(facts, transfers, costs, e, n, stored):
    """Gather what strips of `e` rows and groups of `n` images fix; `stored` counts a channel's stored values."""
    R, S, E = facts.R, facts.S, facts.E
    strips = cut_rows_and_images(facts, e, n, stored)
    tiles = facts.G * strips.image_groups
    images = facts.N / strips.image_groups
    weights = facts.G * facts.M * facts.C * R * S
    fetched = weights * strips.number * strips.image_groups
    rows_sent = (E - strips.number) * min(facts.Uy, R) + strips.number * R
    no_filters, no_channels = FilterCuts(0, 0, 0), ChannelCuts(0, 0, 0)
    moved = moved_energy(facts, costs, no_filters, no_channels, strips)
    return Outer(
        strips,
        images,
        tiles,
        tiles * facts.C * rows_sent / facts.ifmap_rate,
        tiles * facts.M * E / facts.psum_rate,
        S + (images * facts.F - 1) * min(facts.Ux, S),
        fetched / strips.number * times_sent_for_all_strips(facts, e) / facts.filter_rate,
        fetched * facts.filter_bits / facts.link_width * transfers.link_cycle,
        fetched * facts.filter_bits,
        moved,
        moved_energy(facts, costs, FilterCuts(1, 0, 0), no_channels, strips) - moved,
        moved_energy(facts, costs, FilterCuts(0, 1, 0), no_channels, strips) - moved,
        moved_energy(facts, costs, FilterCuts(0, 0, 1), no_channels, strips) - moved,
        moved_energy(facts, costs, no_filters, ChannelCuts(1, 0, 0), strips) - moved,
        moved_energy(facts, costs, no_filters, ChannelCuts(0, 1, 0), strips) - moved,
    )


@compiled
def least_cycles(facts, outer, filter_passes, channel_cuts, t):
    """Bound the cycles of all passes from below.

    Each term of `pass_time.run_cycles` is added up over all passes as if M filters were spread evenly over t sets;
    the sum of the passes' maxima is at least the largest of these sums, and of the link's time for the weights. Filter
    loads come before the MACs and before the next fetch; where they don't overlap with the psums' draining, before
    the whole pass.
    """
    R, S, F = facts.R, facts.S, facts.F
    strips = outer.tiles * outer.strips.number
    shares = strips * channel_cuts.shares * (facts.M / t)
    ifmap_columns = outer.ifmap_column * filter_passes
    psum_columns = outer.psum_column * channel_cuts.passes
    climbs = strips * filter_passes * (channel_cuts.sets * R + channel_cuts.passes * facts.stages)
    macs_done = max(shares * S * F * outer.images + ifmap_columns, ifmap_columns * outer.column_pace)
    run = max(macs_done + psum_columns, shares * S + psum_columns * F * outer.images) + climbs
    if facts.drain_overlaps:
        busy = max(run, outer.load + max(macs_done, outer.link))
    else:
        busy = outer.load + max(run, outer.link)
    return busy + strips * filter_passes * channel_cuts.passes * facts.setup


@compiled
def bound(task, outer, filter_cuts, channel_cuts, r, sets):
    """Bound (objective, energy) of a `mapping_search.Task` from below for given filter cuts, whatever m makes them.

    The bound rises with the number of groups, of passes, and of sets at work. `sets` are the least and the largest t
    that it is to hold for: with more of them, fewer cycles are certain, and more PEs take energy.
    """
    facts = task.facts
    fewest, most = sets
    busy = least_cycles(facts, outer, filter_cuts.passes, channel_cuts, most)
    ifmap_bits, ofmap_bits, waits = fmap_traffic(
        facts, task.transfers, filter_cuts.groups, channel_cuts.passes, outer.strips
    )
    cycles = ((max(busy, waits) if facts.fmap_copies == 2 else busy + waits) + facts.configuration) * _SURELY
    moved = (
        outer.moved
        + filter_cuts.groups * outer.moved_by_group
        + filter_cuts.passes * outer.moved_by_pass
        + filter_cuts.sets * outer.moved_by_set
        + channel_cuts.passes * outer.moved_by_channel_pass
        + channel_cuts.sets * outer.moved_by_channel_set
    )
    active_pes = facts.R * outer.strips.e * r * fewest
    energy = system_energy(task.costs, moved, ifmap_bits, ofmap_bits, cycles, active_pes) * _SURELY
    return objective_of(task.objective, energy, cycles, outer.filter_bits + ifmap_bits + ofmap_bits), energy


@compiled
def objective_of(objective, energy, cycles, dram_bits):
    """Return what is to be as small as can be."""
    if objective == ENERGY:
        return energy
    if objective == DELAY:
        return cycles
    if objective == EDP:
        return energy * cycles
    return dram_bits
