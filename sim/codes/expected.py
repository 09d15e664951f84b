"""Mean lengths of coded values, from their zero fractions alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FmapCode(StrEnum):
    """What fmaps are coded with in DRAM."""

    SIGNIFICANCE_MAP = "significance_map"
    RLC = "rlc"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StreamBits:
    """Mean bits: of a stored value, of a value that is padding, and of a stream beside its values."""

    stored: float
    padding: float
    stream: float


def raw_bits(width: int) -> StreamBits:
    """Return the bits of values that are not coded."""
    return StreamBits(width, width, 0.0)


def significance_map_bits(*, zeros: float, width: int) -> StreamBits:
    """Return the mean bits of a significance map: 1 for a zero, 1 + width for any other (Asilomar 2017, Section III).

    `zeros` is the fraction of values that are zero.
    """
    return StreamBits(1 + (1 - zeros) * width, 1.0, 0.0)


def run_length_bits(*, zeros: float, run: int, pairs: int, word: int) -> StreamBits:
    """Return the mean bits of a run-length code for values that are zero independently of their neighbours.

    A pair covers up to 2**run values and ends at the first that is not zero; `pairs` of them are packed into a link
    word of `word` bits. A stream that ends in zeros takes a pair more, and its last word is half empty on average.
    """
    longest = 1 << run
    taken = 1 / longest if zeros >= 1.0 else (1 - zeros) / (1 - zeros**longest)
    pair_bits = word / pairs
    ends = zeros + 0.5 * (pairs - 1)
    return StreamBits(taken * pair_bits, pair_bits / longest, ends * pair_bits)
