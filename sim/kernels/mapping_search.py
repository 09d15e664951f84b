"""Go through the mappings of one layer and keep the best few; leave out only what a bound or a proof excludes."""

import numpy as np
from numba import njit

from sim.kernels.layer_cost import ARRAY_COLUMNS as COLUMNS
from sim.kernels.layer_cost import ARRAY_ROWS as ROWS
from sim.kernels.layer_cost import (
    BANK_BITS,
    BATCH,
    CHANNELS,
    COL_TAGS,
    CONFIGURATION,
    DRAIN_OVERLAPS,
    FILTER_BITS,
    FILTER_BUFFER,
    FILTER_HEIGHT,
    FILTER_RATE,
    FILTER_SPAD,
    FILTER_WIDTH,
    FILTERS,
    FMAP_BANKS,
    FMAP_COPIES,
    GROUPS,
    IFMAP_BITS,
    IFMAP_RATE,
    LINK_CYCLE,
    LINK_WIDTH,
    OFMAP_HEIGHT,
    OFMAP_WIDTH,
    PSUM_BITS,
    PSUM_RATE,
    PSUM_SPAD,
    ROW_TAGS,
    RUN_FILTERS,
    SETUP,
    STAGES,
    STRIDE_X,
    STRIDE_Y,
    WINDOW,
    ceil_div,
    count_filter_cuts,
    evaluate,
    fmap_traffic,
    moved_energy,
    system_energy,
    times_sent,
    times_sent_for_all_strips,
)

ENERGY, DELAY, EDP, DRAM = range(4)  # objectives
M, N, E, P, Q, R, T = range(7)  # places of the parameters
SCORES = 4  # objective, energy, cycles, DRAM bits


