"""What mappings are legal, in numbers: the rules of `mapping.legality` that a mapping can break.

Of a layer's facts, those of CAPACITIES say what is legal, never what it costs, and the larger they are, the more is
legal.
"""

from sim.chips.eyeriss.kernels.layer_cost import (
    ARRAY_COLUMNS,
    ARRAY_ROWS,
    BANK_BITS,
    BATCH,
    CHANNELS,
    COL_TAGS,
    FILTER_BUFFER,
    FILTER_HEIGHT,
    FILTER_SPAD,
    FILTER_WIDTH,
    FMAP_BANKS,
    FMAP_COPIES,
    IFMAP_BITS,
    OFMAP_HEIGHT,
    OFMAP_WIDTH,
    PSUM_BITS,
    PSUM_SPAD,
    ROW_TAGS,
    RUN_FILTERS,
    STRIDE_X,
    STRIDE_Y,
    WINDOW,
    ceil_div,
    times_sent,
)
from sim.kernels import compiled

CAPACITIES = (ARRAY_ROWS, FILTER_SPAD, ROW_TAGS, COL_TAGS, FMAP_BANKS, BANK_BITS, FILTER_BUFFER)


@compiled
def most_filters_held(facts, n, e, q, r):
    """Return the largest m for which the psum tile fits beside the ifmap tile; 0 if none does."""
    rows = (e - 1) * facts[STRIDE_Y] + facts[FILTER_HEIGHT]
    width = (facts[OFMAP_WIDTH] - 1) * facts[STRIDE_X] + facts[FILTER_WIDTH]
    channels = min(q * r, facts[CHANNELS])
    ifmap_bits = facts[FMAP_COPIES] * n * channels * rows * width * facts[IFMAP_BITS]
    banks = facts[FMAP_BANKS] - ceil_div(ifmap_bits, facts[BANK_BITS])
    if banks <= 0:
        return 0
    per_filter = facts[FMAP_COPIES] * n * e * facts[OFMAP_WIDTH] * facts[PSUM_BITS]
    return min(banks * facts[BANK_BITS] // per_filter, facts[RUN_FILTERS])


@compiled
def most_filters_a_pe(facts, q):
    """Return the largest p for which a PE holds the weights and the psums."""
    return min(facts[FILTER_SPAD] // (q * facts[FILTER_WIDTH]), facts[PSUM_SPAD])


@compiled
def most_filters_a_pass(facts, q, r):
    """Return the most filters of one pass that the filter banks hold."""
    channels = min(q * r, facts[CHANNELS])
    return facts[FILTER_BUFFER] // (channels * facts[FILTER_HEIGHT] * facts[FILTER_WIDTH])


@compiled
def sets_that_fit(facts, e, r):
    """Return the largest t for PE sets of width e, r of them stacked."""
    columns = min(e, facts[ARRAY_COLUMNS])
    segments = ceil_div(e, facts[ARRAY_COLUMNS])
    stack = facts[FILTER_HEIGHT] * r
    down = min(facts[ARRAY_ROWS] // (stack * segments), facts[ROW_TAGS] // (stack * times_sent(facts, e, e)))
    across = facts[ARRAY_COLUMNS] // columns
    if across > facts[COL_TAGS]:
        return facts[COL_TAGS] if down > 0 else 0
    return down * across


@compiled
def tags_suffice(facts, e, r):
    """Return whether ifmap rows of r stacked sets and columns of sets of width e have tags of their own."""
    phases = min(facts[STRIDE_Y], facts[FILTER_HEIGHT])
    columns = e + (facts[FILTER_HEIGHT] - 1) // facts[STRIDE_Y]
    return r * phases <= facts[ROW_TAGS] and columns <= facts[COL_TAGS]


@compiled
def is_legal(facts, m, n, e, p, q, r, t):
    """Return whether a mapping breaks none of the rules that depend on it."""
    if min(min(min(m, n), min(e, p)), min(q, min(r, t))) < 1:
        return False
    if m > facts[RUN_FILTERS] or n > facts[BATCH] or e > facts[OFMAP_HEIGHT] or p > m or q > facts[CHANNELS]:
        return False
    if r > ceil_div(facts[CHANNELS], q) or t > ceil_div(m, p):
        return False
    if q * facts[FILTER_WIDTH] > facts[WINDOW] or p > most_filters_a_pe(facts, q):
        return False
    if min(p * t, m) > most_filters_a_pass(facts, q, r) or not tags_suffice(facts, e, r):
        return False
    return t <= sets_that_fit(facts, e, r) and m <= most_filters_held(facts, n, e, q, r)


@compiled
def first_known_best(facts, capacities, known_capacities, known):
    """Find the first known mapping that is legal and was best where no capacity was less; -1 if there is none."""
    for place in range(known.shape[0]):
        m, n, e, p, q, r, t = known[place]
        if (known_capacities[place] >= capacities).all() and is_legal(facts, m, n, e, p, q, r, t):
            return place
    return -1


@compiled
def best_of_legal(facts, known, scores):
    """Find the legal one of known mappings with the least (objective, energy); -1 if none is legal."""
    best = -1
    for place in range(known.shape[0]):
        m, n, e, p, q, r, t = known[place]
        if best >= 0 and (
            scores[place, 0] > scores[best, 0]
            or (scores[place, 0] == scores[best, 0] and scores[place, 1] >= scores[best, 1])
        ):
            continue
        if is_legal(facts, m, n, e, p, q, r, t):
            best = place
    return best
