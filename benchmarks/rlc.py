"""Measure the run-length code's kernels on one core: million values a second, encoding and decoding, by zero fraction.

    python benchmarks/rlc.py

Values are 16-bit with zeros at random, the hardest case for a branch predictor. The words used are asserted, and that
all values come back. Exit status 1 where they do not; speeds are reported, with their target, but machines vary.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.kernels.rlc import decode_rlc, encode_rlc

CODE = (5, 16, 3)  # run bits, level bits, pairs in a word
VALUES = 1 << 22
RUNS = 7
TARGET = 300  # M values a second, encoding
FRACTIONS = {0.0: 1398102, 0.25: 1048150, 0.5: 698881, 0.75: 348835, 0.9: 144459, 1.0: 43691}  # and the words used


def draw(zero_fraction: float) -> NDArray[np.int16]:
    """Draw values that are zero with a given fraction."""
    random = np.random.default_rng(0)
    values = random.integers(1, 1 << 15, VALUES).astype(np.int16)
    values[random.random(VALUES) < zero_fraction] = 0
    return values


def fastest_s(work: Callable[[], object]) -> float:
    """Return the shortest of several times, after a first that compiles."""
    work()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(zero_fraction: float) -> list[str]:
    """Measure both kernels; give the complaints."""
    values = draw(zero_fraction)
    words, covered = np.empty(VALUES, np.uint64), np.empty(VALUES, np.int64)
    expanded = np.empty(VALUES, np.int16)
    used = int(encode_rlc(values, words, covered, *CODE))
    encoding_s = fastest_s(lambda: encode_rlc(values, words, covered, *CODE))
    decoding_s = fastest_s(lambda: decode_rlc(words, used, expanded, *CODE))
    print(
        f"{zero_fraction:4.0%} zeros: encoding {VALUES / encoding_s / 1e6:.0f} M values/s (target {TARGET}), "
        f"decoding {VALUES / decoding_s / 1e6:.0f} M values/s, {used} words"
    )
    complaints = [] if np.array_equal(values, expanded) else [f"{zero_fraction:.0%} zeros: other values came back"]
    if used != FRACTIONS[zero_fraction]:
        complaints.append(f"{zero_fraction:.0%} zeros: {used} words, expected {FRACTIONS[zero_fraction]}")
    return complaints


def main() -> int:
    """Measure everything; give the exit status."""
    wrong = [line for fraction in FRACTIONS for line in measure(fraction)]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
