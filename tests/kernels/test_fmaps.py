"""What happens to fmap values, against loops over every value and every window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.naive.loops import covered
from support.naive.replay import live_products

from sim.kernels.fmaps import count_live_products, count_live_taps, count_uses, place_image, relu, sign_draws

DRAW = st.integers(0, 65535)
THRESHOLD = st.sampled_from((0, 1, 2, 30000, 65535, 65536))
EDGES = [0, 1, 2, 3, 29999, 30000, 32767, 32768, 65534, 65535]
quick = settings(max_examples=100)


def level_of(draw: int) -> int:
    """Halve a draw and make it odd: positive, and within 16 bits with its sign."""
    return draw // 2 if draw // 2 % 2 else draw // 2 + 1


def assert_signed(draws: list[int], threshold: int, negative: bool) -> None:
    """Hold `sign_draws` against one value after the other."""
    values = np.full(len(draws), 55, np.int16)
    sign_draws(np.array(draws, np.uint16), threshold, values, negative)
    below = -1 if negative else 0
    assert values.tolist() == [level_of(draw) * (1 if draw >= threshold else below) for draw in draws]


def assert_placed(draws: np.ndarray, threshold: int, size: tuple[int, int, int], top: int, left: int) -> None:
    """Hold `place_image` against every place of the padded image."""
    image = np.zeros(size, np.int16)
    place_image(draws, threshold, image, top, left)
    _, height, width = draws.shape
    for (channel, row, column), value in np.ndenumerate(image):
        inside = top <= row < top + height and left <= column < left + width
        draw = int(draws[channel, row - top, column - left]) if inside else -1
        assert value == (level_of(draw) if draw >= threshold and inside else 0)


def assert_live(tile: np.ndarray, window: dict[str, int]) -> None:
    """Hold the counts of live products and of live taps against every window's taps, one by one."""
    shape = SimpleNamespace(G=1, M=1, C=tile.shape[1], **window)
    rows, columns = (count_uses(window[out], window[tap], window[step]) for out, tap, step in ("ERU", "FSV"))
    shape.Uy, shape.Ux = window["U"], window["V"]
    assert count_live_products(tile, rows, columns) == live_products(shape, tile, batch=tile.shape[0])
    hits = np.zeros((shape.C, shape.R, shape.S), np.int64)
    count_live_taps(tile, hits, shape.Uy, shape.Ux, shape.E, shape.F)
    for tap in np.ndindex(hits.shape):
        alone = np.zeros((1, *hits.shape), np.int64)
        alone[0][tap] = 1
        assert hits[tap] == live_products(shape, tile, batch=tile.shape[0], filters=alone)


@st.composite
def tiles(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, int]]:
    """Draw a tile and the windows over it; U and V are the vertical and the horizontal stride."""
    window = {name: draw(st.integers(1, 4)) for name in "ERUFSV"}
    height = (window["E"] - 1) * window["U"] + window["R"]
    width = (window["F"] - 1) * window["V"] + window["S"]
    size = (draw(st.integers(1, 2)), draw(st.integers(1, 2)), height, width)
    values = draw(st.lists(st.sampled_from((0, 0, 1, -3)), min_size=int(np.prod(size)), max_size=int(np.prod(size))))
    return np.array(values, np.int16).reshape(size), window


@quick
@given(st.lists(DRAW, max_size=20), THRESHOLD, st.booleans())
def test_draws_get_their_sign(draws: list[int], threshold: int, negative: bool) -> None:
    assert_signed(draws, threshold, negative)


@pytest.mark.parametrize("threshold", [0, 30000, 65536])
def test_fixed_inputs_of_signs(threshold: int) -> None:
    assert_signed(EDGES, threshold, negative=False)


@pytest.mark.parametrize("threshold", [30000, 65536])
def test_fixed_inputs_of_negative_signs(threshold: int) -> None:
    assert_signed(EDGES, threshold, negative=True)


@quick
@given(st.data(), THRESHOLD)
def test_images_are_placed_inside_their_padding(data: st.DataObject, threshold: int) -> None:
    channels, height, width, top, left = (data.draw(st.integers(1, 4)) for _ in range(5))
    draws = data.draw(st.lists(DRAW, min_size=channels * height * width, max_size=channels * height * width))
    size = (channels, data.draw(st.integers(top, 9)), data.draw(st.integers(left, 9)))
    assert_placed(np.array(draws, np.uint16).reshape(channels, height, width), threshold, size, top, left)


@pytest.mark.parametrize(("height", "width"), [(9, 9), (3, 2), (2, 4)])
def test_fixed_inputs_of_an_image(height: int, width: int) -> None:
    """Place an image with room around it, and cut off below or on the right."""
    draws = np.array(EDGES + EDGES[:2], np.uint16).reshape(2, 2, 3)
    assert_placed(draws, 3, (2, height, width), 1, 1)


@quick
@given(st.lists(st.integers(-32768, 32767), max_size=30))
def test_relu_cuts_what_is_negative(values: list[int]) -> None:
    found = np.array(values, np.int16)
    relu(found)
    assert found.tolist() == [value if value > 0 else 0 for value in values]


def test_fixed_inputs_of_relu() -> None:
    """Rectify the extremes."""
    found = np.array([-32768, -1, 0, 1, 32767], np.int16)
    relu(found)
    assert found.tolist() == [0, 0, 0, 1, 32767]


@quick
@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8))
def test_uses_are_windows_that_touch(outputs: int, taps: int, stride: int) -> None:
    found = count_uses(outputs, taps, stride)
    starts = range(0, outputs * stride, stride)
    assert found.tolist() == [sum(start <= place < start + taps for start in starts) for place in range(found.size)]
    assert [place for place, uses in enumerate(found) if uses] == covered(outputs, taps, stride)


@quick
@given(tiles())
def test_live_products_are_counted_one_by_one(case: tuple[np.ndarray, dict[str, int]]) -> None:
    assert_live(*case)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_fixed_inputs_of_live_products(stride: int) -> None:
    """Count under windows that overlap, touch, and leave gaps."""
    window = {"E": 3, "R": 2, "U": stride, "F": 2, "S": 2, "V": stride}
    size = (1, 2, 2 * stride + 2, stride + 2)
    assert_live((np.arange(np.prod(size)) % 3).astype(np.int16).reshape(size), window)
