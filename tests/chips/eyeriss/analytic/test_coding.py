"""Coded sizes and stored values against loops by hand and the real encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support.naive.loops import pieces
from support.naive.replay import live_products as naive_live_products
from support.small_layers import SMALL, Small, jobs, limited, small_machine, vary

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.coding import FmapCoder, stored_values
from sim.chips.eyeriss.analytic.ledger import ifmap_fetches
from sim.chips.eyeriss.analytic.loops import Loops, loops_of
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.folding import Folded, fold
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.codes.expected import FmapCode
from sim.kernels.rlc import encode_rlc
from sim.networks.coverage import live_products, taps_inside
from sim.networks.drawn_tensors import draw_ifmap, draw_ofmap
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape

DENSITIES = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0)
SIDE = 600  # rows and columns of a long stream


def plain_layer(height: int, width: int, *, padding: int = 0, **fields: object) -> Layer:
    """Hand a layer whose one 1 x 1 filter copies its padded ifmap, and whose ofmap is as large."""
    shape = Shape(G=1, M=1, C=1, R=1, S=1, E=height + 2 * padding, F=width + 2 * padding)
    layer = Layer("plain", LayerKind.CONV, shape, height, width, padding=Padding(*(padding,) * 4))
    return replace(layer, **fields)


def one_tile(layer: Layer) -> Loops:
    """Return the loops of a layer that is one tile, with a stream each way."""
    mapping = Mapping(m=1, n=1, e=layer.shape.E, p=1, q=1, r=1, t=1)
    return loops_of(Folded(layer.shape, layer.shape, 1), mapping, 1)


def ones(layer: Layer, batch: int) -> np.ndarray:
    """Return a padded, trimmed ifmap with a one for each stored value."""
    shape, pad = layer.shape, layer.padding
    channels = shape.G * shape.C
    stored = np.ones((batch, channels, layer.stored_height, layer.stored_width), np.int16)
    around = ((0, 0), (0, 0), (pad.top, pad.bottom), (pad.left, pad.right))
    return np.pad(stored, around)[:, :, : shape.H, : shape.W]


# Stored values


@given(
    outputs=st.integers(1, 9),
    taps=st.integers(1, 6),
    stride=st.integers(1, 6),
    before=st.integers(0, 7),
    stored=st.integers(1, 20),
)
@example(outputs=1, taps=1, stride=4, before=3, stored=1)
def test_taps_inside_by_hand(outputs: int, taps: int, stride: int, before: int, stored: int) -> None:
    by_hand = 0
    for output in range(outputs):
        for tap in range(taps):
            by_hand += before <= output * stride + tap < before + stored
    assert taps_inside(outputs, taps, stride, before, stored) == by_hand


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Draw a small layer with any padding, up to windows that hold padding only."""
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    kernel, stride = (
        (draw(st.integers(1, 4)), draw(st.integers(1, 4))),
        (draw(st.integers(1, 4)), draw(st.integers(1, 4))),
    )
    pad = Padding(*(draw(st.integers(0, 3)) for _ in range(4)))
    assume(rows + pad.top + pad.bottom >= kernel[0] and columns + pad.left + pad.right >= kernel[1])
    groups, channels, filters = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    small = Small("drawn", (groups * channels, rows, columns), groups * filters, kernel, stride, pad, groups)
    return small.layer


@given(layer=layers())
def test_live_products_by_hand(layer: Layer) -> None:
    shape = layer.shape
    by_hand = naive_live_products(shape, ones(layer, 1).tolist(), batch=1)
    assert shape.G * shape.M * shape.C * live_products(layer) == by_hand


def stored_by_hand(layer: Layer, folded: Folded, rows_of_a_strip: int) -> int:
    """Count the ones that all strips fetch, in all channels of one image."""
    ifmap, shape = folded.fold_ifmap(ones(layer, 1)), folded.shape
    found = 0
    for strip in pieces(range(shape.E), rows_of_a_strip):
        top = strip[0] * shape.Uy
        found += int(ifmap[:, :, top : top + (len(strip) - 1) * shape.Uy + shape.R].sum())
    return found


