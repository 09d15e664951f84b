"""The run-length code against run lengths by hand, at every width that a code word can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.naive.run_lengths import pipeline_ticks, rlc_values, rlc_words, rle_pairs

from sim.kernels.rlc import decode_rlc, encode_rlc, stream_ticks


@dataclass(frozen=True)
class Code:
    """The widths of a code."""

    run: int = 5
    level: int = 16
    pairs: int = 3


CHIP = Code()
FIXED = {
    "one zero": (CHIP, [0]),
    "one value": (CHIP, [-5]),
    "published example": (CHIP, [0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22]),
    "longest run": (CHIP, [0] * 31 + [7]),
    "a run too long": (CHIP, [0] * 32 + [7]),
    "only zeros": (CHIP, [0] * 100),
    "extremes": (CHIP, [-32768, 32767, -1, 1]),
    "64 bits": (Code(run=16, level=5, pairs=3), [0, 0, -16, 15, 0]),
    "one bit each": (Code(run=1, level=1, pairs=16), [0, -1, 0, 0, 0, -1]),
    "more values than are paired at once": (CHIP, [0, 0, 9, 0] * 1100),
    "wide level": (Code(run=16, level=32, pairs=1), [0, -32768, 3]),
}


def encode(values: Sequence[int], code: Code) -> tuple[list[int], list[int]]:
    """Run the encoder; give the words and the values that each covers."""
    words = np.full(len(values), 0xABCD, np.uint64)
    covered = np.full(len(values), -1, np.int64)
    used = encode_rlc(np.array(values, np.int16), words, covered, code.run, code.level, code.pairs)
    return words[:used].tolist(), covered[:used].tolist()


def decode(words: Sequence[int], size: int, code: Code) -> tuple[list[int], int]:
    """Run the decoder; give the values made and the words read."""
    values = np.full(size, 99, np.int16)
    made, read = decode_rlc(np.array(words, np.uint64), len(words), values, code.run, code.level, code.pairs)
    return values[:made].tolist(), int(read)


def assert_same(code: Code, values: Sequence[int]) -> None:
    """Hold encoder, decoder and round trip against the oracle."""
    words, covered = rlc_words(values, **asdict(code))
    assert encode(values, code) == (words, covered)
    assert decode(words, len(values), code) == (list(values), len(words))
    assert rlc_values(words, len(values), **asdict(code)) == list(values)


@st.composite
def codes(draw: st.DrawFn) -> Code:
    """Draw widths that fit a code word of 64 bits."""
    pairs = draw(st.integers(1, 16))
    most = 63 // pairs
    run = draw(st.integers(1, min(16, most - 1)))
    return Code(run, draw(st.integers(1, min(32, most - run))), pairs)


@st.composite
def streams(draw: st.DrawFn) -> tuple[Code, list[int]]:
    """Draw a code and values that its levels can hold, in runs of zeros short and long."""
    code = draw(codes())
    least = -(2 ** (min(code.level, 16) - 1))
    level = st.integers(least, -least - 1)
    zeros = st.sampled_from((0, 0, 1, 2, 3, 31, 32, 70))
    runs = draw(st.lists(st.tuples(zeros, st.lists(level, max_size=3)), min_size=1, max_size=12))
    values = [value for count, levels in runs for value in [0] * count + levels]
    return code, values or [draw(level)]


def test_pairs_of_the_published_example() -> None:
    """Code the example of JSSC 2017, Fig. 9."""
    assert rle_pairs([0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22], 31) == [(2, 12), (4, 53), (2, 22)]
    assert rle_pairs([0] * 33, 31) == [(31, 0), (0, 0)]


def test_a_word_by_hand() -> None:
    """Build one code word from shifts."""
    words, covered = rlc_words([0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22], run=5, level=16, pairs=3)
    assert words == [2 | 12 << 5 | 4 << 21 | 53 << 26 | 2 << 42 | 22 << 47 | 1 << 63]
    assert covered == [11]


@settings(max_examples=300)
@given(streams())
def test_streams_are_coded_as_by_hand(stream: tuple[Code, list[int]]) -> None:
    assert_same(*stream)


@pytest.mark.parametrize(("code", "values"), FIXED.values(), ids=FIXED)
def test_fixed_inputs_of_the_code(code: Code, values: list[int]) -> None:
    assert_same(code, values)


def test_the_decoder_stops_at_the_last_word_bit() -> None:
    """Decode words that go on after the last one."""
    words, _ = encode([1, 2, 3, 4], CHIP)
    assert decode([*words, 5 << 5], 20, CHIP) == ([1, 2, 3, 4, 0, 0], 2)


def test_the_decoder_stops_where_the_values_end() -> None:
    """Decode into less room than a run of zeros needs."""
    words, _ = encode([0] * 20 + [4, 5, 6, 7], CHIP)
    assert decode(words, 7, CHIP) == ([0] * 7, 1)
    assert decode(words, 22, CHIP) == ([0] * 20 + [4, 5], 1)


def test_the_decoder_stops_where_the_words_end() -> None:
    """Decode the first of two words alone: no last-word bit, and room for more."""
    words, _ = encode([1, 2, 3, 4], CHIP)
    assert decode(words[:1], 20, CHIP) == ([1, 2, 3], 1)


@settings(max_examples=200)
@given(
    st.lists(st.integers(1, 40), max_size=12),
    st.integers(1, 8),
    st.integers(1, 10),
    st.integers(1, 10),
    st.booleans(),
)
@example([1], 4, 3, 10, True)
def test_streams_take_the_longest_way(values: list[int], rate: int, core: int, link: int, code_first: bool) -> None:
    """Find the time through codec and link as the longest way through a grid."""
    codec = [sum(core for _ in range(0, count, rate)) for count in values]
    moves = [link] * len(values)
    stages = (codec, moves) if code_first else (moves, codec)
    found = stream_ticks(np.array(values, np.int64), len(values), rate, core, link, code_first)
    assert found == pipeline_ticks(*stages)


@pytest.mark.parametrize(("code_first", "ticks"), [(True, 3 * 2 + 10 * 3), (False, 10 * 3 + 3)])
def test_fixed_inputs_of_a_stream(code_first: bool, ticks: int) -> None:
    """Send three words through a link slower than the codec: only the end of the codec that is first adds time."""
    assert stream_ticks(np.array([5, 4, 1], np.int64), 3, 4, 3, 10, code_first) == ticks
