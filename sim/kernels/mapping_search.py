"""Try mappings of one layer and keep the cheapest: an estimate of energy and cycles from loop counts alone."""

import numpy as np
from numba import njit

# Places in the vector of a layer and machine (int64).
FACTS = (
    "BATCH",
    "GROUPS",  # G
    "FILTERS",  # M
    "RUN_FILTERS",  # filters of one configuration
    "CHANNELS",  # C
    "FILTER_HEIGHT",  # R
    "FILTER_WIDTH",  # S
    "OFMAP_HEIGHT",  # E
    "OFMAP_WIDTH",  # F
    "STRIDE_Y",
    "STRIDE_X",
    "ARRAY_ROWS",
    "ARRAY_COLUMNS",
    "FILTER_SPAD",  # words
    "WINDOW",  # words of a window that ifmap spad and zero buffer can take
    "PSUM_SPAD",  # words
    "ROW_TAGS",
    "COL_TAGS",
    "FMAP_BANKS",
    "BANK_BITS",
    "FMAP_COPIES",  # 2 where fmap traffic overlaps, else 1
    "FILTER_BUFFER",  # words
    "IFMAP_BITS",
    "PSUM_BITS",
    "FILTER_RATE",  # words a cycle
    "IFMAP_RATE",
    "GON_RATE",
)
(
    BATCH,
    GROUPS,
    FILTERS,
    RUN_FILTERS,
    CHANNELS,
    FILTER_HEIGHT,
    FILTER_WIDTH,
    OFMAP_HEIGHT,
    OFMAP_WIDTH,
    STRIDE_Y,
    STRIDE_X,
    ARRAY_ROWS,
    ARRAY_COLUMNS,
    FILTER_SPAD,
    WINDOW,
    PSUM_SPAD,
    ROW_TAGS,
    COL_TAGS,
    FMAP_BANKS,
    BANK_BITS,
    FMAP_COPIES,
    FILTER_BUFFER,
    IFMAP_BITS,
    PSUM_BITS,
    FILTER_RATE,
    IFMAP_RATE,
    GON_RATE,
) = range(len(FACTS))

# Places in the vector of costs (float64): energy a word, link cycles a word in core cycles, energy a cycle.
COSTS = (
    "IFMAP_FETCH",  # DRAM read and GLB fill
    "FILTER_FETCH",  # DRAM read, GLB fill and GLB read
    "IFMAP_SEND",  # GLB read and bus
    "IFMAP_DELIVERY",  # to one PE, with FIFO and spad fill
    "FILTER_DELIVERY",
    "PSUM_ROUND_TRIP",  # GON, GLB write, GLB read, GIN
    "PSUM_HOP",  # to the PE above
    "IFMAP_LINK",
    "FILTER_LINK",
    "CYCLE",  # static
)
(
    IFMAP_FETCH,
    FILTER_FETCH,
    IFMAP_SEND,
    IFMAP_DELIVERY,
    FILTER_DELIVERY,
    PSUM_ROUND_TRIP,
    PSUM_HOP,
    IFMAP_LINK,
    FILTER_LINK,
    CYCLE,
) = range(len(COSTS))

_RAMP = 16  # cycles, about what a pass takes to fill and to empty the array beside its filter load


