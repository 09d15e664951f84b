"""What the charts of sweeps show: fronts and sensitivities held against naive ones, cells of heat maps."""

from __future__ import annotations

import itertools
import math
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plotted_sweeps import GRID, Found, points
from support.stored_sweeps import figures

from sim.studies.sweeps.spec.points import Point
from sim.views.charts.sweeps.front import pareto_front
from sim.views.charts.sweeps.heat_map import heat_map
from sim.views.charts.sweeps.points import panel_title
from sim.views.charts.sweeps.sensitivity import sensitivities

objectives = st.integers(2, 4).flatmap(
    lambda count: st.lists(st.tuples(*[st.integers(0, 4).map(float)] * count), min_size=1, max_size=30)
)


@given(objectives)
def test_the_front_is_what_no_point_beats(rows: list[tuple[float, ...]]) -> None:
    """Few distinct values, so that there are ties and equal points."""

    def beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        return one != other and all(a <= b for a, b in zip(one, other, strict=True))

    naive = [not any(beats(one, row) for one in rows) for row in rows]
    assert pareto_front(np.array(rows)).tolist() == naive


def test_the_front_of_no_points() -> None:
    assert pareto_front(np.empty((0, 2))).tolist() == []


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_sensitivities_are_means_over_pairs(seed: int) -> None:
    """With impossible points at random; the naive way looks at all pairs."""
    values = {number: random.Random(f"{seed} {number}").choice([None, 1.0, 2.0, 3.0]) for number in range(12)}

    def found(point: Point) -> Found:
        energy = values[point.number]
        return "no" if energy is None else figures(energy=energy)

    if not any(values.values()):
        return
    with tempfile.TemporaryDirectory() as folder:
        here = points(Path(folder), GRID, found)
    for one in sensitivities(here, "energy"):
        path = one.axes[0].path
        for at, ratio in enumerate(one.ratios):
            pairs = [
                (this.measure("energy"), other.measure("energy"))
                for this, other in itertools.product(here.done, here.done)
                if (this.indices[path], other.indices[path]) == (at, one.reference)
                and all(this.indices[name] == other.indices[name] for name in this.indices if name != path)
            ]
            assert one.pairs[at] == len(pairs)
            if not pairs:
                assert ratio is None
                continue
            product = math.prod(a / b for a, b in pairs)
            assert ratio == pytest.approx(product ** (1 / len(pairs)))


def test_axes_that_move_together_are_one(tmp_path: Path) -> None:
    spec = {
        **GRID,
        "axes": {"rlc.enabled": [True, False]},
        "paired": [{"pe_array.rows": [12, 14], "glb.fmap_banks": [6, 9]}],
    }
    here = points(tmp_path, spec, lambda point: figures(energy=point.values["pe_array.rows"]))
    found = {one.name: one.ratios for one in sensitivities(here, "energy")}
    assert found == {
        "rlc.enabled": (1.0, 1.0),
        "pe_array.rows, glb.fmap_banks": (1.0, pytest.approx(14 / 12)),
    }


def test_axes_that_move_together_may_repeat_a_value(tmp_path: Path) -> None:
    pair = {"pe_array.rows": [16, 16, 32], "pe_array.columns": [16, 32, 32]}
    spec = {**GRID, "axes": {}, "paired": [pair]}
    here = points(tmp_path, spec, lambda point: figures(energy=2.0**point.number))
    (found,) = sensitivities(here, "energy")
    assert found.ratios == (1.0, pytest.approx(2.0), pytest.approx(4.0))
    assert [found.label(at) for at in range(3)] == ["16 | 16", "16 | 32", "32 | 32"]


def test_what_keeps_the_area_equal_follows_from_the_other_axes(tmp_path: Path) -> None:
    """It differs wherever the filter spad does, and they are compared all the same, but not at different budgets."""
    equal_area = {"of": "storage", "as_with": {"pe.filter_spad.words": 224}, "adjust": "glb.fmap_banks"}
    for banks, pairs in (([25], (1, 1)), ([20, 25], (0, 0))):
        axes = {"pe.filter_spad.words": [112, 224], "glb.fmap_banks": banks}
        spec = {**GRID, "axes": axes, "equal_area": equal_area}
        folder = tmp_path / str(len(banks))
        folder.mkdir()
        here = points(folder, spec, lambda point: figures(energy=point.values["pe.filter_spad.words"]))
        (found,) = sensitivities(here, "energy")
        assert (found.name, found.pairs) == ("pe.filter_spad.words", pairs)


def test_other_costs_are_not_compared_but_for_their_own_sensitivity(tmp_path: Path) -> None:
    spec = {**GRID, "axes": {"cost_table.dram": [100, 200], "glb.fmap_banks": [20, 25]}}
    here = points(tmp_path, spec, lambda point: figures(energy=point.values["cost_table.dram"]))
    assert [panel_title(panel) for panel in here.panels()] == [
        f"alexnet, batch 1, eyeriss-65nm, dram {cost}" for cost in (100, 200)
    ]
    assert {one.name: one.span for one in sensitivities(here, "energy")} == {
        "cost_table.dram": pytest.approx(2.0),
        "glb.fmap_banks": 1.0,
    }


def test_machines_that_bring_other_costs_are_not_compared(tmp_path: Path) -> None:
    spec = {**GRID, "arch": ["eyeriss", "asilomar2017"], "axes": {"glb.fmap_banks": [20, 25]}}
    units = {"eyeriss": "pj", "asilomar2017": "mac"}
    here = points(tmp_path, spec, lambda point: figures(energy=1.0, unit=units[point.values["arch"]]))
    found = {one.name: (one.span, one.pairs) for one in sensitivities(here, "energy")}
    assert found == {"arch": (None, (2, 0)), "glb.fmap_banks": (1.0, (2, 2))}


def test_a_heat_maps_cell_is_the_least_over_the_other_axes(tmp_path: Path) -> None:
    here = points(tmp_path)
    banks, clock, _ = here.axes
    found = heat_map(here.done, here.impossible, "energy", banks, clock)
    assert np.isnan(found.least[0, 0])
    assert found.is_impossible.tolist() == [[True, False, False], [False] * 3]
    assert found.least[1, 2] == pytest.approx(1e10 * (1 + 6 / 25) * 2**0.25)
    row = heat_map(here.done, here.impossible, "delay", clock, None)
    assert row.least.tolist() == [[0.1, 0.05]]


def test_figures_are_per_image(tmp_path: Path) -> None:
    here = points(
        tmp_path, {**GRID, "batch": 4, "axes": {}}, lambda point: figures(energy=8e9, delay=2, dram_bits=64e6)
    )
    measures = here.done[0].measures
    assert measures == {"energy": 2e9, "delay": 0.5, "edp": 1e9, "area": 10.0, "dram": 16e6}
