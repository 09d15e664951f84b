"""Bounds from below on what a mapping can cost when not all of its parameters are known.

A bound may come out above the cost itself by rounding, since it adds up in another order: it is lowered by more than
that. DRAM bits are added up as the cost adds them, and need no such care.
"""

from collections import namedtuple

from sim.chips.eyeriss.kernels.layer_cost import (
    BATCH,
    CHANNELS,
    CONFIGURATION,
    DRAIN_OVERLAPS,
    FILTER_BITS,
    FILTER_HEIGHT,
    FILTER_RATE,
    FILTER_WIDTH,
    FILTERS,
    FMAP_COPIES,
    GROUPS,
    IFMAP_RATE,
    LINK_CYCLE,
    LINK_WIDTH,
    OFMAP_HEIGHT,
    OFMAP_WIDTH,
    PSUM_RATE,
    RUN_FILTERS,
    SETUP,
    STAGES,
    STRIDE_X,
    STRIDE_Y,
    ceil_div,
    fmap_traffic,
    moved_energy,
    system_energy,
    times_sent_for_all_strips,
)
from sim.kernels import compiled

ENERGY, DELAY, EDP, DRAM = range(4)  # objectives
_SURELY = 1 - 1e-9  # far more than a few hundred operations can be off by

# What a bound needs of the loops over strips and images, whatever the other parameters; cycles unless said otherwise.
# `moved` is the energy of words moved without a loop around them; what each group of filters, pass of filters, filter
# set, pass of channels and channel set adds to it stands behind.
Outer = namedtuple(
    "Outer",
    [
        "e",
        "strips",
        "image_groups",
        "images",  # of a group, on average
        "stored",  # values of a channel
        "tiles",
        "ifmap_column",  # of the ifmap bus for a column in all passes, per pass of filters
        "psum_column",  # of the psum buses for a column in all passes, per pass of channels
        "column_pace",  # ifmap columns that the bus must bring
        "load",
        "link",
        "filter_bits",  # from DRAM
        "moved",
        "moved_by_group",
        "moved_by_pass",
        "moved_by_set",
        "moved_by_channel_pass",
        "moved_by_channel_set",
    ],
)


@compiled
def outer_loops(facts, costs, e, n, stored):
    """Gather what strips of `e` rows and groups of `n` images fix; `stored` counts a channel's stored values."""
    R, S, E = facts[FILTER_HEIGHT], facts[FILTER_WIDTH], facts[OFMAP_HEIGHT]
    strips, image_groups = ceil_div(E, e), ceil_div(facts[BATCH], n)
    tiles = facts[GROUPS] * image_groups
    images = facts[BATCH] / image_groups
    weights = facts[GROUPS] * facts[FILTERS] * facts[CHANNELS] * R * S
    fetched = weights * strips * image_groups
    rows_sent = (E - strips) * min(facts[STRIDE_Y], R) + strips * R
    moved = moved_energy(facts, costs, 0, 0, 0, 0, 0, strips, image_groups, e)
    return Outer(
        e,
        strips,
        image_groups,
        images,
        stored,
        tiles,
        tiles * facts[CHANNELS] * rows_sent / facts[IFMAP_RATE],
        tiles * facts[FILTERS] * E / facts[PSUM_RATE],
        S + (images * facts[OFMAP_WIDTH] - 1) * min(facts[STRIDE_X], S),
        fetched / strips * times_sent_for_all_strips(facts, e) / facts[FILTER_RATE],
        fetched * facts[FILTER_BITS] / facts[LINK_WIDTH] * costs[LINK_CYCLE],
        fetched * facts[FILTER_BITS],
        moved,
        moved_energy(facts, costs, 1, 0, 0, 0, 0, strips, image_groups, e) - moved,
        moved_energy(facts, costs, 0, 1, 0, 0, 0, strips, image_groups, e) - moved,
        moved_energy(facts, costs, 0, 0, 1, 0, 0, strips, image_groups, e) - moved,
        moved_energy(facts, costs, 0, 0, 0, 1, 0, strips, image_groups, e) - moved,
        moved_energy(facts, costs, 0, 0, 0, 0, 1, strips, image_groups, e) - moved,
    )


