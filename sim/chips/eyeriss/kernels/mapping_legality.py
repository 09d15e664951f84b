"""What mappings are legal, in numbers: the rules of `mapping.legality` that a mapping can break."""

from sim.chips.eyeriss.kernels.layer_facts import Parameters
from sim.chips.eyeriss.kernels.loop_cuts import ceil_div
from sim.chips.eyeriss.kernels.pass_time import times_sent
from sim.kernels import compiled


@compiled
def most_filters_held(facts, capacities, n, e, q, r):
    """Return the largest m for which the psum tile fits beside the ifmap tile; 0 if none does."""
    rows = (e - 1) * facts.Uy + facts.R
    width = (facts.F - 1) * facts.Ux + facts.S
    channels = min(q * r, facts.C)
    ifmap_bits = facts.fmap_copies * n * channels * rows * width * facts.ifmap_bits
    banks = capacities.fmap_banks - ceil_div(ifmap_bits, capacities.bank_bits)
    if banks <= 0:
        return 0
    per_filter = facts.fmap_copies * n * e * facts.F * facts.psum_bits
    return min(banks * capacities.bank_bits // per_filter, facts.run_filters)


@compiled
def most_filters_a_pe(facts, capacities, q):
    """Return the largest p for which a PE holds the weights and the psums."""
    return min(capacities.filter_spad // (q * facts.S), facts.psum_spad)


@compiled
def most_filters_a_pass(facts, capacities, q, r):
    """Return the most filters of one pass that the filter banks hold."""
    channels = min(q * r, facts.C)
    return capacities.filter_buffer // (channels * facts.R * facts.S)


@compiled
def sets_that_fit(facts, capacities, e, r):
    """Return the largest t for PE sets of width e, r of them stacked."""
    columns = min(e, facts.array_columns)
    segments = ceil_div(e, facts.array_columns)
    stack = facts.R * r
    down = min(capacities.array_rows // (stack * segments), capacities.row_tags // (stack * times_sent(facts, e, e)))
    across = facts.array_columns // columns
    if across > capacities.col_tags:
        return capacities.col_tags if down > 0 else 0
    return down * across


@compiled
def tags_suffice(facts, capacities, e, r):
    """Return whether ifmap rows of r stacked sets and columns of sets of width e have tags of their own."""
    phases = min(facts.Uy, facts.R)
    columns = e + (facts.R - 1) // facts.Uy
    return r * phases <= capacities.row_tags and columns <= capacities.col_tags


@compiled
def is_legal(facts, capacities, mapping):
    """Return whether a mapping breaks none of the rules that depend on it."""
    m, n, e, p, q, r, t = mapping
    if min(min(min(m, n), min(e, p)), min(q, min(r, t))) < 1:
        return False
    if m > facts.run_filters or n > facts.N or e > facts.E or p > m or q > facts.C:
        return False
    if r > ceil_div(facts.C, q) or t > ceil_div(m, p):
        return False
    if q * facts.S > facts.window or p > most_filters_a_pe(facts, capacities, q):
        return False
    if min(p * t, m) > most_filters_a_pass(facts, capacities, q, r) or not tags_suffice(facts, capacities, e, r):
        return False
    return t <= sets_that_fit(facts, capacities, e, r) and m <= most_filters_held(facts, capacities, n, e, q, r)


@compiled
def none_is_less(known, capacities):
    """Return whether known capacities, in a vector, are as large as those given, each of them."""
    less = 0
    for place in range(len(capacities)):
        less += known[place] < capacities[place]
    return less == 0


@compiled
def mapping_at(mappings, place):
    """Read a mapping from a row of a list (mappings x 7)."""
    m, n, e, p, q, r, t = mappings[place]
    return Parameters(m, n, e, p, q, r, t)


@compiled
def first_known_best(facts, capacities, known_capacities, known):
    """Find the first known mapping that is legal and was best where no capacity was less; -1 if there is none."""
    for place in range(known.shape[0]):
        if none_is_less(known_capacities[place], capacities) and is_legal(facts, capacities, mapping_at(known, place)):
            return place
    return -1


@compiled
def best_of_legal(facts, capacities, known, scores):
    """Find the legal one of known mappings with the least (objective, energy); -1 if none is legal."""
    best = -1
    for place in range(known.shape[0]):
        if best >= 0 and (
            scores[place, 0] > scores[best, 0]
            or (scores[place, 0] == scores[best, 0] and scores[place, 1] >= scores[best, 1])
        ):
            continue
        if is_legal(facts, capacities, mapping_at(known, place)):
            best = place
    return best