@given(layer=layers(), e=st.integers(1, 8))
def test_stored_values_by_hand(layer: Layer, e: int) -> None:
    assume(e <= layer.shape.E)
    folded = fold(layer.shape, small_machine())
    assume(folded.shape == folded.original)  # folds are below
    loops = loops_of(folded, Mapping(m=1, n=1, e=e, p=1, q=1, r=1, t=1), 1)
    assert layer.shape.G * stored_values(layer, loops) == stored_by_hand(layer, folded, e)


@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.name)
def test_stored_values_of_folded_layers(small: Small) -> None:
    seen = set()
    for job in jobs(small):
        if job.plan.mapping.e in seen:
            continue
        seen.add(job.plan.mapping.e)
        found = stored_values(job.layer, loops_of(job.plan.folded, job.plan.mapping, 1))
        assert job.plan.folded.shape.G * found == stored_by_hand(job.layer, job.plan.folded, job.plan.mapping.e)


def test_stored_values_where_windows_meet_padding_alone() -> None:
    """Take one stored value behind three padding columns, of which a 1 x 1 window with stride 4 sees the first."""
    layer = Small("left", (1, 1, 1), 1, (1, 1), (4, 4), Padding(0, 0, 3, 0)).layer
    assert stored_values(layer, one_tile(layer)) == 0


def test_stored_values_of_a_padded_folded_inner_product() -> None:
    """Cut 2 x 5 x 5 words, of which 24 are stored and 26 padding, into 25 channels of 2: all 24 are to be counted."""
    small = Small("inner product", (2, 4, 3), 1, (5, 5), pad=Padding(1, 0, 1, 1), sections=limited(filter_height=2))
    folded = fold(small.layer.shape, small.machine)
    loops = loops_of(folded, Mapping(m=1, n=1, e=1, p=1, q=1, r=1, t=1), 1)
    bits = FmapCoder(FmapCode.SIGNIFICANCE_MAP, small.machine).bits(small.layer, loops)
    assert folded.shape.C == 25
    assert bits.ifmap_read == 2 * 5 * 5 + 24 * 16


# The run-length code


def coded_bits(machine: Machine, values: np.ndarray) -> int:
    """Code values for real; give the bits of the code words."""
    code = machine.rlc
    words, covered = np.empty(values.size, np.uint64), np.empty(values.size, np.int64)
    used = encode_rlc(values.reshape(-1), words, covered, code.run, code.level, code.pairs)
    return int(used) * machine.link.width


@pytest.mark.parametrize(("run", "pairs"), [(5, 3), (3, 3), (1, 3), (5, 2), (8, 1)])
@pytest.mark.parametrize("density", DENSITIES)
def test_rlc_is_within_two_percent_of_the_encoder(density: float, run: int, pairs: int) -> None:
    machine = vary(small_machine(), {"rlc": {"enabled": True, "run": run, "pairs": pairs}})
    layer = plain_layer(SIDE, SIDE, ifmap_zeros=1 - density, ofmap_zeros=1 - density)
    bits = FmapCoder(FmapCode.RLC, machine).bits(layer, one_tile(layer))
    ifmap, ofmap = draw_ifmap(layer, batch=1, seed=5), np.maximum(draw_ofmap(layer, batch=1, seed=5), 0)
    assert bits.ifmap_read == pytest.approx(coded_bits(machine, ifmap), rel=0.02)
    assert bits.ofmap_written == pytest.approx(coded_bits(machine, ofmap), rel=0.02)


@pytest.mark.parametrize(("density", "side"), [(0.1, 4), (0.3, 4), (0.5, 4), (0.1, 8), (0.3, 8)])
def test_rlc_of_short_streams_is_within_two_percent_of_the_encoder(density: float, side: int) -> None:
    """Code each channel by itself: its few values end with a zero more often than not."""
    channels = 600
    machine = vary(small_machine(), {"rlc": {"enabled": True}})
    shape = Shape(G=channels, M=1, C=1, R=1, S=1, E=side, F=side)
    layer = replace(plain_layer(side, side), shape=shape, ifmap_zeros=1 - density)
    bits = FmapCoder(FmapCode.RLC, machine).bits(layer, one_tile(layer))
    ifmap = draw_ifmap(layer, batch=1, seed=5)
    assert bits.ifmap_read == pytest.approx(sum(coded_bits(machine, channel) for channel in ifmap[0]), rel=0.02)


