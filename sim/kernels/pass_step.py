"""One processing pass, cycle by cycle: filter load, then ifmap multicast, MACs, LN, GIN psum and GON together."""

import numpy as np
from numba import njit

from sim.kernels.lanes import (
    ARRIVED,
    BLOCK_U,
    COLUMNS,
    FILTERS,
    LANES,
    MACS,
    RECEIVED,
    REFILL,
    SENT,
    SLIDE,
    WINDOW,
    WINDOW_WORDS,
    lane,
)
from sim.kernels.pe_step import step_local_network, step_macs

# Places in the parameter vector (int64).
PARAMETERS = (
    "IMAGES",  # n
    "IMAGE_COLUMNS",  # F
    "FILTER_WIDTH",  # S
    "FILTER_HEIGHT",  # R
    "SLIDE_COLUMNS",  # columns delivered per ofmap column after the first: min(U, S)
    "CHAINS",  # e t
    "IFMAP_ROWS",  # rows of the strip that some PE needs
    "READS_PSUMS",  # 1 unless this is the first channel group
    "IFMAP_FIFO",  # words
    "PSUM_FIFO",  # words
    "PSUM_SPAD",  # words
    "EXTRA_STAGES",  # pipeline stages after the first
    "FILTER_RATE",  # words a cycle on each bus
    "IFMAP_RATE",
    "PSUM_RATE",
    "GON_RATE",
    "LN_RATE",
    "PSUM_BANKS",  # GLB banks that hold psums; a bank serves one access a cycle
    "BANK_PORTS",
    "CYCLE_LIMIT",
)
(
    IMAGES,
    IMAGE_COLUMNS,
    FILTER_WIDTH,
    FILTER_HEIGHT,
    SLIDE_COLUMNS,
    CHAINS,
    IFMAP_ROWS,
    READS_PSUMS,
    IFMAP_FIFO,
    PSUM_FIFO,
    PSUM_SPAD,
    EXTRA_STAGES,
    FILTER_RATE,
    IFMAP_RATE,
    PSUM_RATE,
    GON_RATE,
    LN_RATE,
    PSUM_BANKS,
    BANK_PORTS,
    CYCLE_LIMIT,
) = range(len(PARAMETERS))

# Places in the vector of counters (int64).
COUNTERS = (
    "CYCLES",
    "FILTER_CYCLES",
    "GIN_FILTER_WORDS",
    "GIN_FILTER_DELIVERIES",
    "GIN_IFMAP_WORDS",
    "GIN_IFMAP_DELIVERIES",
    "GIN_PSUM_WORDS",
    "LN_HOPS",
    "GON_WORDS",
    "MACS_ISSUED",
    "IFMAP_STALLS",
    "BANK_CONFLICTS",
    "WORDS_LEFT",
)
(
    CYCLES,
    FILTER_CYCLES,
    GIN_FILTER_WORDS,
    GIN_FILTER_DELIVERIES,
    GIN_IFMAP_WORDS,
    GIN_IFMAP_DELIVERIES,
    GIN_PSUM_WORDS,
    LN_HOPS,
    GON_WORDS,
    MACS_ISSUED,
    IFMAP_STALLS,
    BANK_CONFLICTS,
    WORDS_LEFT,
) = range(len(COUNTERS))

NO_BANK = -1


@njit(cache=True)
def load_filters(parameters, set_filters, set_channels, fan_out, counters):
    """Step the GIN filter bus: each row of PEs of each set gets its p q S words, multicast along the row.

    `fan_out` (t x r x R) counts the PEs that each row's tag selects.
    """
    for t in range(set_filters.size):
        for r in range(set_channels.size):
            for row in range(parameters[FILTER_HEIGHT]):
                left = set_filters[t] * set_channels[r] * parameters[FILTER_WIDTH]
                while left > 0:
                    moved = min(left, parameters[FILTER_RATE])
                    left -= moved
                    counters[GIN_FILTER_WORDS] += moved
                    counters[GIN_FILTER_DELIVERIES] += moved * fan_out[t, r, row]
                    counters[CYCLES] += 1
    counters[FILTER_CYCLES] = counters[CYCLES]