@compiled
def least_cycles(facts, outer, filter_passes, channel_cuts, t):
    """Bound the cycles of all passes from below.

    Each term of `layer_cost.run_cycles` is added up over all passes as if M filters were spread evenly over t sets;
    the sum of the passes' maxima is at least the largest of these sums, and of the link's time for the weights. Filter
    loads come before the MACs and before the next fetch; where they don't overlap with the psums' draining, before
    the whole pass.
    """
    channel_passes, channel_sets, channel_shares = channel_cuts
    R, S, F = facts[FILTER_HEIGHT], facts[FILTER_WIDTH], facts[OFMAP_WIDTH]
    strips = outer.tiles * outer.strips
    shares = strips * channel_shares * (facts[FILTERS] / t)
    ifmap_columns = outer.ifmap_column * filter_passes
    psum_columns = outer.psum_column * channel_passes
    climbs = strips * filter_passes * (channel_sets * R + channel_passes * facts[STAGES])
    macs_done = max(shares * S * F * outer.images + ifmap_columns, ifmap_columns * outer.column_pace)
    run = max(macs_done + psum_columns, shares * S + psum_columns * F * outer.images) + climbs
    if facts[DRAIN_OVERLAPS]:
        busy = max(run, outer.load + max(macs_done, outer.link))
    else:
        busy = outer.load + max(run, outer.link)
    return busy + strips * filter_passes * channel_passes * facts[SETUP]


@compiled
def bound(facts, costs, objective, outer, cuts, channel_cuts, r, sets):
    """Bound (objective, energy) from below for given filter cuts (groups, passes, sets), whatever m makes them.

    The bound rises with the number of groups, of passes, and of sets at work. `sets` are the least and the largest t
    that it is to hold for: with more of them, fewer cycles are certain, and more PEs take energy.
    """
    groups, filter_passes, filter_sets = cuts
    channel_passes, channel_sets, _ = channel_cuts
    fewest, most = sets
    busy = least_cycles(facts, outer, filter_passes, channel_cuts, most)
    ifmap_bits, ofmap_bits, waits = fmap_traffic(
        facts, costs, groups, channel_passes, outer.strips, outer.image_groups, outer.stored
    )
    cycles = ((max(busy, waits) if facts[FMAP_COPIES] == 2 else busy + waits) + facts[CONFIGURATION]) * _SURELY
    moved = (
        outer.moved
        + groups * outer.moved_by_group
        + filter_passes * outer.moved_by_pass
        + filter_sets * outer.moved_by_set
        + channel_passes * outer.moved_by_channel_pass
        + channel_sets * outer.moved_by_channel_set
    )
    active_pes = facts[FILTER_HEIGHT] * outer.e * r * fewest
    energy = system_energy(costs, moved, ifmap_bits, ofmap_bits, cycles, active_pes) * _SURELY
    return objective_of(objective, energy, cycles, outer.filter_bits + ifmap_bits + ofmap_bits), energy


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


@compiled
def least_cuts(facts, held, a_pass, p):
    """Return the fewest (groups, passes, sets at work) where groups of filters are at most `held`, passes `a_pass`."""
    whole, rest = facts[FILTERS] // facts[RUN_FILTERS], facts[FILTERS] % facts[RUN_FILTERS]
    run = facts[RUN_FILTERS]
    groups, passes, at_work = whole * ceil_div(run, held), whole * ceil_div(run, a_pass), whole * ceil_div(run, p)
    if rest:
        groups, passes, at_work = (
            groups + ceil_div(rest, held),
            passes + ceil_div(rest, a_pass),
            at_work + ceil_div(rest, p),
        )
    return groups, passes, at_work


@compiled
def cut_channels(facts, q, r):
    """Cut C into passes of q r; return (passes, sets at work, largest shares), all summed."""
    full, rest = facts[CHANNELS] // (q * r), facts[CHANNELS] % (q * r)
    passes, at_work, shares = full, full * r, full * q
    if rest > 0:
        sets = ceil_div(rest, q)
        passes, at_work, shares = passes + 1, at_work + sets, shares + ceil_div(rest, sets)
    return passes, at_work, shares
