"""Folding: the folded layer is inside the limits and computes the same sums from the same words."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.folding import Folded, fold
from sim.files.catalogue import find_machine
from sim.networks.layer import Shape

EYERISS = read_machine(find_machine("eyeriss"))


def limited(**limits: int) -> Machine:
    """Return the chip with smaller counters."""
    return EYERISS.model_copy(update={"limits": EYERISS.limits.model_copy(update=limits)})


def convolve(shape: Shape, ifmap: NDArray[np.int64], filters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Convolve one image of one group the obvious way."""
    ofmap = np.zeros((shape.M, shape.E, shape.F), np.int64)
    for m, e, f in np.ndindex(ofmap.shape):
        for c, r, s in np.ndindex(shape.C, shape.R, shape.S):
            ofmap[m, e, f] += ifmap[c, e * shape.Uy + r, f * shape.Ux + s] * filters[m, c, r, s]
    return ofmap


def fold_filters(folded: Folded, filters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rearrange filters as the ifmap is: a filter is an ifmap of its own size."""
    before, after = folded.original, folded.shape
    as_ifmap = Folded(
        shape=Shape(1, 1, after.C, after.R, after.S, 1, 1),
        original=Shape(1, 1, before.C, before.R, before.S, 1, 1),
        filters_per_run=1,
    )
    return as_ifmap.fold_ifmap(filters.astype(np.int16)).astype(np.int64)


@pytest.mark.parametrize(
    ("shape", "machine", "note"),
    [
        (Shape(1, 2, 8, 1, 1, 3, 4), limited(channels=4), "C=8 R=1 S=1 as C=4 R=1 S=2"),
        (Shape(1, 2, 9, 1, 1, 3, 4, 2, 2), limited(channels=4), "C=9 R=1 S=1 as C=3 R=1 S=3"),
        (Shape(1, 2, 6, 2, 3, 2, 3), limited(channels=3), "C=6 R=2 S=3 as C=3 R=2 S=6"),
        (Shape(1, 2, 10, 1, 1, 1, 1), limited(channels=2), "C=10 R=1 S=1 as C=2 R=1 S=5"),
        (Shape(1, 2, 3, 14, 2, 1, 1), EYERISS, "C=3 R=14 S=2 as C=7 R=12 S=1"),
    ],
)
def test_a_folded_layer_computes_the_same(shape: Shape, machine: Machine, note: str) -> None:
    folded = fold(shape, machine)
    assert folded.notes == (note,)
    assert folded.shape.macs == shape.macs
    rng = np.random.default_rng(5)
    ifmap = rng.integers(-9, 10, (1, shape.C, shape.H, shape.W), dtype=np.int16)
    filters = rng.integers(-9, 10, (shape.M, shape.C, shape.R, shape.S), dtype=np.int64)
    wanted = convolve(folded.original, ifmap[0].astype(np.int64), filters)
    moved = folded.fold_ifmap(ifmap)[0].astype(np.int64)
    assert np.array_equal(convolve(folded.shape, moved, fold_filters(folded, filters)), wanted)


def test_a_native_layer_is_left_alone() -> None:
    shape = Shape(2, 128, 48, 5, 5, 27, 27)
    folded = fold(shape, EYERISS)
    assert (folded.shape, folded.notes, folded.configurations) == (shape, (), 1)


def test_strides_of_a_single_row_or_column_do_not_matter() -> None:
    assert fold(Shape(1, 1, 1, 3, 3, 1, 5, 3, 2), EYERISS).shape.Uy == 1
    assert fold(Shape(1, 1, 1, 3, 3, 5, 1, 2, 3), EYERISS).shape.Ux == 1


@pytest.mark.parametrize(("filters", "runs", "configurations"), [(1024, 1, 1), (4096, 4, 1), (1500, 2, 2)])
def test_filters_beyond_the_limit_make_runs(filters: int, runs: int, configurations: int) -> None:
    folded = fold(Shape(1, filters, 4, 1, 1, 1, 1), EYERISS)
    assert folded.notes == (() if runs == 1 else (f"M={filters} in {runs} runs of up to 1024",))
    assert folded.configurations == configurations
