"""The values of a pass and of a convolution, against loops over every product in plain integers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.chips.eyeriss.kernels.datapath import compute_pass, fill_spad, wrap
from sim.kernels.convolution import convolve

Sources = tuple[tuple[int, ...], ...]
quick = settings(max_examples=100)
small = st.integers(1, 3)


def cut(value: int, bits: int) -> int:
    """Write a number in `bits` binary digits and read them as two's complement."""
    digits = f"{value % 2**bits:0{bits}b}"
    return int(digits, 2) - (2**bits if digits[0] == "1" else 0)


@dataclass(frozen=True)
class Pass:
    """A pass: each PE's own numbers and what reached it, chain by chain from the bottom up."""

    own: Sources
    filters: Sources
    ifmaps: Sources
    levels: int
    images: int = 1
    F: int = 2
    S: int = 2
    stride: int = 1
    window: int = 3
    psum_bits: int = 16
    reads_psums: bool = True
    flips: tuple[int, ...] = ()
    seed: int = 0

    @property
    def tensors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """An ifmap tile, filters and psums: half of them extreme, some zero."""
        draws = np.random.default_rng(self.seed)
        width = (self.F - 1) * self.stride + self.S
        sizes = (self.images, 6, 7, width), (6, 6, 3, self.S), (self.images, 6, 4, self.F)
        extremes = np.array([-32768, 32767, 0, -1, 1], np.int16)
        drawn = [draws.integers(-32768, 32768, size).astype(np.int16) for size in sizes]
        masks = [draws.random(size) < 0.5 for size in sizes]
        return tuple(
            np.where(mask, one, draws.choice(extremes, one.shape)) for one, mask in zip(drawn, masks, strict=True)
        )

    def run(self) -> np.ndarray:
        """Run the kernel."""
        tile, weights, glb = self.tensors
        tables = (np.array(table, np.int64) for table in (self.own, self.filters, self.ifmaps))
        flips = np.array(self.flips or (0,) * len(self.own), np.int32)
        setting = (self.levels, self.reads_psums, self.stride, self.window, self.psum_bits)
        compute_pass(tile, weights, glb, *tables, flips, np.array(setting, np.int64))
        return glb

    def expected(self) -> list[list[list[list[int]]]]:
        """Work out every psum by itself."""
        tile, weights, glb = (tensor.tolist() for tensor in self.tensors)
        due = self.tensors[2].tolist()
        for number, (first, p, _, row) in enumerate(self.own):
            if number % self.levels:
                continue
            chain = range(number, number + self.levels)
            for image in range(self.images):
                for filter_ in range(p):
                    for column in range(self.F):
                        below = glb[image][first + filter_][row][column] if self.reads_psums else 0
                        added = sum(self.added(tile[image], weights, pe, filter_, column) for pe in chain)
                        due[image][first + filter_][row][column] = cut(below + added, self.psum_bits)
        return due

    def added(self, tile: list, weights: list, pe: int, filter_: int, column: int) -> int:
        """Add up what a PE adds to one psum."""
        first, filters, channel0, channels, filter_row = self.filters[pe]
        words = [
            weights[number][channel][filter_row][tap]
            for number in range(first, first + filters)
            for channel in range(channel0, channel0 + channels)
            for tap in range(self.S)
        ]
        own_channels = self.own[pe][2]
        from_channel, came, row = self.ifmaps[pe]
        total = 0
        for channel in range(min(own_channels, came)):
            for tap in range(self.S):
                place = (filter_ * own_channels + channel) * self.S + tap
                value = tile[from_channel + channel][row][column * self.stride + tap]
                product = value * (words[place] if place < len(words) else 0)
                if self.flips and value:
                    product ^= self.flips[pe]
                total += product // 2**self.window
        return total


TWO_SETS = Pass(
    own=((0, 2, 2, 1), (0, 2, 1, 1), (2, 1, 2, 0), (2, 1, 1, 0)),
    filters=((0, 2, 0, 2, 0), (0, 2, 2, 1, 0), (2, 1, 0, 2, 1), (2, 1, 2, 1, 1)),
    ifmaps=((0, 2, 1), (2, 1, 1), (0, 2, 0), (2, 1, 0)),
    levels=2,
)
FIXED = {
    "two sets of filters on two of channels": TWO_SETS,
    "no psums from before": replace(TWO_SETS, reads_psums=False, images=2),
    "nothing cut, narrow psums": replace(TWO_SETS, window=0, psum_bits=8),
    "signs only": replace(TWO_SETS, window=31, stride=3),
    "a bit flipped": replace(TWO_SETS, flips=(0, 1 << 20, 0, -(1 << 31)), window=12),
    "nothing reached a PE": replace(TWO_SETS, filters=((0,) * 5,) * 4),
    "no ifmap reached a PE": replace(TWO_SETS, ifmaps=((0,) * 3,) * 4),
    "rows of other sets": replace(TWO_SETS, filters=TWO_SETS.filters[::-1], ifmaps=TWO_SETS.ifmaps[::-1]),
}


