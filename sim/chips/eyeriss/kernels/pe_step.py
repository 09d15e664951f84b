"""One cycle of every PE and of every LN hop, sixteen PEs at a time (JSSC 2017, Section V)."""

import numpy as np

from sim.chips.eyeriss.kernels.lanes import (
    ARRIVED,
    BLOCK_U,
    COLUMN,
    COLUMN_PSUMS,
    COLUMNS,
    DELAY1,
    DELAY2,
    FILTER,
    FILTERS,
    FINISHED,
    IMAGE_COLUMN,
    LANES,
    MACS,
    RECEIVED,
    REFILL,
    SENT,
    SLIDE,
    VALUE,
    WINDOW,
    WINDOW_WORDS,
)
from sim.kernels import compiled

I32 = np.int32
ZERO = np.int32(0)
ONE = np.int32(1)


@compiled(boundscheck=False, inline="never")
def step_macs(state, first_block, last_block, row_columns, psum_spad, extra_stages, whole_window):
    """Let every PE issue one MAC if it can; advance its window, filter and column counters; return the MACs issued.

    A PE takes its window's ifmap values in turn, each for all its filters. It waits for an ifmap word that has not
    come, before a column's first MAC for all words of the window if `whole_window` is 1, and, where a column opens
    new psums, for room in the psum spad. `row_columns` is F, `extra_stages` the pipeline stages after the first (0 to
    2): psums are finished that many cycles after their last MAC.
    """
    issued = ZERO
    for block in range(first_block, last_block):
        base = np.uint64(block) * BLOCK_U
        for number in range(LANES):
            i = base + np.uint64(number)
            value = state[VALUE + i]
            which = state[FILTER + i]
            filters = state[FILTERS + i]
            words = state[WINDOW_WORDS + i]
            window = state[WINDOW + i]
            psums = state[COLUMN_PSUMS + i]
            column = state[COLUMN + i]
            image_column = state[IMAGE_COLUMN + i]
            waits = (value == ZERO) & (which == ZERO) & (whole_window != 0)
            due = I32(words - ONE) if waits else value
            has_word = state[RECEIVED + i] > I32(window + due)
            has_room = (value > ZERO) | (I32(psums + which - state[SENT + i]) < psum_spad)
            busy = (column < state[COLUMNS + i]) & has_word & has_room
            which = I32(which + I32(busy))
            value_done = which == filters
            which = ZERO if value_done else which
            value = I32(value + I32(value_done))
            column_done = value == words
            value = ZERO if column_done else value
            column = I32(column + I32(column_done))
            psums = I32(psums + (filters if column_done else ZERO))
            image_column = I32(image_column + I32(column_done))
            image_done = image_column == row_columns
            image_column = ZERO if image_done else image_column
            slide = state[SLIDE + i] if column_done else ZERO
            refill = state[REFILL + i] if image_done else ZERO
            finished = I32(psums + (which if value == I32(words - ONE) else ZERO))
            once = state[DELAY1 + i]
            twice = state[DELAY2 + i]
            state[FINISHED + i] = twice if extra_stages == 2 else (once if extra_stages == 1 else finished)
            state[DELAY2 + i] = once
            state[DELAY1 + i] = finished
            state[VALUE + i] = value
            state[FILTER + i] = which
            state[WINDOW + i] = I32(window + slide + refill)
            state[COLUMN + i] = column
            state[COLUMN_PSUMS + i] = psums
            state[IMAGE_COLUMN + i] = image_column
            state[MACS + i] = I32(state[MACS + i] + I32(busy))
            issued = I32(issued + I32(busy))
    return issued


@compiled(boundscheck=False, inline="never")
def step_local_network(state, levels, blocks_per_level, fifo_words, rate):
    """Move up to `rate` finished psums from every PE into the FIFO above it.

    Return the words moved: between PEs (hops), to the output ports, and away from the bottom PEs.

    A psum moves when the PE has finished its own part, the part from below has arrived, and the FIFO above has room.
    Levels go from the top down, so a word climbs one level a cycle.
    """
    hops, to_ports, from_bottom = ZERO, ZERO, ZERO
    for level in range(1, levels + 1):
        lifted = ZERO
        for block in range(blocks_per_level):
            lower = np.uint64(level * blocks_per_level + block) * BLOCK_U
            upper = np.uint64((level - 1) * blocks_per_level + block) * BLOCK_U
            for number in range(LANES):
                below = lower + np.uint64(number)
                above = upper + np.uint64(number)
                sent = state[SENT + below]
                arrived_above = state[ARRIVED + above]
                ready = I32(min(state[FINISHED + below], state[ARRIVED + below]) - sent)
                room = I32(fifo_words - I32(arrived_above - state[SENT + above]))
                moved = min(min(ready, room), rate)
                state[SENT + below] = I32(sent + moved)
                state[ARRIVED + above] = I32(arrived_above + moved)
                lifted = I32(lifted + moved)
        if level == 1:
            to_ports = lifted
        else:
            hops = I32(hops + lifted)
        from_bottom = lifted
    return hops, to_ports, from_bottom
