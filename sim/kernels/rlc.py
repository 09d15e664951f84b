"""The run-length code: pairs of zero run and level, packed into code words with a last-word bit (JSSC 2017, IV-C)."""

import numpy as np

from sim.kernels import compiled

_CHUNK = 2048  # values whose pairs stay in the first-level cache until they are packed
_MOST_PAIRS = 16  # in one code word


@compiled(boundscheck=False)
def find_pairs(values, first, stop, run, held, fields, ends, run_bits, level_bits):
    """Append the pairs that end in values[first:stop] to `fields`, with their places in `ends`.

    Give the zeros that are open at the end, less one, and the pairs held; the pair that is open stands behind them.
    No branch depends on the values, which no branch predictor could guess.
    """
    longest = np.int64((1 << run_bits) - 1)
    mask = (np.int64(1) << np.int64(level_bits)) - 1
    run_shift = np.int64(run_bits)
    for place in range(first, stop):
        run += 1
        value = np.int64(values[place])
        fields[held] = run | ((value & mask) << run_shift)
        ends[held] = place
        ended = ((value | -value) | (longest - 1 - run)) >> 63  # -1 for a value or the longest run, else 0
        held -= ended
        run |= ended
    return run, held


@compiled(boundscheck=False)
def pack_pairs(fields, ends, held, start, words, covered, used, pair_bits, pairs):
    """Pack `held` pairs into words, the last of which may hold fewer; give the next value and the words used.

    `start` is the first value that no word before stands for.
    """
    shift = np.uint64(pair_bits)
    for first in range(0, held, pairs):
        stop = min(first + pairs, held)
        word = np.uint64(0)
        for number in range(stop - 1, first - 1, -1):
            word = (word << shift) | np.uint64(fields[number])
        words[used] = word
        covered[used] = ends[stop - 1] + 1 - start
        start = ends[stop - 1] + 1
        used += 1
    return start, used


@compiled(boundscheck=False)
def encode_rlc(values, words, covered, run_bits, level_bits, pairs):
    """Code `values` (int16) into `words` (uint64); return the words used.

    `covered[i]` is set to the number of values that word i stands for. Each pair is `run` zeros, then `level`; a run
    beyond the maximum spends a pair with level 0. The last word's top bit is set. Both outputs need
    ceil(values / pairs) places. At least one value.
    """
    fields = np.empty(_CHUNK + _MOST_PAIRS, np.int64)
    ends = np.empty(_CHUNK + _MOST_PAIRS, np.int64)
    pair_bits = run_bits + level_bits
    size = values.size
    run = np.int64(-1)
    held = np.int64(0)
    used = np.int64(0)
    start = np.int64(0)
    for first in range(0, size, _CHUNK):
        stop = min(first + _CHUNK, size)
        run, held = find_pairs(values, first, stop, run, held, fields, ends, run_bits, level_bits)
        if stop == size:
            held += np.int64(run >= 0)  # zeros at the end: the pair that is open
            break
        whole = held - held % pairs
        start, used = pack_pairs(fields, ends, whole, start, words, covered, used, pair_bits, pairs)
        for number in range(whole, held):
            fields[number - whole] = fields[number]
            ends[number - whole] = ends[number]
        held -= whole
    start, used = pack_pairs(fields, ends, held, start, words, covered, used, pair_bits, pairs)
    words[used - 1] |= np.uint64(1) << np.uint64(pair_bits * pairs)
    return used


@compiled(boundscheck=False)
def decode_rlc(words, used, values, run_bits, level_bits, pairs):
    """Expand `used` code words into `values` (int16, filled to its size); return (values made, words read).

    Stops at the last-word bit, at the end of `words` or at the end of `values`, whichever comes first.
    """
    run_mask = np.uint64((1 << run_bits) - 1)
    mask = np.uint64((1 << level_bits) - 1)
    sign = np.int64(1) << np.int64(level_bits - 1)
    run_shift = np.uint64(run_bits)
    pair_bits = np.uint64(run_bits + level_bits)
    last_bit = np.uint64(1) << (pair_bits * np.uint64(pairs))
    size = values.size
    made = 0
    for number in range(used):
        word = words[number]
        last = (word & last_bit) != np.uint64(0)
        for _ in range(pairs):
            if made == size:
                break
            stop = min(made + np.int64(word & run_mask), size)
            while made < stop:
                values[made] = 0
                made += 1
            if made == size:
                break
            level = np.int64((word >> run_shift) & mask)
            values[made] = level - 2 * sign if level >= sign else level
            made += 1
            word >>= pair_bits
        if last or made == size:
            return made, number + 1
    return made, used


@compiled
def stream_ticks(covered, used, values_per_cycle, core_ticks, link_ticks, code_first):
    """Step a stream of words through codec and link, one behind the other; return the ticks until the last is through.

    The codec takes a core cycle for every `values_per_cycle` values that a word covers, the link `link_ticks` for
    each word. `code_first`: values are coded, then sent; else words arrive, then are expanded.
    """
    first_free = 0
    second_free = 0
    for number in range(used):
        codec = -(-covered[number] // values_per_cycle) * core_ticks
        first = codec if code_first else link_ticks
        second = link_ticks if code_first else codec
        first_free += first
        second_free = max(second_free, first_free) + second
    return second_free
