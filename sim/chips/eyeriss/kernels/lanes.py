"""Where the PE array's state lies in memory: blocks of 16 PEs, the fields of a block one after another.

A block's 16 lanes are neighbouring chains on one level, so one vector instruction steps 16 PEs. Field offsets are
compile-time constants: only then can the compiler see that two fields never overlap. Level 0 is the output port at
the top of each chain; level 1 the topmost PE. Unsigned indices keep numba's wrap-around test out of the loops.
"""

import numpy as np

from sim.kernels import compiled

LANES = 16
FIELD_NAMES = (
    "RECEIVED",  # ifmap words that have arrived
    "WINDOW",  # number of the first ifmap word of the current window
    "VALUE",  # position of the current ifmap value in the window
    "FILTER",  # filter in turn for that value
    "COLUMN",  # ofmap columns finished
    "COLUMN_PSUMS",  # psums of the columns finished
    "IMAGE_COLUMN",  # ofmap column within the image
    "SENT",  # psums sent up
    "ARRIVED",  # psums arrived from below
    "FINISHED",  # psums out of the MAC pipeline
    "DELAY1",  # FINISHED, one cycle earlier in the pipeline
    "DELAY2",  # FINISHED, two cycles earlier
    "MACS",  # MACs issued
    "FILTERS",  # constant: filters interleaved (p)
    "WINDOW_WORDS",  # constant: ifmap words in a window (q S)
    "SLIDE",  # constant: words by which the window moves for the next column (q U)
    "REFILL",  # constant: further words by which it moves for the next image
    "COLUMNS",  # constant: ofmap columns to compute; 0 on a lane without a PE
)
FIELDS = len(FIELD_NAMES)
BLOCK = FIELDS * LANES
BLOCK_U = np.uint64(BLOCK)
(
    RECEIVED,
    WINDOW,
    VALUE,
    FILTER,
    COLUMN,
    COLUMN_PSUMS,
    IMAGE_COLUMN,
    SENT,
    ARRIVED,
    FINISHED,
    DELAY1,
    DELAY2,
    MACS,
    FILTERS,
    WINDOW_WORDS,
    SLIDE,
    REFILL,
    COLUMNS,
) = (np.uint64(number * LANES) for number in range(FIELDS))


@compiled(inline="always")
def lane(level, chain, blocks_per_level):
    """Return the index of field 0 of the PE at `level` of `chain`."""
    block = level * blocks_per_level + chain // LANES
    return np.uint64(block) * BLOCK_U + np.uint64(chain % LANES)