def test_rlc_of_zeros_alone() -> None:
    machine = vary(small_machine(), {"rlc": {"enabled": True}})
    layer = plain_layer(SIDE, SIDE, ifmap_zeros=1.0, ofmap_zeros=1.0)
    bits = FmapCoder(FmapCode.RLC, machine).bits(layer, one_tile(layer))
    real = coded_bits(machine, np.zeros(SIDE * SIDE, np.int16))
    assert (bits.ifmap_read, bits.ofmap_written) == (pytest.approx(real, rel=0.001), pytest.approx(real, rel=0.001))


# The other codes


@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    padding=st.integers(0, 3),
    zeros=st.integers(0, 900),
    bits=st.sampled_from((BitWidths(), BitWidths(8, 8, 16), BitWidths(4, 12, 12))),
)
def test_a_significance_map_is_exact(height: int, width: int, padding: int, zeros: int, bits: BitWidths) -> None:
    """Count a bit for each zero, padding's included, and 1 + b for each other value."""
    values = height * width
    assume(zeros <= values)
    layer = plain_layer(height, width, padding=padding, bits=bits, ifmap_zeros=zeros / values)
    outputs = layer.shape.E * layer.shape.F
    layer = replace(layer, ofmap_zeros=zeros / outputs)
    found = FmapCoder(FmapCode.SIGNIFICANCE_MAP, small_machine()).bits(layer, one_tile(layer))
    assert found.ifmap_read == outputs - (values - zeros) + (values - zeros) * (1 + bits.ifmap)
    assert found.ofmap_written == zeros + (outputs - zeros) * (1 + bits.psum)


@pytest.mark.parametrize("code", FmapCode)
def test_the_network_input_is_plain_unless_the_machine_codes_it(code: FmapCode) -> None:
    layer = plain_layer(20, 20, ifmap_zeros=0.5, coded_ifmap=False)
    coded = FmapCoder(code, vary(small_machine(), {"rlc": {"codes_network_input": True}}))
    plain = FmapCoder(code, small_machine())
    assert plain.bits(layer, one_tile(layer)).ifmap_read == 20 * 20 * 16
    expected = coded.bits(replace(layer, coded_ifmap=True), one_tile(layer))
    assert coded.bits(layer, one_tile(layer)) == expected


def test_no_code_is_a_word_a_value() -> None:
    layer = plain_layer(20, 10, padding=1, ifmap_zeros=0.5, ofmap_zeros=0.5, bits=BitWidths(8, 16, 12))
    found = FmapCoder(FmapCode.NONE, small_machine()).bits(layer, one_tile(layer))
    assert (found.ifmap_read, found.ofmap_written) == (22 * 12 * 8, 22 * 12 * 12)


def test_what_is_fetched_again_is_coded_again() -> None:
    """Go through small layers: a significance map of dense data has a bit a padding zero, 1 + b a stored value."""
    checked = 0
    for small in SMALL[::4]:
        for job in list(jobs(small))[::10]:
            checked += 1
            assert_map_of_dense_data(small, job)
    assert checked > 100


def assert_map_of_dense_data(small: Small, job: Job) -> None:
    """Hold the map's size against stored values counted by hand."""
    loops, shape = loops_of(job.plan.folded, job.plan.mapping, job.batch), job.plan.folded.shape
    runs = pieces(range(shape.M), job.plan.folded.filters_per_run)
    fetches = job.batch * sum(len(pieces(run, job.plan.mapping.m)) for run in runs)
    stored = fetches * stored_by_hand(job.layer, job.plan.folded, job.plan.mapping.e)
    found = FmapCoder(FmapCode.SIGNIFICANCE_MAP, small.machine).bits(job.layer, loops)
    assert found.ifmap_read == ifmap_fetches(loops) + stored * job.layer.bits.ifmap, (small.name, job.plan.mapping)
