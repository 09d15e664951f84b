"""One processing pass, cycle by cycle: filter load, then ifmap multicast, MACs, LN, GIN psum and GON together."""

import numpy as np

from sim.chips.eyeriss.kernels.lanes import (
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
from sim.chips.eyeriss.kernels.pass_layout import (
    BANK_CONFLICTS,
    BANK_PORTS,
    CHAINS,
    CYCLE_LIMIT,
    CYCLES,
    EXTRA_STAGES,
    FILTER_CYCLES,
    FILTER_HEIGHT,
    FILTER_RATE,
    FILTER_WIDTH,
    GIN_FILTER_DELIVERIES,
    GIN_FILTER_WORDS,
    GIN_IFMAP_DELIVERIES,
    GIN_IFMAP_WORDS,
    GIN_PSUM_WORDS,
    GON_RATE,
    GON_WORDS,
    IFMAP_FIFO,
    IFMAP_RATE,
    IFMAP_ROWS,
    IFMAP_STALLS,
    IMAGE_COLUMNS,
    IMAGES,
    LAST_MAC,
    LN_HOPS,
    LN_RATE,
    MACS_ISSUED,
    PSUM_BANKS,
    PSUM_FIFO,
    PSUM_RATE,
    PSUM_SPAD,
    READS_PSUMS,
    SLIDE_COLUMNS,
    WHOLE_WINDOW,
    WORDS_LEFT,
)
from sim.chips.eyeriss.kernels.pe_step import step_local_network, step_macs
from sim.kernels import compiled

NO_BANK = -1


@compiled
def load_filters(parameters, set_filters, set_channels, fan_out, counters):
    """Step the GIN filter bus: each row of PEs of each set gets its p q S words, multicast along the row.

    `fan_out` (t x r x R x times sent) counts the PEs that each tag selects; a tag that selects none is not sent.
    """
    for t, r, row, again in np.ndindex(fan_out.shape):
        if fan_out[t, r, row, again] == 0:
            continue
        left = set_filters[t] * set_channels[r] * parameters[FILTER_WIDTH]
        while left > 0:
            moved = min(left, parameters[FILTER_RATE])
            left -= moved
            counters[GIN_FILTER_WORDS] += moved
            counters[GIN_FILTER_DELIVERIES] += moved * fan_out[t, r, row, again]
            counters[CYCLES] += 1
    counters[FILTER_CYCLES] = counters[CYCLES]


@compiled
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


@compiled
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


@compiled
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


@compiled
def accepts(state, destinations, start, stop, fifo_words):
    """Return whether every PE that the tag names has room for the next ifmap word."""
    for number in range(start, stop):
        i = destinations[number]
        if state[RECEIVED + i] >= state[WINDOW + i] + state[WINDOW_WORDS + i] + fifo_words:
            return False
    return True


@compiled
def step_gin_ifmap(state, parameters, set_channels, starts, destinations, place, counters):
    """Multicast ifmap words at the bus's rate, until one finds a PE without room for it.

    `place` holds [columns left, channel set, channel in the set, row], and is moved on: rows change fastest.
    """
    rows = parameters[IFMAP_ROWS]
    for _ in range(parameters[IFMAP_RATE]):
        if place[0] == 0:
            return
        tag = place[1] * rows + place[3]
        if not accepts(state, destinations, starts[tag], starts[tag + 1], parameters[IFMAP_FIFO]):
            counters[IFMAP_STALLS] += 1
            return
        for number in range(starts[tag], starts[tag + 1]):
            state[RECEIVED + destinations[number]] += np.int32(1)
        counters[GIN_IFMAP_WORDS] += 1
        counters[GIN_IFMAP_DELIVERIES] += starts[tag + 1] - starts[tag]
        place[3] += 1
        if place[3] < rows:
            continue
        place[3] = 0
        place[2] += 1
        if place[2] < set_channels[place[1]]:
            continue
        place[2] = 0
        place[1] += 1
        if place[1] == set_channels.size:
            place[1] = 0
            place[0] -= 1


@compiled
def lay_out_psums(parameters, set_filters):
    """Give, for each chain, the psums that it will put out, and the GON bus word at which they start in the GLB."""
    chains = parameters[CHAINS]
    totals = np.empty(chains, np.int64)
    places = np.empty(chains, np.int64)
    place = 0
    for chain in range(chains):
        filters = set_filters[chain // (chains // set_filters.size)]
        totals[chain] = parameters[IMAGES] * parameters[IMAGE_COLUMNS] * filters
        places[chain] = place
        place += -(-totals[chain] // parameters[GON_RATE])
    return totals, places


@compiled
def step_pass(state, parameters, set_filters, set_channels, fan_out, starts, destinations, counters):
    """Run one pass to its last psum; fill `counters`.

    `set_filters` (t sets) and `set_channels` (r sets) give each set's share. The ifmap comes column by column, in a
    column channel by channel, in a channel row by row. `starts` (r x rows + 1) cuts `destinations` into the lanes
    that the multicast tag of one channel set and row selects. In a cycle the GON moves first, then the LN, the GIN of
    psums, the PEs and the GIN of ifmaps: who takes moves before who gives, so that a word takes a cycle for every
    stage, as through registers. Stops at CYCLE_LIMIT with WORDS_LEFT not 0.
    """
    load_filters(parameters, set_filters, set_channels, fan_out, counters)
    reset_lanes(state, parameters, set_filters, set_channels)
    chains = parameters[CHAINS]
    blocks = -(-chains // LANES)
    levels = set_channels.size * parameters[FILTER_HEIGHT]
    bottom = np.uint64(levels * blocks) * BLOCK_U
    totals, places = lay_out_psums(parameters, set_filters)
    gone = np.zeros(chains, np.int64)
    words_left = totals.sum()
    reads_left = words_left if parameters[READS_PSUMS] else 0
    per_image = (parameters[IMAGE_COLUMNS] - 1) * parameters[SLIDE_COLUMNS] + parameters[FILTER_WIDTH]
    ifmap_place = np.array([parameters[IMAGES] * per_image, 0, 0, 0])
    next_out, next_in = 0, 0
    # 32 bits, like the state: a wider number would halve what one vector instruction steps.
    row_columns = np.int32(parameters[IMAGE_COLUMNS])
    psum_spad = np.int32(parameters[PSUM_SPAD])
    psum_fifo = np.int32(parameters[PSUM_FIFO])
    ln_rate = np.int32(parameters[LN_RATE])
    gon_rate, psum_rate, banks = parameters[GON_RATE], parameters[PSUM_RATE], parameters[PSUM_BANKS]
    extra_stages, whole_window = parameters[EXTRA_STAGES], parameters[WHOLE_WINDOW]
    past_last = (levels + 1) * blocks
    single_port = parameters[BANK_PORTS] == 1
    # Whether anything has changed since a look at all chains found nothing to move: most cycles need no such look.
    look_out, look_in = True, True
    while words_left > 0 and counters[CYCLES] < parameters[CYCLE_LIMIT]:
        counters[CYCLES] += 1
        written_bank = NO_BANK  # where a bank has one port, the GON, whose psums can't wait elsewhere, has it first
        chain, moved = step_gon(state, chains, totals, gon_rate, next_out, gone) if look_out else (-1, 0)
        look_out = chain >= 0
        if chain >= 0:
            written_bank = (places[chain] + (gone[chain] - moved) // gon_rate) % banks
            words_left -= moved
            counters[GON_WORDS] += moved
            next_out = chain + 1 if chain + 1 < chains else 0
        hops, to_ports, from_bottom = step_local_network(state, levels, blocks, psum_fifo, ln_rate)
        counters[LN_HOPS] += hops
        # Only the LN fills the output ports, and only it makes room in the bottom PEs.
        look_out = look_out or to_ports > 0
        look_in = look_in or from_bottom > 0
        if reads_left > 0 and look_in:
            chain, moved = step_gin_psum(state, bottom, chains, totals, psum_rate, psum_fifo, next_in)
            look_in = chain >= 0
            if chain >= 0:
                i = bottom + np.uint64(chain // LANES) * BLOCK_U + np.uint64(chain % LANES)
                if single_port and (places[chain] + state[ARRIVED + i] // gon_rate) % banks == written_bank:
                    counters[BANK_CONFLICTS] += 1
                else:
                    state[ARRIVED + i] += np.int32(moved)
                    reads_left -= moved
                    counters[GIN_PSUM_WORDS] += moved
                    next_in = chain + 1 if chain + 1 < chains else 0
        if step_macs(state, blocks, past_last, row_columns, psum_spad, extra_stages, whole_window) > 0:
            counters[LAST_MAC] = counters[CYCLES]
        step_gin_ifmap(state, parameters, set_channels, starts, destinations, ifmap_place, counters)
    counters[WORDS_LEFT] = words_left
    for level in range(1, levels + 1):
        for chain in range(chains):
            counters[MACS_ISSUED] += state[MACS + lane(level, chain, blocks)]
