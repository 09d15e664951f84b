"""Cost of a mapped layer in closed form: cycles of a pass from what bounds it, of a layer, and its energy.

Passes load filters, then run at the pace of the slowest of three things that work together: the PEs, the psum buses,
the ifmap bus. The load may start as soon as the PEs have done the MACs of the pass before, while its psums drain; a
pass is taken to follow one of its own shape. For fixed filters, channels and times that a filter word is sent, a
pass's cycles are convex in its images and in its ofmap rows, on which the mapper's pruning rests.
"""

from sim.kernels import compiled

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
    "FILTER_BITS",
    "PSUM_BITS",
    "FILTER_RATE",  # words a cycle
    "IFMAP_RATE",
    "PSUM_RATE",  # of the slower psum bus
    "STAGES",  # of the PE pipeline
    "WHOLE_WINDOW",  # 1 where a column's MACs wait for its whole window
    "ROW_MULTICAST",  # 1 where a filter word reaches one row of the array
    "DRAIN_OVERLAPS",  # 1 where filters are loaded while psums drain
    "SETUP",  # cycles of every pass
    "LINK_WIDTH",  # bits
    "PRELOADS",  # 1 where filters are fetched while a pass runs
    "CONFIGURATION",  # cycles
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
    FILTER_BITS,
    PSUM_BITS,
    FILTER_RATE,
    IFMAP_RATE,
    PSUM_RATE,
    STAGES,
    WHOLE_WINDOW,
    ROW_MULTICAST,
    DRAIN_OVERLAPS,
    SETUP,
    LINK_WIDTH,
    PRELOADS,
    CONFIGURATION,
) = range(len(FACTS))

# Places in the vector of costs (float64): energy a word or bit, cycles, bits.
COSTS = (
    "DRAM_IFMAP_BIT",
    "IFMAP_FILL",  # GLB write
    "FILTER_FETCH",  # DRAM read and GLB fill
    "FILTER_SEND",  # GLB read and bus
    "IFMAP_SEND",  # GLB read and bus
    "IFMAP_DELIVERY",  # to one PE, with FIFO and spad fill
    "FILTER_DELIVERY",
    "PSUM_OUT",  # GON, its FIFO and GLB write of a psum that is not complete
    "PSUM_IN",  # GLB read, GIN and FIFO
    "PSUM_HOP",  # to the PE above
    "DRAM_OFMAP_BIT",
    "FIXED",  # energy that no mapping changes
    "CYCLE",  # static energy of one cycle
    "PE_CYCLE",  # the same of one PE in use
    "LINK_CYCLE",  # core cycles of one link cycle
    "STORED_BITS",  # in DRAM, of an ifmap value
    "PADDING_BITS",
    "IFMAP_STREAM_BITS",
    "OFMAP_BITS",  # in DRAM, of all ofmap values
    "OFMAP_STREAM_BITS",
    "CODEC_CYCLE",  # core cycles of one value
    "CROSSING",  # core cycles of a transfer beside its words
    "BURST_WAIT",  # core cycles, mean, that a load waits for a preload's burst
)
(
    DRAM_IFMAP_BIT,
    IFMAP_FILL,
    FILTER_FETCH,
    FILTER_SEND,
    IFMAP_SEND,
    IFMAP_DELIVERY,
    FILTER_DELIVERY,
    PSUM_OUT,
    PSUM_IN,
    PSUM_HOP,
    DRAM_OFMAP_BIT,
    FIXED,
    CYCLE,
    PE_CYCLE,
    LINK_CYCLE,
    STORED_BITS,
    PADDING_BITS,
    IFMAP_STREAM_BITS,
    OFMAP_BITS,
    OFMAP_STREAM_BITS,
    CODEC_CYCLE,
    CROSSING,
    BURST_WAIT,
) = range(len(COSTS))


