"""Go through the mappings of one layer and keep the best few; leave out only what a bound or a proof excludes."""

import numpy as np

from sim.chips.eyeriss.kernels.layer_cost import CHANNELS, FILTER_WIDTH, WINDOW, ceil_div, count_filter_cuts, evaluate
from sim.chips.eyeriss.kernels.mapping_bound import bound, cut_channels, least_cuts, objective_of, outer_loops
from sim.chips.eyeriss.kernels.mapping_legality import (
    most_filters_a_pass,
    most_filters_a_pe,
    most_filters_held,
    sets_that_fit,
    tags_suffice,
)
from sim.kernels import compiled

M, N, E, P, Q, R, T = range(7)  # places of the parameters
SCORES = 4  # objective, energy, cycles, DRAM bits


@compiled
def beats(objective, energy, scores):
    """Return whether (objective, energy) would enter the list: ties go to what was found first."""
    last = scores.shape[0] - 1
    return objective < scores[last, 0] or (objective == scores[last, 0] and energy < scores[last, 1])


@compiled
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


@compiled
def try_filters_held(facts, costs, objective, mapping, most, channel_cuts, outer, lows, best, scores):
    """Try every m from `most` down for fixed n e p q r t; return how many were evaluated.

    `mapping` is scratch, with all but m set. Stops where even the fewest passes and sets can't make up for the groups.
    """
    n, e, p, q, r, t = mapping[N], mapping[E], mapping[P], mapping[Q], mapping[R], mapping[T]
    least = max(lows[M], max(p, (t - 1) * p + 1))
    score = np.empty(SCORES)
    _, fewest_passes, fewest_sets = least_cuts(facts, most, p * t, p)
    evaluated, last_groups = 0, 0
    for m in range(most, least - 1, -1):
        cuts = count_filter_cuts(facts, m, p, t)
        if cuts[0] != last_groups:
            last_groups = cuts[0]
            hopeful = (last_groups, fewest_passes, fewest_sets)
            at_least = bound(facts, costs, objective, outer, hopeful, channel_cuts, r, (t, t))
            if not beats(at_least[0], at_least[1], scores):
                break
        at_least = bound(facts, costs, objective, outer, cuts, channel_cuts, r, (t, t))
        if not beats(at_least[0], at_least[1], scores):
            continue
        energy, cycles, dram_bits, _ = evaluate(facts, costs, m, n, e, p, q, r, t, outer.stored)
        evaluated += 1
        score[0] = objective_of(objective, energy, cycles, dram_bits)
        score[1], score[2], score[3] = energy, cycles, dram_bits
        if beats(score[0], score[1], scores):
            mapping[M] = m
            insert(mapping, score, best, scores)
    return evaluated


@compiled
def count_filters_held(held, p, t, pass_filters, low):
    """Return the largest m for fixed p and t, and how many are legal: a pass's filters must fit their banks.

    These are p t filters, or m where m is less; and no PE set goes without work.
    """
    most = held if p * t <= pass_filters else min(held, pass_filters)
    least = max(p, (t - 1) * p + 1)
    return most, max(0, most - max(low, least) + 1) if most >= least else 0


@compiled
def count_legal(held, p_most, sets, pass_filters, lows):
    """Count the mappings of all p up to `p_most`, t in `sets` (fewest, most) and m up to `held`."""
    legal = 0
    for t in range(sets[0], sets[1] + 1):
        for p in range(lows[P], p_most + 1):
            legal += count_filters_held(held, p, t, pass_filters, lows[M])[1]
    return legal


@compiled
def hopeless(facts, costs, objective, outer, held, p_most, sets, pass_filters, channel_cuts, r, scores):
    """Return whether no p up to `p_most` and no t in `sets` (fewest, most) can enter the list.

    A pass takes no more filters than p t, than the GLB holds, or than its filter banks hold.
    """
    cuts = least_cuts(facts, held, min(min(p_most * sets[1], pass_filters), held), p_most)
    at_least = bound(facts, costs, objective, outer, cuts, channel_cuts, r, sets)
    return not beats(at_least[0], at_least[1], scores)