@njit(cache=True)
def reset_lanes(state, parameters, set_filters, set_channels):
    """Clear the array and give every PE of the pass its constants."""
    state[:] = 0
    chains = parameters[CHAINS]
    blocks = -(-chains // LANES)
    levels = set_channels.size * parameters[FILTER_HEIGHT]
    width = chains // set_filters.size
    columns = parameters[IMAGES] * parameters[IMAGE_COLUMNS]
    for level in range(1, levels + 1):
        q = set_channels[(level - 1) // parameters[FILTER_HEIGHT]]
        for chain in range(chains):
            p = set_filters[chain // width]
            i = lane(level, chain, blocks)
            state[FILTERS + i] = p
            state[WINDOW_WORDS + i] = q * parameters[FILTER_WIDTH]
            state[SLIDE + i] = q * parameters[SLIDE_COLUMNS]
            state[REFILL + i] = q * (parameters[FILTER_WIDTH] - parameters[SLIDE_COLUMNS])
            state[COLUMNS + i] = columns
            if level == levels and not parameters[READS_PSUMS]:
                state[ARRIVED + i] = columns * p


@njit(cache=True)
def step_gon(state, chains, totals, rate, start, gone):
    """Move one bus word of psums from a chain's output port to the GLB; return (chain or -1, words).

    Chains take turns from `start`. A port waits for a full bus word unless its chain has nothing more to come.
    """
    for turn in range(chains):
        chain = start + turn
        if chain >= chains:
            chain -= chains
        i = np.uint64(chain // LANES) * BLOCK_U + np.uint64(chain % LANES)
        ready = state[ARRIVED + i] - state[SENT + i]
        if ready >= rate or (ready > 0 and gone[chain] + ready == totals[chain]):
            moved = min(ready, rate)
            state[SENT + i] += np.int32(moved)
            gone[chain] += moved
            return chain, moved
    return -1, 0


@njit(cache=True)
def step_gin_psum(state, bottom, chains, totals, rate, fifo_words, start):
    """Find the next chain whose bottom PE can take a bus word of psums; return (chain or -1, words)."""
    for turn in range(chains):
        chain = start + turn
        if chain >= chains:
            chain -= chains
        i = bottom + np.uint64(chain // LANES) * BLOCK_U + np.uint64(chain % LANES)
        moved = min(rate, totals[chain] - state[ARRIVED + i])
        if moved > 0 and fifo_words - (state[ARRIVED + i] - state[SENT + i]) >= moved:
            return chain, moved
    return -1, 0


@njit(cache=True)
def accepts(state, destinations, start, stop, fifo_words):
    """Say whether every PE that the tag names has room for the next ifmap word."""
    for number in range(start, stop):
        i = destinations[number]
        if state[RECEIVED + i] >= state[WINDOW + i] + state[WINDOW_WORDS + i] + fifo_words:
            return False
    return True


@njit(cache=True)
def step_pass(state, parameters, set_filters, set_channels, fan_out, starts, destinations, counters):
    """Run one pass to its last psum; fill `counters`.

    `set_filters` (t sets) and `set_channels` (r sets) give each set's share. The ifmap comes column by column, in a
    column channel by channel, in a channel row by row. `starts` (r x rows + 1) cuts `destinations` into the lanes
    that the multicast tag of one channel set and row selects. Stops at CYCLE_LIMIT with WORDS_LEFT not 0.
    """
    load_filters(parameters, set_filters, set_channels, fan_out, counters)
    reset_lanes(state, parameters, set_filters, set_channels)
    chains = parameters[CHAINS]
    blocks = -(-chains // LANES)
    levels = set_channels.size * parameters[FILTER_HEIGHT]
    bottom = np.uint64(levels * blocks) * BLOCK_U
    width = chains // set_filters.size
    rows = parameters[IFMAP_ROWS]
    columns = parameters[IMAGES] * parameters[IMAGE_COLUMNS]
    totals = np.empty(chains, np.int64)
    bank_of = np.empty(chains, np.int64)
    place = 0
    for chain in range(chains):
        totals[chain] = columns * set_filters[chain // width]
        bank_of[chain] = place
        place += -(-totals[chain] // parameters[GON_RATE])
    gone = np.zeros(chains, np.int64)
    words_left = totals.sum()
    reads_left = words_left if parameters[READS_PSUMS] else 0
    per_image = (parameters[IMAGE_COLUMNS] - 1) * parameters[SLIDE_COLUMNS] + parameters[FILTER_WIDTH]
    columns_left = parameters[IMAGES] * per_image
    channel_set = 0
    channel = 0
    row = 0
    next_out = 0
    next_in = 0
    row_columns = np.int32(parameters[IMAGE_COLUMNS])
    psum_spad = np.int32(parameters[PSUM_SPAD])
    psum_fifo = np.int32(parameters[PSUM_FIFO])
    ln_rate = np.int32(parameters[LN_RATE])
    banks = parameters[PSUM_BANKS]
    single_port = parameters[BANK_PORTS] == 1
    psum_rate = parameters[PSUM_RATE]
    gon_rate = parameters[GON_RATE]
    while words_left > 0 and counters[CYCLES] < parameters[CYCLE_LIMIT]:
        counters[CYCLES] += 1
        written_bank = NO_BANK
        chain, moved = step_gon(state, chains, totals, gon_rate, next_out, gone)
        if chain >= 0:
            written_bank = (bank_of[chain] + (gone[chain] - moved) // gon_rate) % banks
            words_left -= moved
            counters[GON_WORDS] += moved
            next_out = chain + 1 if chain + 1 < chains else 0
        counters[LN_HOPS] += step_local_network(state, levels, blocks, psum_fifo, ln_rate)
        if reads_left > 0:
            chain, moved = step_gin_psum(state, bottom, chains, totals, psum_rate, psum_fifo, next_in)
            if chain >= 0:
                i = bottom + np.uint64(chain // LANES) * BLOCK_U + np.uint64(chain % LANES)
                bank = (bank_of[chain] + state[ARRIVED + i] // psum_rate) % banks
                if single_port and bank == written_bank:
                    counters[BANK_CONFLICTS] += 1
                else:
                    state[ARRIVED + i] += np.int32(moved)
                    reads_left -= moved
                    counters[GIN_PSUM_WORDS] += moved
                    next_in = chain + 1 if chain + 1 < chains else 0
        step_macs(state, blocks, (levels + 1) * blocks, row_columns, psum_spad, parameters[EXTRA_STAGES])
        for _ in range(parameters[IFMAP_RATE]):
            if columns_left == 0:
                break
            start = starts[channel_set * rows + row]
            stop = starts[channel_set * rows + row + 1]
            if not accepts(state, destinations, start, stop, parameters[IFMAP_FIFO]):
                counters[IFMAP_STALLS] += 1
                break
            for number in range(start, stop):
                state[RECEIVED + destinations[number]] += np.int32(1)
            counters[GIN_IFMAP_WORDS] += 1
            counters[GIN_IFMAP_DELIVERIES] += stop - start
            row += 1
            if row == rows:
                row = 0
                channel += 1
                if channel == set_channels[channel_set]:
                    channel = 0
                    channel_set += 1
                    if channel_set == set_channels.size:
                        channel_set = 0
                        columns_left -= 1
    counters[WORDS_LEFT] = words_left
    for level in range(1, levels + 1):
        for chain in range(chains):
            counters[MACS_ISSUED] += state[MACS + lane(level, chain, blocks)]
