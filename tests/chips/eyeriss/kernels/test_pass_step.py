"""One pass in the kernel against the same pass with an object for every PE and a name for every word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.naive import PassSpec, covered, pieces, step_pass_naively

from sim.chips.eyeriss.kernels import lanes
from sim.chips.eyeriss.kernels.pass_layout import COUNTERS, PARAMETERS
from sim.chips.eyeriss.kernels.pass_step import load_filters, step_pass

TINY = PassSpec(set_filters=(2, 1), set_channels=(2, 1), images=2, R=2, S=3, rows=3, F=3, psum_banks=3)
FIXED = {
    "first channels": TINY,
    "later channels": replace(TINY, reads_psums=True, psum_banks=2),
    "one PE, one MAC": PassSpec(set_filters=(1,), set_channels=(1,)),
    "stride beyond the filter": replace(TINY, R=1, S=2, Uy=3, Ux=4, reads_psums=True),
    "two ports, narrow buses": replace(
        TINY, bank_ports=2, reads_psums=True, psum_rate=1, gon_rate=1, ln_rate=1, filter_rate=1, psum_fifo=1
    ),
    "whole windows, filters row by row": replace(TINY, whole_window=True, row_columns=2, ifmap_fifo=0),
    "more chains than lanes": replace(TINY, set_filters=(1, 1, 1), set_channels=(1,), rows=7, images=1, F=2),
    "cut short": replace(TINY, cycle_limit=40),
    "cut in the filter load": replace(TINY, cycle_limit=3),
}


def parameters_of(spec: PassSpec) -> np.ndarray:
    """Fill the kernel's parameter vector."""
    values = {
        "IMAGES": spec.images,
        "IMAGE_COLUMNS": spec.F,
        "FILTER_WIDTH": spec.S,
        "FILTER_HEIGHT": spec.R,
        "SLIDE_COLUMNS": min(spec.Ux, spec.S),
        "CHAINS": spec.rows * len(spec.set_filters),
        "IFMAP_ROWS": len(covered(spec.rows, spec.R, spec.Uy)),
        "READS_PSUMS": int(spec.reads_psums),
        "IFMAP_FIFO": spec.ifmap_fifo,
        "PSUM_FIFO": spec.psum_fifo,
        "PSUM_SPAD": spec.psum_spad,
        "EXTRA_STAGES": spec.extra_stages,
        "WHOLE_WINDOW": int(spec.whole_window),
        "FILTER_RATE": spec.filter_rate,
        "IFMAP_RATE": spec.ifmap_rate,
        "PSUM_RATE": spec.psum_rate,
        "GON_RATE": spec.gon_rate,
        "LN_RATE": spec.ln_rate,
        "PSUM_BANKS": spec.psum_banks,
        "BANK_PORTS": spec.bank_ports,
        "CYCLE_LIMIT": spec.cycle_limit,
    }
    return np.array([values[name] for name in PARAMETERS], np.int64)