@st.composite
def passes(draw: st.DrawFn) -> Pass:
    """Draw a pass whose PEs take any rows."""
    levels, chains = draw(small), draw(st.integers(1, 2))
    own, filters, ifmaps = [], [], []
    for chain in range(chains):
        p, row = draw(small), draw(st.integers(0, 3))
        for _ in range(levels):
            own.append((3 * chain, p, draw(small), row))
            filters.append((draw(small), draw(st.integers(0, 3)), draw(small), draw(small), draw(st.integers(0, 2))))
            ifmaps.append((draw(small), draw(st.integers(0, 3)), draw(st.integers(0, 6))))
    return Pass(
        own=tuple(own),
        filters=tuple(filters),
        ifmaps=tuple(ifmaps),
        levels=levels,
        images=draw(small),
        F=draw(st.integers(1, 5)),
        S=draw(small),
        stride=draw(st.integers(1, 4)),
        window=draw(st.integers(0, 31)),
        psum_bits=draw(st.integers(1, 16)),
        reads_psums=draw(st.booleans()),
        flips=tuple(draw(st.sampled_from((0, 0, 1, 1 << 20))) for _ in own),
        seed=draw(st.integers(0, 1000)),
    )


@quick
@given(passes())
def test_psums_are_sums_of_cut_products(one: Pass) -> None:
    assert one.run().tolist() == one.expected()


@pytest.mark.parametrize("one", FIXED.values(), ids=FIXED)
def test_fixed_inputs_of_computed_psums(one: Pass) -> None:
    assert one.run().tolist() == one.expected()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ((1, 2, 0, 2, 1), [10, 11, 14, 15, 18, 19]),
        ((0, 1, 1, 1, 0), [4, 5, 0, 0, 0, 0]),
        ((0, 0, 0, 0, 0), [0] * 6),
    ],
    ids=["more than fits", "less than fits", "nothing"],
)
def test_fixed_inputs_of_a_filter_spad(source: tuple[int, ...], words: list[int]) -> None:
    """Fill six places from filters (3, 2 channels, 2 rows, 2 taps) that are numbered from 0."""
    spad = np.full(6, 77, np.int16)
    fill_spad(spad, np.arange(24, dtype=np.int16).reshape(3, 2, 2, 2), np.array(source, np.int64))
    assert spad.tolist() == words


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_fixed_inputs_of_a_psum_too_wide(bits: int) -> None:
    for value in (-(2**40), -(2**15) - 1, -129, -1, 0, 1, 127, 128, 2**15, 2**16 + 5):
        assert wrap(value, bits) == cut(value, bits)


def assert_convolved(bounds: dict[str, int], window: int) -> None:
    """Hold the plain convolution against seven loops over products of unbounded integers."""
    G, M, C, R, S, E, F, U, V = (bounds[name] for name in "GMCRSEFUV")
    draws = np.random.default_rng(1)
    ifmap = draws.choice(np.array([-32768, 32767, 0, 3, -7], np.int16), (G * C, (E - 1) * U + R, (F - 1) * V + S))
    filters = draws.choice(np.array([-32768, 32767, 0, 5, -9], np.int16), (G * M, C, R, S))
    found = np.full((G * M, E, F), 99, np.int64)
    convolve(ifmap, filters, found, G, U, V, window)
    values, weights = ifmap.tolist(), filters.tolist()
    for (m, e, f), psum in np.ndenumerate(found):
        assert psum == sum(
            values[m // M * C + c][e * U + r][f * V + s] * weights[m][c][r][s] // 2**window
            for c in range(C)
            for r in range(R)
            for s in range(S)
        )


@quick
@given(st.fixed_dictionaries(dict.fromkeys("GMCRSEFUV", small)), st.integers(0, 31))
def test_a_convolution_is_seven_loops(bounds: dict[str, int], window: int) -> None:
    assert_convolved(bounds, window)


@pytest.mark.parametrize("window", [0, 31])
def test_fixed_inputs_of_a_convolution(window: int) -> None:
    assert_convolved({"G": 2, "M": 2, "C": 2, "R": 2, "S": 3, "E": 2, "F": 3, "U": 2, "V": 1}, window)