@njit(cache=True, inline="always")
def ceil_div(total, most):
    """Divide, rounding up."""
    return -(-total // most)


@njit(cache=True)
def cut(total, shared, sets):
    """Cut a loop into passes of `shared` x `sets`; return (passes, sets at work in all, largest shares in all)."""
    step = shared * sets
    full = total // step
    rest = total - full * step
    passes, at_work, shares = full, full * sets, full * shared
    if rest > 0:
        busy = ceil_div(rest, shared)
        passes += 1
        at_work += busy
        shares += ceil_div(rest, busy)
    return passes, at_work, shares


@njit(cache=True)
def cut_filters(facts, m, p, t):
    """Cut M into runs, groups of m, and passes; return (groups, passes, sets at work, largest shares), all summed."""
    groups, passes, at_work, shares = 0, 0, 0, 0
    start = 0
    while start < facts[FILTERS]:
        run = min(facts[RUN_FILTERS], facts[FILTERS] - start)
        full = run // m
        one = cut(m, p, t)
        rest = run - full * m
        groups += full
        passes += full * one[0]
        at_work += full * one[1]
        shares += full * one[2]
        if rest > 0:
            one = cut(rest, p, t)
            groups += 1
            passes += one[0]
            at_work += one[1]
            shares += one[2]
        start += run
    return groups, passes, at_work, shares


@njit(cache=True)
def estimate(facts, costs, m, n, e, p, q, r, t):
    """Estimate the mapping-dependent energy of a layer and its core cycles; tails are counted exactly."""
    R, S, E, F = facts[FILTER_HEIGHT], facts[FILTER_WIDTH], facts[OFMAP_HEIGHT], facts[OFMAP_WIDTH]
    strips = ceil_div(E, e)
    image_groups = ceil_div(facts[BATCH], n)
    groups, filter_passes, filter_sets, filter_shares = cut_filters(facts, m, p, t)
    channel_passes, channel_sets, channel_shares = cut(facts[CHANNELS], q, r)
    width = (F - 1) * facts[STRIDE_X] + S
    rows = (E - strips) * facts[STRIDE_Y] + strips * R
    slide_y, slide_x = min(facts[STRIDE_Y], R), min(facts[STRIDE_X], S)
    rows_sent = (E - strips) * slide_y + strips * R
    columns_sent = (F - 1) * slide_x + S
    fmaps = facts[BATCH] * facts[GROUPS]
    fetched = fmaps * facts[CHANNELS] * rows * width * groups
    sent = fmaps * facts[CHANNELS] * rows_sent * columns_sent * filter_passes
    delivered = fmaps * facts[CHANNELS] * R * E * columns_sent * filter_sets
    weights = facts[GROUPS] * facts[FILTERS] * facts[CHANNELS] * R * S * image_groups
    outputs = fmaps * facts[FILTERS] * E * F
    hops = outputs * (channel_sets * R - channel_passes)
    macs = fmaps * strips * filter_shares * channel_shares * S * F
    passes = facts[GROUPS] * image_groups * strips * filter_passes * channel_passes
    busiest = max(macs, max(outputs * channel_passes / facts[GON_RATE], sent / facts[IFMAP_RATE]))
    processing = weights * strips / facts[FILTER_RATE] + busiest + passes * _RAMP
    cycles = max(processing, weights * strips * costs[FILTER_LINK]) + fetched * costs[IFMAP_LINK]
    energy = (
        fetched * costs[IFMAP_FETCH]
        + weights * strips * costs[FILTER_FETCH]
        + sent * costs[IFMAP_SEND]
        + delivered * costs[IFMAP_DELIVERY]
        + weights * E * costs[FILTER_DELIVERY]
        + outputs * (channel_passes - 1) * costs[PSUM_ROUND_TRIP]
        + hops * costs[PSUM_HOP]
        + cycles * costs[CYCLE]
    )
    return energy, cycles


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
    columns = min(e, facts[ARRAY_COLUMNS])
    segments = ceil_div(e, facts[ARRAY_COLUMNS])
    down = facts[ARRAY_ROWS] // (facts[FILTER_HEIGHT] * r * segments)
    return down * (facts[ARRAY_COLUMNS] // columns)


@njit(cache=True)
def search(facts, costs, widths, image_counts, best):
    """Try e in `widths`, n in `image_counts`, and all q, r, t, p; m is the largest that the GLB holds.

    Put the cheapest mapping (m n e p q r t) into `best`; of equal energies the faster one, then the first found.
    Return (energy, cycles, mappings tried); with none legal, `best` is left as it was and the count is 0.
    """
    least, quickest, tried = np.inf, np.inf, 0
    phases = min(facts[STRIDE_Y], facts[FILTER_HEIGHT])
    for e in widths:
        if e + (facts[FILTER_HEIGHT] - 1) // facts[STRIDE_Y] > facts[COL_TAGS]:
            continue
        for n in image_counts:
            for q in range(1, min(facts[CHANNELS], facts[WINDOW] // facts[FILTER_WIDTH]) + 1):
                for r in range(1, min(facts[ROW_TAGS] // phases, ceil_div(facts[CHANNELS], q)) + 1):
                    held = most_filters_held(facts, n, e, q, r)
                    if held == 0:
                        break
                    channels = min(q * r, facts[CHANNELS])
                    pass_filters = facts[FILTER_BUFFER] // (channels * facts[FILTER_HEIGHT] * facts[FILTER_WIDTH])
                    p_most = min(facts[FILTER_SPAD] // (q * facts[FILTER_WIDTH]), facts[PSUM_SPAD])
                    for t in range(1, sets_that_fit(facts, e, r) + 1):
                        for p in range(1, min(p_most, held) + 1):
                            if t > ceil_div(held, p) or min(p * t, held) > pass_filters:
                                break
                            whole = held // (p * t) * (p * t)
                            m = held if held == facts[RUN_FILTERS] or whole == 0 else whole
                            energy, cycles = estimate(facts, costs, m, n, e, p, q, r, t)
                            tried += 1
                            if energy < least or (energy == least and cycles < quickest):
                                least, quickest = energy, cycles
                                best[:] = m, n, e, p, q, r, t
    return least, quickest, tried