def destinations_of(spec: PassSpec, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """List the lanes of the PEs on each diagonal, for every channel set and ifmap row in the order sent."""
    starts, found = [0], []
    for channel_set in range(len(spec.set_channels)):
        for row in covered(spec.rows, spec.R, spec.Uy):
            for chain in range(spec.rows * len(spec.set_filters)):
                for filter_row in range(spec.R):
                    if chain % spec.rows * spec.Uy + filter_row == row:
                        found.append(lanes.lane(channel_set * spec.R + filter_row + 1, chain, blocks))
            starts.append(len(found))
    return np.array(starts, np.int64), np.array(found, np.uint64)


def step_in_kernel(spec: PassSpec) -> dict[str, int]:
    """Run the kernel; give its counters by name."""
    filters, channels = np.array(spec.set_filters, np.int64), np.array(spec.set_channels, np.int64)
    blocks = -(-spec.rows * filters.size // lanes.LANES)
    state = np.full((channels.size * spec.R + 1) * blocks * lanes.BLOCK, 77, np.int32)
    reached = [len(piece) for piece in pieces(range(spec.rows), spec.row_columns or spec.rows)]
    fan_out = np.broadcast_to(np.array(reached), (filters.size, channels.size, spec.R, len(reached))).copy()
    counters = np.zeros(len(COUNTERS), np.int64)
    starts, found = destinations_of(spec, blocks)
    step_pass(state, parameters_of(spec), filters, channels, fan_out, starts, found, counters)
    return dict(zip(COUNTERS, counters.tolist(), strict=True))


def assert_same(spec: PassSpec) -> None:
    """Hold every counter of the kernel against the oracle's."""
    naive = step_pass_naively(spec)
    assert step_in_kernel(spec) == {name: naive[name] for name in COUNTERS}


small = st.integers(1, 3)


@st.composite
def specs(draw: st.DrawFn) -> PassSpec:
    """Draw a pass of up to a few thousand MACs on an array with tight or roomy queues."""
    set_filters = tuple(draw(st.lists(small, min_size=1, max_size=3)))
    set_channels = tuple(draw(st.lists(small, min_size=1, max_size=2)))
    psum, gon, ln = (draw(st.integers(1, 4)) for _ in range(3))
    return PassSpec(
        set_filters=set_filters,
        set_channels=set_channels,
        images=draw(st.integers(1, 2)),
        R=draw(small),
        S=draw(small),
        rows=draw(st.sampled_from((1, 2, 3, 4, 7))),
        F=draw(st.integers(1, 4)),
        Uy=draw(st.integers(1, 4)),
        Ux=draw(st.integers(1, 4)),
        reads_psums=draw(st.booleans()),
        ifmap_fifo=draw(st.integers(0, 8)),
        psum_fifo=draw(st.integers(max(psum, gon, ln), 8)),
        psum_spad=draw(st.integers(max(set_filters), 8)),
        extra_stages=draw(st.integers(0, 2)),
        whole_window=draw(st.booleans()),
        row_columns=draw(st.sampled_from((None, 1, 2, 3))),
        filter_rate=draw(st.integers(1, 4)),
        ifmap_rate=draw(small),
        psum_rate=psum,
        gon_rate=gon,
        ln_rate=ln,
        psum_banks=draw(st.integers(1, 5)),
        bank_ports=draw(st.integers(1, 2)),
        cycle_limit=draw(st.sampled_from((1 << 20, 1 << 20, 1 << 20, 60))),
    )


@settings(max_examples=150, deadline=None, derandomize=True)
@given(specs())
def test_a_pass_takes_the_cycles_of_its_pes(spec: PassSpec) -> None:
    assert_same(spec)


@pytest.mark.parametrize("spec", FIXED.values(), ids=FIXED)
def test_fixed_inputs_of_a_pass(spec: PassSpec) -> None:
    assert_same(spec)


@pytest.mark.parametrize(("psum_rate", "gon_rate"), [(2, 4), (4, 2)])
def test_psums_are_read_from_the_bank_that_they_were_written_to(psum_rate: int, gon_rate: int) -> None:
    """Step a pass whose psum buses differ in width, so that reads and writes meet in a bank now and then."""
    spec = PassSpec(set_filters=(4, 2, 2), set_channels=(1,), images=2, rows=4, F=5, reads_psums=True, psum_fifo=8)
    assert_same(replace(spec, psum_spad=8, ifmap_rate=3, psum_rate=psum_rate, gon_rate=gon_rate))


def test_a_tag_that_selects_no_pe_is_not_sent() -> None:
    """Send filters to a set of 3 of 8 columns, in segments of 4: the second segment is off."""
    spec = PassSpec(set_filters=(2,), set_channels=(1,), S=2, R=2, rows=3, F=2)
    counters = np.zeros(len(COUNTERS), np.int64)
    load_filters(parameters_of(spec), np.array([2]), np.array([1]), np.array([[[[3, 0], [3, 0]]]]), counters)
    found = dict(zip(COUNTERS, counters.tolist(), strict=True))
    assert (found["GIN_FILTER_WORDS"], found["GIN_FILTER_DELIVERIES"], found["FILTER_CYCLES"]) == (8, 24, 2)
