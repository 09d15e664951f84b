"""Go through the mappings of one layer and keep the best few; leave out only what a bound or a proof excludes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels.layer_energy import evaluate
from sim.chips.eyeriss.kernels.layer_facts import Capacities, Costs, Facts, Parameters, Transfers
from sim.chips.eyeriss.kernels.loop_cuts import FilterCuts, ceil_div, cut_channels, cut_filters, least_cuts
from sim.chips.eyeriss.kernels.mapping_bound import bound, objective_of, outer_loops
from sim.chips.eyeriss.kernels.mapping_legality import (
    most_filters_a_pass,
    most_filters_a_pe,
    most_filters_held,
    sets_that_fit,
    tags_suffice,
)
from sim.kernels import compiled

SCORES = 4  # objective, energy, cycles, DRAM bits


class Task(NamedTuple):
    """What is looked for: the least `objective` (of `mapping_bound`) of mappings between `lows` and `highs`."""

    facts: Facts
    capacities: Capacities
    transfers: Transfers
    costs: Costs
    objective: int
    lows: Parameters
    highs: Parameters


class Best(NamedTuple):
    """The best few mappings so far (k x 7), best first, and their objective, energy, cycles and DRAM bits (k x 4)."""

    mappings: NDArray[np.int64]
    scores: NDArray[np.float64]


class Place(NamedTuple):
    """Where the search is in its outer loops; m, p and t are still open.

    `held` is the most filters that the GLB holds there, `p_most` a PE, `pass_filters` the filter banks.
    """

    n: int
    e: int
    q: int
    r: int
    held: int
    p_most: int
    pass_filters: int


@compiled
def beats(objective, energy, scores):
    """Return whether (objective, energy) would enter the list: ties go to what was found first."""
    last = scores.shape[0] - 1
    return objective < scores[last, 0] or (objective == scores[last, 0] and energy < scores[last, 1])


@compiled
def insert(mapping, score, best):
    """Put a mapping into the sorted list; the last one falls out."""
    mappings, scores = best
    place = scores.shape[0] - 1
    while place > 0 and (
        score[0] < scores[place - 1, 0] or (score[0] == scores[place - 1, 0] and score[1] < scores[place - 1, 1])
    ):
        scores[place] = scores[place - 1]
        mappings[place] = mappings[place - 1]
        place -= 1
    for number in range(len(score)):
        scores[place, number] = score[number]
    for number in range(len(mapping)):
        mappings[place, number] = mapping[number]


@compiled
def try_filters_held(task, place, p, t, most, channel_cuts, outer, best):
    """Try every m from `most` down for fixed n e p q r t; return how many were evaluated.

    Stops where even the fewest passes and sets can't make up for the groups.
    """
    facts, r = task.facts, place.r
    least = max(task.lows.m, max(p, (t - 1) * p + 1))
    fewest = least_cuts(facts, most, p * t, p)
    evaluated, last_groups = 0, 0
    for m in range(most, least - 1, -1):
        cuts = cut_filters(facts, m, p, t)
        if cuts.groups != last_groups:
            last_groups = cuts.groups
            hopeful = FilterCuts(last_groups, fewest.passes, fewest.sets)
            at_least = bound(task, outer, hopeful, channel_cuts, r, (t, t))
            if not beats(at_least[0], at_least[1], best.scores):
                break
        at_least = bound(task, outer, cuts, channel_cuts, r, (t, t))
        if not beats(at_least[0], at_least[1], best.scores):
            continue
        mapping = Parameters(m, place.n, place.e, p, place.q, r, t)
        found = evaluate(facts, task.transfers, task.costs, mapping, outer.strips.stored)
        evaluated += 1
        objective = objective_of(task.objective, found.energy, found.cycles, found.dram_bits)
        if beats(objective, found.energy, best.scores):
            insert(mapping, (objective, found.energy, found.cycles, found.dram_bits), best)
    return evaluated


@compiled
def count_filters_held(place, p, t, low):
    """Return the largest m for fixed p and t, and how many are legal: a pass's filters must fit their banks.

    These are p t filters, or m where m is less; and no PE set goes without work.
    """
    most = place.held if p * t <= place.pass_filters else min(place.held, place.pass_filters)
    least = max(p, (t - 1) * p + 1)
    return most, max(0, most - max(low, least) + 1) if most >= least else 0


@compiled
def count_legal(place, sets, lows):
    """Count the mappings of all p, of t in `sets` (fewest, most), and of all m."""
    legal = 0
    for t in range(sets[0], sets[1] + 1):
        for p in range(lows.p, place.p_most + 1):
            legal += count_filters_held(place, p, t, lows.m)[1]
    return legal


@compiled
def hopeless(task, place, sets, channel_cuts, outer, scores):
    """Return whether no p and no t in `sets` (fewest, most) can enter the list.

    A pass takes no more filters than p t, than the GLB holds, or than its filter banks hold.
    """
    a_pass = min(min(place.p_most * sets[1], place.pass_filters), place.held)
    cuts = least_cuts(task.facts, place.held, a_pass, place.p_most)
    at_least = bound(task, outer, cuts, channel_cuts, place.r, sets)
    return not beats(at_least[0], at_least[1], scores)


@compiled
def try_shares(task, place, t, channel_cuts, outer, best):
    """Try every p for fixed n e q r t; return (mappings legal, mappings evaluated)."""
    legal, evaluated = 0, 0
    for p in range(place.p_most, task.lows.p - 1, -1):
        most, count = count_filters_held(place, p, t, task.lows.m)
        if count == 0:
            continue
        legal += count
        cuts = least_cuts(task.facts, most, p * t, p)
        at_least = bound(task, outer, cuts, channel_cuts, place.r, (t, t))
        if beats(at_least[0], at_least[1], best.scores):
            evaluated += try_filters_held(task, place, p, t, most, channel_cuts, outer, best)
    return legal, evaluated


@compiled
def try_sets(task, place, sets, outer, counting, best):
    """Try every t up to `sets`, and every p, for fixed n e q r; return (mappings legal, mappings evaluated).

    All t that are left are looked at together, then half of them, until there is no hope for them or one is left.
    """
    lows = task.lows
    channel_cuts = cut_channels(task.facts, place.q, place.r)
    legal, evaluated = 0, 0
    if min(place.p_most, place.pass_filters) < lows.p:
        return legal, evaluated
    t = min(sets, task.highs.t)
    while t >= lows.t:
        around = (lows.t, t)
        while True:
            none = hopeless(task, place, around, channel_cuts, outer, best.scores)
            if none or around[0] == t:
                break
            around = (t - (t - around[0]) // 2, t)
        if not none:
            found = try_shares(task, place, t, channel_cuts, outer, best)
            legal += found[0]
            evaluated += found[1]
        elif counting:
            legal += count_legal(place, around, lows)
        t = around[0] - 1
    return legal, evaluated


@compiled
def place_at(task, n, e, q, r):
    """Return what the GLB, a PE and the filter banks hold at a place in the outer loops."""
    facts, capacities, highs = task.facts, task.capacities, task.highs
    held = min(most_filters_held(facts, capacities, n, e, q, r), highs.m)
    p_most = min(most_filters_a_pe(facts, capacities, q), min(held, highs.p))
    return Place(n, e, q, r, held, p_most, most_filters_a_pass(facts, capacities, q, r))


@compiled
def search(task, widths, stored, image_counts, counting, best):
    """Try e in `widths`, n in `image_counts`, and all q, r, t, p, m within the task's bounds.

    `stored[i]` counts the stored values of a channel for strips of `widths[i]`. The scores of `best` must come filled
    with infinity, or their last row with what is to be beaten. Return (mappings legal, mappings evaluated); those not
    evaluated are worse by a bound. Without `counting` the legal ones that a bound excludes unseen are not counted.
    """
    facts, capacities, lows, highs = task.facts, task.capacities, task.lows, task.highs
    legal, evaluated = 0, 0
    q_most = min(min(facts.C, facts.window // facts.S), highs.q)
    r_most = min(facts.C, highs.r)
    while r_most > 0 and not tags_suffice(facts, capacities, 1, r_most):
        r_most -= 1
    sets = np.zeros(r_most + 1, np.int64)
    for number in range(widths.size):
        e = widths[number]
        for r in range(lows.r, r_most + 1):
            sets[r] = sets_that_fit(facts, capacities, e, r) if tags_suffice(facts, capacities, e, r) else 0
        for n in image_counts:
            outer = outer_loops(facts, task.transfers, task.costs, e, n, stored[number])
            for q in range(q_most, lows.q - 1, -1):
                for r in range(min(r_most, ceil_div(facts.C, q)), lows.r - 1, -1):
                    if sets[r] < lows.t:
                        continue
                    place = place_at(task, n, e, q, r)
                    if place.held < max(lows.m, 1):
                        continue
                    found = try_sets(task, place, sets[r], outer, counting, best)
                    legal += found[0]
                    evaluated += found[1]
    return legal, evaluated
