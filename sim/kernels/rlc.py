"""The run-length code: pairs of zero run and level, packed into code words with a last-word bit (JSSC 2017, IV-C)."""

import numpy as np
from numba import njit


@njit(cache=True, boundscheck=False)
def encode_rlc(values, words, covered, run_bits, level_bits, pairs):
    """Code `values` (int16) into `words` (uint64); return the words used.

    `covered[i]` is set to the number of values that word i stands for. Each pair is `run` zeros, then `level`; a run
    beyond the maximum spends a pair with level 0. The last word's top bit is set. Both outputs need
    ceil(values / pairs) places. At least one value.
    """
    longest = (1 << run_bits) - 1
    mask = np.uint64((1 << level_bits) - 1)
    run_shift = np.uint64(run_bits)
    pair_bits = np.uint64(run_bits + level_bits)
    word = np.uint64(0)
    shift = np.uint64(0)
    held = 0
    used = 0
    run = 0
    start = 0
    size = values.size
    for place in range(size):
        value = values[place]
        if value == 0 and run < longest and place + 1 < size:
            run += 1
            continue
        level = np.uint64(value) & mask
        word |= (np.uint64(run) | (level << run_shift)) << shift
        shift += pair_bits
        run = 0
        held += 1
        if held == pairs or place + 1 == size:
            words[used] = word
            covered[used] = place + 1 - start
            used += 1
            start = place + 1
            held = 0
            word = np.uint64(0)
            shift = np.uint64(0)
    words[used - 1] |= np.uint64(1) << (pair_bits * np.uint64(pairs))
    return used


@njit(cache=True, boundscheck=False)
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


@njit(cache=True)
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