@compiled
def try_shares(facts, costs, objective, mapping, held, p_most, pass_filters, channel_cuts, outer, lows, best, scores):
    """Try every p up to `p_most` for fixed n e q r t; return (mappings legal, mappings evaluated)."""
    r, t = mapping[R], mapping[T]
    legal, evaluated = 0, 0
    for p in range(p_most, lows[P] - 1, -1):
        most, count = count_filters_held(held, p, t, pass_filters, lows[M])
        if count == 0:
            continue
        legal += count
        cuts = least_cuts(facts, most, p * t, p)
        at_least = bound(facts, costs, objective, outer, cuts, channel_cuts, r, (t, t))
        if beats(at_least[0], at_least[1], scores):
            mapping[P] = p
            evaluated += try_filters_held(
                facts, costs, objective, mapping, most, channel_cuts, outer, lows, best, scores
            )
    return legal, evaluated


@compiled
def try_sets(facts, costs, objective, mapping, held, channel_cuts, sets, outer, lows, highs, counting, best, scores):
    """Try every t up to `sets`, and every p, for fixed n e q r; return (mappings legal, mappings evaluated).

    All t that are left are looked at together, then half of them, until there is no hope for them or one is left.
    """
    q, r = mapping[Q], mapping[R]
    pass_filters = most_filters_a_pass(facts, q, r)
    p_most = min(most_filters_a_pe(facts, q), min(held, highs[P]))
    legal, evaluated = 0, 0
    if min(p_most, pass_filters) < lows[P]:
        return legal, evaluated
    t = min(sets, highs[T])
    while t >= lows[T]:
        around = (lows[T], t)
        while True:
            none = hopeless(facts, costs, objective, outer, held, p_most, around, pass_filters, channel_cuts, r, scores)
            if none or around[0] == t:
                break
            around = (t - (t - around[0]) // 2, t)
        if not none:
            mapping[T] = t
            found = try_shares(
                facts, costs, objective, mapping, held, p_most, pass_filters, channel_cuts, outer, lows, best, scores
            )
            legal += found[0]
            evaluated += found[1]
        elif counting:
            legal += count_legal(held, p_most, around, pass_filters, lows)
        t = around[0] - 1
    return legal, evaluated


@compiled
def search(facts, costs, objective, widths, stored, image_counts, lows, highs, counting, best, scores):
    """Try e in `widths`, n in `image_counts`, and all q, r, t, p, m between `lows` and `highs`.

    `stored[i]` counts the stored values of a channel for strips of `widths[i]`. `scores` (k x 4: objective, energy,
    cycles, DRAM bits) must come filled with infinity, or its last row with what is to be beaten; it and `best`
    (k x 7: m n e p q r t) are filled, best first. Return (mappings legal, mappings evaluated); those not evaluated are
    worse by a bound. Without `counting` the legal ones that a bound excludes unseen are not counted.
    """
    mapping = np.zeros(7, np.int64)
    legal, evaluated = 0, 0
    q_most = min(min(facts[CHANNELS], facts[WINDOW] // facts[FILTER_WIDTH]), highs[Q])
    r_most = min(facts[CHANNELS], highs[R])
    while r_most > 0 and not tags_suffice(facts, 1, r_most):
        r_most -= 1
    sets = np.zeros(r_most + 1, np.int64)
    for place in range(widths.size):
        e = widths[place]
        for r in range(lows[R], r_most + 1):
            sets[r] = sets_that_fit(facts, e, r) if tags_suffice(facts, e, r) else 0
        for n in image_counts:
            outer = outer_loops(facts, costs, e, n, stored[place])
            for q in range(q_most, lows[Q] - 1, -1):
                for r in range(min(r_most, ceil_div(facts[CHANNELS], q)), lows[R] - 1, -1):
                    if sets[r] < lows[T]:
                        continue
                    held = min(most_filters_held(facts, n, e, q, r), highs[M])
                    if held < lows[M] or held < 1:
                        continue
                    mapping[N], mapping[E], mapping[Q], mapping[R] = n, e, q, r
                    found = try_sets(
                        facts,
                        costs,
                        objective,
                        mapping,
                        held,
                        cut_channels(facts, q, r),
                        sets[r],
                        outer,
                        lows,
                        highs,
                        counting,
                        best,
                        scores,
                    )
                    legal += found[0]
                    evaluated += found[1]
    return legal, evaluated
