"""Fixed point: powers of two and windows, from the range of the values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.formats.onnx.fixed_point import FixedPoint, fit, fit_layer


@given(st.floats(1e-30, 1e30), st.integers(2, 16))
def test_the_largest_value_just_fits(largest: float, bits: int) -> None:
    found, most = fit(largest, bits), (1 << (bits - 1)) - 1
    values = np.array([largest, -largest])
    assert np.abs(values - found.values(found.words(values))).max() <= 2.0**-found.fraction / 2
    finer = np.ldexp(largest, found.fraction + 1)
    assert np.rint(finer) > most


def test_words_are_rounded_and_held_in_range() -> None:
    words = FixedPoint(8, 2).words(np.array([0.124, 0.126, 0.375, -0.375, 31.75, 99.0, -32.0, -99.0]))
    assert words.tolist() == [0, 1, 2, -2, 127, 127, -128, -128]
    assert fit(0.0, 8).words(np.zeros(1)).tolist() == [0]


@pytest.mark.parametrize(
    ("largest", "psum_bits", "window", "fraction"),
    [(3.0, 16, 11, 13), (0.001, 16, 0, 24), (3.0, 8, 19, 5), (1e9, 16, 31, -7)],
)
def test_the_window_is_the_least_shift_with_which_psums_fit(
    largest: float, psum_bits: int, window: int, fraction: int
) -> None:
    found = fit_layer(FixedPoint(16, 12), FixedPoint(16, 12), largest_psum=largest, psum_bits=psum_bits)
    assert (found.window, found.psum.fraction) == (window, fraction)
