"""Places in the vectors that go into the pass kernel and come out of it: parameters and counters, all int64."""

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
    "WHOLE_WINDOW",  # 1 where a column's MACs wait for all words of its window
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
    WHOLE_WINDOW,
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
    "LAST_MAC",  # the cycle of the last MAC: after it only psums move
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
    LAST_MAC,
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