@njit(cache=True)
def most_filters_held(facts, n, e, q, r):
    """Give the largest m for which the psum tile fits beside the ifmap tile; 0 if none does."""
    rows = (e - 1) * facts[STRIDE_Y] + facts[FILTER_HEIGHT]
    width = (facts[OFMAP_WIDTH] - 1) * facts[STRIDE_X] + facts[FILTER_WIDTH]
    channels = min(q * r, facts[CHANNELS])
    ifmap_bits = facts[FMAP_COPIES] * n * channels * rows * width * facts[IFMAP_BITS]
    banks = facts[FMAP_BANKS] - ceil_div(ifmap_bits, facts[BANK_BITS])
    if banks <= 0:
        return 0
    per_filter = facts[FMAP_COPIES] * n * e * facts[OFMAP_WIDTH] * facts[PSUM_BITS]
    return min(banks * facts[BANK_BITS] // per_filter, facts[RUN_FILTERS])


@njit(cache=True)
def sets_that_fit(facts, e, r):
    """Give the largest t for PE sets of width e, r of them stacked."""
    columns = min(e, facts[COLUMNS])
    segments = ceil_div(e, facts[COLUMNS])
    stack = facts[FILTER_HEIGHT] * r
    down = min(facts[ROWS] // (stack * segments), facts[ROW_TAGS] // (stack * times_sent(facts, e, e)))
    across = facts[COLUMNS] // columns
    if across > facts[COL_TAGS]:
        return facts[COL_TAGS] if down > 0 else 0
    return down * across


@njit(cache=True)
def objective_of(objective, energy, cycles, dram_bits):
    """Give what is to be as small as can be."""
    if objective == ENERGY:
        return energy
    if objective == DELAY:
        return cycles
    if objective == EDP:
        return energy * cycles
    return dram_bits


@njit(cache=True)
def least_cycles(facts, costs, filter_passes, channel_cuts, outer, e, t, fetched):
    """Bound the cycles of all passes from below, for `fetched` weights.

    Each term of `layer_cost.run_cycles` is added up over all passes as if M filters were spread evenly over t sets;
    the sum of the passes' maxima is at least the largest of these sums, and of the link's time for the weights. Filter
    loads come before the MACs and before the next fetch; where they don't overlap with the psums' draining, before
    the whole pass.
    """
    channel_passes, channel_sets, channel_shares = channel_cuts
    strips, image_groups = outer
    R, S, E, F = facts[FILTER_HEIGHT], facts[FILTER_WIDTH], facts[OFMAP_HEIGHT], facts[OFMAP_WIDTH]
    tiles = facts[GROUPS] * image_groups
    shares = tiles * strips * channel_shares * (facts[FILTERS] / t)
    rows_sent = (E - strips) * min(facts[STRIDE_Y], R) + strips * R
    ifmap_columns = tiles * facts[CHANNELS] * filter_passes * rows_sent / facts[IFMAP_RATE]
    psum_columns = tiles * facts[FILTERS] * E * channel_passes / facts[PSUM_RATE]
    climbs = tiles * strips * filter_passes * (channel_sets * R + channel_passes * facts[STAGES])
    images = facts[BATCH] / image_groups
    by_pes = shares * S * F * images + ifmap_columns
    by_bus = ifmap_columns * (S + (images * F - 1) * min(facts[STRIDE_X], S))
    macs_done = max(by_pes, by_bus)
    run = max(macs_done + psum_columns, shares * S + psum_columns * F * images) + climbs
    load = fetched / strips * times_sent_for_all_strips(facts, e) / facts[FILTER_RATE]
    link = fetched * facts[FILTER_BITS] / facts[LINK_WIDTH] * costs[LINK_CYCLE]
    busy = max(run, load + max(macs_done, link)) if facts[DRAIN_OVERLAPS] else load + max(run, link)
    return busy + tiles * strips * filter_passes * channel_passes * facts[SETUP]


@njit(cache=True)
def bound(facts, costs, objective, cuts, channel_cuts, outer, e, r, t, stored):
    """Bound (objective, energy) from below for given filter cuts (groups, passes, sets), whatever m makes them.

    The bound rises with the number of groups, of passes, and of sets at work.
    """
    groups, filter_passes, filter_sets = cuts
    channel_passes, channel_sets, _ = channel_cuts
    strips, image_groups = outer
    weights = facts[GROUPS] * facts[FILTERS] * facts[CHANNELS] * facts[FILTER_HEIGHT] * facts[FILTER_WIDTH]
    fetched = weights * strips * image_groups
    busy = least_cycles(facts, costs, filter_passes, channel_cuts, outer, e, t, fetched)
    ifmap_bits, ofmap_bits, waits = fmap_traffic(facts, costs, groups, channel_passes, strips, image_groups, stored)
    cycles = (max(busy, waits) if facts[FMAP_COPIES] == 2 else busy + waits) + facts[CONFIGURATION]
    moved = moved_energy(
        facts, costs, groups, filter_passes, filter_sets, channel_passes, channel_sets, strips, image_groups, e
    )
    energy = system_energy(costs, moved, ifmap_bits, ofmap_bits, cycles, facts[FILTER_HEIGHT] * e * r * t)
    dram_bits = fetched * facts[FILTER_BITS] + ifmap_bits + ofmap_bits
    return objective_of(objective, energy, cycles, dram_bits), energy


@njit(cache=True)
def beats(objective, energy, scores):
    """Say whether (objective, energy) would enter the list: ties go to what was found first."""
    last = scores.shape[0] - 1
    return objective < scores[last, 0] or (objective == scores[last, 0] and energy < scores[last, 1])


@njit(cache=True)
def insert(mapping, score, best, scores):
    """Put a mapping into the sorted list; the last one falls out."""
    place = scores.shape[0] - 1
    while place > 0 and (
        score[0] < scores[place - 1, 0] or (score[0] == scores[place - 1, 0] and score[1] < scores[place - 1, 1])
    ):
        scores[place] = scores[place - 1]
        best[place] = best[place - 1]
        place -= 1
    scores[place] = score
    best[place] = mapping


@njit(cache=True)
def least_cuts(facts, held, p, t):
    """Give the fewest (groups, passes, sets at work) that any m up to `held` can make."""
    groups, passes, at_work = 0, 0, 0
    left = facts[FILTERS]
    while left > 0:
        run = min(left, facts[RUN_FILTERS])
        groups += ceil_div(run, held)
        passes += ceil_div(run, p * t)
        at_work += ceil_div(run, p)
        left -= run
    return groups, passes, at_work


@njit(cache=True)
def cut_channels(facts, q, r):
    """Cut C into passes of q r; return (passes, sets at work, largest shares), all summed."""
    full, rest = facts[CHANNELS] // (q * r), facts[CHANNELS] % (q * r)
    passes, at_work, shares = full, full * r, full * q
    if rest > 0:
        sets = ceil_div(rest, q)
        passes, at_work, shares = passes + 1, at_work + sets, shares + ceil_div(rest, sets)
    return passes, at_work, shares


@njit(cache=True)
def try_filters_held(facts, costs, objective, mapping, most, channel_cuts, outer, stored, lows, best, scores):
    """Try every m from `most` down for fixed n e p q r t; return (mappings legal, mappings evaluated).

    `mapping` is scratch, with all but m set. Stops where even the fewest passes and sets can't make up for the groups.
    """
    n, e, p, q, r, t = mapping[N], mapping[E], mapping[P], mapping[Q], mapping[R], mapping[T]
    least = max(lows[M], max(p, (t - 1) * p + 1))
    score = np.empty(SCORES)
    _, fewest_passes, fewest_sets = least_cuts(facts, most, p, t)
    evaluated, last_groups = 0, 0
    for m in range(most, least - 1, -1):
        cuts = count_filter_cuts(facts, m, p, t)
        if cuts[0] != last_groups:
            last_groups = cuts[0]
            hopeful = (last_groups, fewest_passes, fewest_sets)
            at_least = bound(facts, costs, objective, hopeful, channel_cuts, outer, e, r, t, stored)
            if not beats(at_least[0], at_least[1], scores):
                break
        at_least = bound(facts, costs, objective, cuts, channel_cuts, outer, e, r, t, stored)
        if not beats(at_least[0], at_least[1], scores):
            continue
        energy, cycles, dram_bits, _ = evaluate(facts, costs, m, n, e, p, q, r, t, stored)
        evaluated += 1
        score[0] = objective_of(objective, energy, cycles, dram_bits)
        score[1], score[2], score[3] = energy, cycles, dram_bits
        if beats(score[0], score[1], scores):
            mapping[M] = m
            insert(mapping, score, best, scores)
    return max(0, most - least + 1), evaluated


@njit(cache=True)
def try_sets(facts, costs, objective, mapping, held, stored, outer, lows, highs, best, scores):
    """Try every t and p for fixed n e q r; return (mappings legal, mappings evaluated)."""
    e, q, r = mapping[E], mapping[Q], mapping[R]
    channels = min(q * r, facts[CHANNELS])
    pass_filters = facts[FILTER_BUFFER] // (channels * facts[FILTER_HEIGHT] * facts[FILTER_WIDTH])
    p_most = min(min(facts[FILTER_SPAD] // (q * facts[FILTER_WIDTH]), facts[PSUM_SPAD]), min(held, highs[P]))
    channel_cuts = cut_channels(facts, q, r)
    legal, evaluated = 0, 0
    for t in range(min(sets_that_fit(facts, e, r), highs[T]), lows[T] - 1, -1):
        for p in range(p_most, lows[P] - 1, -1):
            # The pass's filters must fit their banks: p t of them, or m where m is less.
            most = held if p * t <= pass_filters else min(held, pass_filters)
            if most < max(p, (t - 1) * p + 1):
                continue
            cuts = least_cuts(facts, most, p, t)
            at_least = bound(facts, costs, objective, cuts, channel_cuts, outer, e, r, t, stored)
            if not beats(at_least[0], at_least[1], scores):
                legal += most - max(lows[M], max(p, (t - 1) * p + 1)) + 1
                continue
            mapping[P], mapping[T] = p, t
            found = try_filters_held(
                facts, costs, objective, mapping, most, channel_cuts, outer, stored, lows, best, scores
            )
            legal += found[0]
            evaluated += found[1]
    return legal, evaluated


@njit(cache=True)
def search(facts, costs, objective, widths, stored, image_counts, lows, highs, best, scores):
    """Try e in `widths`, n in `image_counts`, and all q, r, t, p, m between `lows` and `highs`.

    `stored[i]` counts the stored values of a channel for strips of `widths[i]`. `scores` (k x 4: objective, energy,
    cycles, DRAM bits) must come filled with infinity; it and `best` (k x 7: m n e p q r t) are filled, best first.
    Return (mappings legal, mappings evaluated); those not evaluated are worse by a bound.
    """
    mapping = np.zeros(7, np.int64)
    legal, evaluated = 0, 0
    phases = min(facts[STRIDE_Y], facts[FILTER_HEIGHT])
    q_most = min(min(facts[CHANNELS], facts[WINDOW] // facts[FILTER_WIDTH]), highs[Q])
    for place in range(widths.size):
        e = widths[place]
        if e + (facts[FILTER_HEIGHT] - 1) // facts[STRIDE_Y] > facts[COL_TAGS]:
            continue
        for n in image_counts:
            outer = (ceil_div(facts[OFMAP_HEIGHT], e), ceil_div(facts[BATCH], n))
            for q in range(q_most, lows[Q] - 1, -1):
                r_most = min(min(facts[ROW_TAGS] // phases, ceil_div(facts[CHANNELS], q)), highs[R])
                for r in range(r_most, lows[R] - 1, -1):
                    held = min(most_filters_held(facts, n, e, q, r), highs[M])
                    if held < lows[M] or held < 1:
                        continue
                    mapping[N], mapping[E], mapping[Q], mapping[R] = n, e, q, r
                    found = try_sets(
                        facts, costs, objective, mapping, held, stored[place], outer, lows, highs, best, scores
                    )
                    legal += found[0]
                    evaluated += found[1]
    return legal, evaluated