@compiled(inline="always")
def ceil_div(total, most):
    """Divide, rounding up."""
    return -(-total // most)


@compiled
def times_sent(facts, rows, e):
    """Count how often a filter word goes on the bus for a strip of `rows` ofmap rows: once a segment."""
    return ceil_div(rows, min(e, facts[ARRAY_COLUMNS])) if facts[ROW_MULTICAST] else 1


@compiled
def times_sent_for_all_strips(facts, e):
    """Add up, over the strips of a layer, how often a filter word goes on the bus."""
    full, rest = facts[OFMAP_HEIGHT] // e, facts[OFMAP_HEIGHT] % e
    return full * times_sent(facts, e, e) + (times_sent(facts, rest, e) if rest else 0)


@compiled
def load_cycles(facts, filters, channels, filter_sets, channel_sets):
    """Count the filter bus's cycles for sending a pass's filters once: a row of PEs takes bus words of its own."""
    f_share, f_rest = filters // filter_sets, filters % filter_sets
    c_share, c_rest = channels // channel_sets, channels % channel_sets
    cycles = 0
    for f_extra in range(2):
        f_sets = f_rest if f_extra else filter_sets - f_rest
        for c_extra in range(2):
            c_sets = c_rest if c_extra else channel_sets - c_rest
            words = (f_share + f_extra) * (c_share + c_extra) * facts[FILTER_WIDTH]
            cycles += f_sets * c_sets * ceil_div(words, facts[FILTER_RATE])
    return cycles * facts[FILTER_HEIGHT]


@compiled
def run_cycles(facts, images, rows, filters, channels, filter_sets, channel_sets):
    """Return a pass after its filter load (cycles until its last MAC, cycles in all): MACs and ifmap bus, or psum
    buses.

    Where the psum buses are the slowest, the PEs are ahead of them by no more than their psum spads hold.
    """
    S, F, R = facts[FILTER_WIDTH], facts[OFMAP_WIDTH], facts[FILTER_HEIGHT]
    p, q = ceil_div(filters, filter_sets), ceil_div(channels, channel_sets)
    slide_y, slide_x = min(facts[STRIDE_Y], R), min(facts[STRIDE_X], S)
    macs = float(p * q * S)
    ifmap_column = ((rows - 1) * slide_y + R) * channels / facts[IFMAP_RATE]
    psum_column = rows * filters / facts[PSUM_RATE]
    column = max(macs, ifmap_column * slide_x)
    words = ifmap_column * ((F - 1) * slide_x + S)
    if facts[WHOLE_WINDOW]:
        # The last PE has its first window after S columns, the first chain when one channel's rows are still to come.
        first = ifmap_column * S + macs
        last_word = macs
        first_psum = ifmap_column * S - ifmap_column / channels + macs
    else:
        # The last PE gets its first word after most of a column, then works at the bus's pace or its own.
        first = ifmap_column + max(macs, ifmap_column * (S - 1) + p * q)
        last_word = float(p * q)
        first_psum = macs + p * q
    macs_done = max(first + (images * F - 1) * column, images * words + last_word)
    climb = channel_sets * R + facts[STAGES]
    run = max(macs_done + psum_column, first_psum + images * F * psum_column) + climb
    ahead = rows * filter_sets * facts[PSUM_SPAD] / facts[PSUM_RATE] + climb
    return max(macs_done, run - ahead), run


@compiled
def pass_cycles(facts, costs, images, rows, filters, channels, e, p, q):
    """Return a pass's core cycles, and how long it then waits for the next filters."""
    filter_sets, channel_sets = ceil_div(filters, p), ceil_div(channels, q)
    load = load_cycles(facts, filters, channels, filter_sets, channel_sets) * times_sent(facts, rows, e)
    macs_done, run = run_cycles(facts, images, rows, filters, channels, filter_sets, channel_sets)
    fetch = fetch_cycles(facts, costs, filters, channels)
    busy = max(run, load + macs_done) if facts[DRAIN_OVERLAPS] else load + run
    stall = max(0.0, load + fetch - busy) if facts[PRELOADS] else fetch
    return facts[SETUP] + busy, stall


@compiled
def fetch_cycles(facts, costs, filters, channels):
    """Count the core cycles in which the link moves a pass's filters."""
    words = filters * channels * facts[FILTER_HEIGHT] * facts[FILTER_WIDTH]
    return ceil_div(words * facts[FILTER_BITS], facts[LINK_WIDTH]) * costs[LINK_CYCLE]


@compiled(inline="always")
def piece(total, most, which):
    """Return (size, count) of a loop's full pieces (`which` 0) or of its rest (1); the count may be 0."""
    if which == 0:
        return most, total // most
    return total % most, 1 if total % most else 0


@compiled
def count_filter_cuts(facts, m, p, t):
    """Cut M into runs, groups of m and passes of p t; return (groups, passes, sets at work), all summed."""
    groups, passes, at_work = 0, 0, 0
    for run_kind in range(2):
        run, runs = piece(facts[FILTERS], facts[RUN_FILTERS], run_kind)
        if runs == 0:
            continue
        for group_kind in range(2):
            group, held = piece(run, m, group_kind)
            if held == 0:
                continue
            groups += runs * held
            for pass_kind in range(2):
                size, count = piece(group, p * t, pass_kind)
                passes += runs * held * count
                at_work += runs * held * count * ceil_div(size, p)
    return groups, passes, at_work


@compiled
def busy_cycles(facts, costs, m, n, e, p, q, r, t):
    """Add up the passes; return (cycles with stalls for filters, the part of the stalls that loads hide)."""
    groups, passes, _ = count_filter_cuts(facts, m, p, t)
    hidden_by_load = groups / passes * (costs[BURST_WAIT] + costs[CROSSING])
    busy, hidden = 0.0, 0.0
    for run_kind in range(2):
        run, runs = piece(facts[FILTERS], facts[RUN_FILTERS], run_kind)
        for group_kind in range(2):
            group, held = piece(run, m, group_kind) if runs else (0, 0)
            for filter_kind in range(2):
                filters, f_count = piece(group, p * t, filter_kind) if held else (0, 0)
                for channel_kind in range(2):
                    channels, c_count = piece(facts[CHANNELS], q * r, channel_kind)
                    if f_count * c_count == 0:
                        continue
                    for row_kind in range(2):
                        rows, r_count = piece(facts[OFMAP_HEIGHT], e, row_kind)
                        for image_kind in range(2):
                            images, i_count = piece(facts[BATCH], n, image_kind)
                            repeats = runs * held * f_count * c_count * r_count * i_count
                            if repeats == 0:
                                continue
                            cycles, stall = pass_cycles(facts, costs, images, rows, filters, channels, e, p, q)
                            busy += repeats * (cycles + stall)
                            hidden += repeats * min(stall, hidden_by_load)
    return busy * facts[GROUPS], hidden * facts[GROUPS]


@compiled
def first_fetch(facts, costs, m, p, q, r, t):
    """Count the cycles of the first pass's filter fetch, which no pass hides."""
    filters = min(min(p * t, m), facts[RUN_FILTERS])
    return fetch_cycles(facts, costs, filters, min(q * r, facts[CHANNELS]))


@compiled
def fmap_traffic(facts, costs, groups, channel_passes, strips, image_groups, stored):
    """Return (ifmap bits, ofmap bits, cycles) of the fmaps between DRAM and GLB; `stored` rows x columns a channel."""
    width = (facts[OFMAP_WIDTH] - 1) * facts[STRIDE_X] + facts[FILTER_WIDTH]
    rows = (facts[OFMAP_HEIGHT] - strips) * facts[STRIDE_Y] + strips * facts[FILTER_HEIGHT]
    channels = facts[BATCH] * facts[GROUPS] * facts[CHANNELS] * groups
    values = channels * rows * width
    kept = channels * stored
    outputs = facts[BATCH] * facts[GROUPS] * facts[FILTERS] * facts[OFMAP_HEIGHT] * facts[OFMAP_WIDTH]
    stores = groups * facts[GROUPS] * image_groups * strips
    loads = stores * channel_passes
    ifmap_bits = kept * costs[STORED_BITS] + (values - kept) * costs[PADDING_BITS] + loads * costs[IFMAP_STREAM_BITS]
    ofmap_bits = costs[OFMAP_BITS] + stores * costs[OFMAP_STREAM_BITS]
    link = costs[LINK_CYCLE] / facts[LINK_WIDTH]
    cycles = max(ifmap_bits * link, values * costs[CODEC_CYCLE]) + max(ofmap_bits * link, outputs * costs[CODEC_CYCLE])
    return ifmap_bits, ofmap_bits, cycles + (loads + stores) * (costs[LINK_CYCLE] / 2 + costs[CROSSING])


@compiled
def moved_energy(
    facts, costs, groups, filter_passes, filter_sets, channel_passes, channel_sets, strips, image_groups, e
):
    """Return the energy of all words on the chip and of filters from DRAM, but for what no mapping changes."""
    R, S, E, F = facts[FILTER_HEIGHT], facts[FILTER_WIDTH], facts[OFMAP_HEIGHT], facts[OFMAP_WIDTH]
    width = (F - 1) * facts[STRIDE_X] + S
    rows = (E - strips) * facts[STRIDE_Y] + strips * R
    rows_sent = (E - strips) * min(facts[STRIDE_Y], R) + strips * R
    columns_sent = (F - 1) * min(facts[STRIDE_X], S) + S
    fmaps = facts[BATCH] * facts[GROUPS]
    channels = fmaps * facts[CHANNELS]
    weights = facts[GROUPS] * facts[FILTERS] * facts[CHANNELS] * R * S * image_groups
    outputs = fmaps * facts[FILTERS] * E * F
    return (
        channels * rows * width * groups * costs[IFMAP_FILL]
        + weights * strips * costs[FILTER_FETCH]
        + weights * times_sent_for_all_strips(facts, e) * costs[FILTER_SEND]
        + channels * rows_sent * columns_sent * filter_passes * costs[IFMAP_SEND]
        + channels * R * E * columns_sent * filter_sets * costs[IFMAP_DELIVERY]
        + weights * E * costs[FILTER_DELIVERY]
        + outputs * (channel_passes - 1) * (costs[PSUM_OUT] + costs[PSUM_IN])
        + outputs * (channel_sets * R - channel_passes) * costs[PSUM_HOP]
    )


@compiled
def system_energy(costs, moved, ifmap_bits, ofmap_bits, cycles, active_pes):
    """Add up the energy of words moved, of fmaps in DRAM, of what no mapping changes, and of time."""
    fmaps = ifmap_bits * costs[DRAM_IFMAP_BIT] + ofmap_bits * costs[DRAM_OFMAP_BIT]
    return moved + fmaps + costs[FIXED] + cycles * (costs[CYCLE] + active_pes * costs[PE_CYCLE])


@compiled
def evaluate(facts, costs, m, n, e, p, q, r, t, stored):
    """Return (system energy, total cycles, DRAM bits, processing cycles) of a mapped layer."""
    groups, filter_passes, filter_sets = count_filter_cuts(facts, m, p, t)
    channel_passes = ceil_div(facts[CHANNELS], q * r)
    channel_sets = facts[CHANNELS] // (q * r) * r + ceil_div(facts[CHANNELS] % (q * r), q)
    strips, image_groups = ceil_div(facts[OFMAP_HEIGHT], e), ceil_div(facts[BATCH], n)
    ifmap_bits, ofmap_bits, waits = fmap_traffic(facts, costs, groups, channel_passes, strips, image_groups, stored)
    busy, hidden = busy_cycles(facts, costs, m, n, e, p, q, r, t)
    busy += first_fetch(facts, costs, m, p, q, r, t)
    if facts[FMAP_COPIES] == 2:
        waits = max(0.0, waits - busy)
    cycles = busy + waits + facts[CONFIGURATION]
    moved = moved_energy(
        facts, costs, groups, filter_passes, filter_sets, channel_passes, channel_sets, strips, image_groups, e
    )
    energy = system_energy(costs, moved, ifmap_bits, ofmap_bits, cycles, facts[FILTER_HEIGHT] * e * r * t)
    weights = facts[GROUPS] * facts[FILTERS] * facts[CHANNELS] * facts[FILTER_HEIGHT] * facts[FILTER_WIDTH]
    filter_bits = weights * image_groups * strips * facts[FILTER_BITS]
    return energy, cycles, filter_bits + ifmap_bits + ofmap_bits, busy - hidden
