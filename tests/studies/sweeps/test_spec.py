"""Specifications: lists of files, the command line, what a study says of itself, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.studies.sweeps.spec.points import ModelChoice, Point, Study
from sim.studies.sweeps.spec.spec import read_study

HEAD: dict[str, Any] = {"schema": 1, "workload": "alexnet"}


def points_of(spec: dict[str, Any], sets: tuple[str, ...] = ()) -> tuple[Study, list[Point]]:
    """Read a sweep and all its points."""
    study = read_study(spec, sets)
    return study, [study.point(number) for number in study.numbers()]


@pytest.mark.parametrize("where", ["list", "axis", "set"])
def test_machines_are_an_axis_and_bring_their_own_costs(where: str) -> None:
    names = ["eyeriss", "isca2016_256pe"]
    more = {"list": {"arch": names}, "axis": {"axes": {"arch": names}}, "set": {}}[where]
    study, points = points_of({**HEAD, **more}, (f"arch=[{', '.join(names)}]",) if where == "set" else ())
    assert study.axis_columns() == ()  # it has a column in every sweep
    assert [study.machine_name(point) for point in points] == names
    assert [study.machine_of(point).name for point in points] == names
    assert [study.table_name(point) for point in points] == ["eyeriss-65nm", "normalized-65nm"]
    assert study.units() == ("MAC", "pJ")


def test_other_axes_apply_on_top_of_each_machine() -> None:
    axes = {"glb.fmap_banks": [7]}
    study, points = points_of({**HEAD, "arch": ["eyeriss", "isca2016_256pe"], "axes": axes})
    machines = [study.machine_of(point) for point in points]
    assert [(one.pe_array.rows, one.glb.fmap_banks) for one in machines] == [(12, 7), (16, 7)]


def test_one_cost_table_serves_all_machines_where_it_is_given() -> None:
    machines = ["eyeriss", "isca2016_256pe"]
    study, points = points_of({**HEAD, "arch": machines, "cost_table": "normalized-65nm"})
    assert {study.table_name(point) for point in points} == {"normalized-65nm"}
    assert list(study.tables) == ["normalized-65nm"]


def test_lists_come_first_in_their_order() -> None:
    lists = {"batch": [1, 2], "cost_table": ["eyeriss-65nm", "normalized-65nm"], "workload": ["alexnet", "vgg16"]}
    study, points = points_of({"schema": 1, **lists, "arch": ["eyeriss", "asilomar2017"], "axes": {"mapping.n": [1]}})
    assert list(points[0].values) == ["arch", "workload", "cost_table", "batch", "mapping.n"]
    assert study.axis_columns() == ("mapping.n",)
    assert (len(points), points[1].values["batch"], study.batch_of(points[1])) == (16, 2, 2)


def test_all_axes_may_stand_on_the_command_line() -> None:
    sets = ("workload=[alexnet, vgg16]", "batch=[1, 4]", "cost_table.dram=[100]", "bits.ifmap=8", "arch=asilomar2017")
    study, points = points_of({"schema": 1}, sets)
    last = points[-1]
    assert (len(points), study.workload_name(last), study.batch_of(last), study.machine_name(last)) == (
        4,
        "vgg16",
        4,
        "asilomar2017",
    )
    assert (study.layers_of(last)[0].bits.ifmap, study.table_of(last).dram.psum.write) == (8, 100)


def test_the_command_line_replaces_a_list() -> None:
    _study, points = points_of({**HEAD, "batch": [1, 2, 3]}, ("batch=[8]",))
    assert [point.values for point in points] == [{"batch": 8}]


@pytest.mark.parametrize(
    "change",
    [
        {"arch": "isca2016_256pe"},
        {"workload": "vgg16"},
        {"cost_table": "normalized-65nm"},
        {"batch": 3},
        {"model": "cycle"},
        {"seed": 1},
        {"objective": "edp"},
        {"axes": {"batch": [1]}},
        {"axes": {"bits.ifmap": [8]}},
        {"axes": {"cost_table.mac": [1]}},
        {"where": ["batch == batch"]},
        {"equal_area": {"of": "core", "budget_mm2": 12, "adjust": "glb.fmap_banks"}},
    ],
)
def test_the_digest_covers_all_that_results_depend_on(change: dict[str, Any]) -> None:
    assert read_study({**HEAD, **change}).digest() != read_study(HEAD).digest()


def test_the_digest_leaves_out_the_name() -> None:
    assert read_study({**HEAD, "name": "mine"}).digest() == read_study(HEAD).digest()


def test_a_study_describes_itself_in_json() -> None:
    spec = {
        **HEAD,
        "name": "clocks",
        "model": "both",
        "seed": 7,
        "axes": {"core.clock": "[100, 200] MHz", "batch": "1..3"},
    }
    study = read_study({**spec, "where": ["batch > 1"]})
    found = json.loads(json.dumps(study.description()))
    assert found == {
        "title": "clocks",
        "arch": ["eyeriss"],
        "workloads": ["alexnet"],
        "model": "both",
        "seed": 7,
        "objective": "energy",
        "units": ["pJ"],
        "axes": [
            {
                "path": "core.clock",
                "column": "core.clock_hz",
                "values": [100_000_000, 200_000_000],
                "written": ["100 MHz", "200 MHz"],
                "group": 0,
            },
            {"path": "batch", "column": "batch", "values": [1, 2, 3], "written": ["1", "2", "3"], "group": 1},
        ],
        "where": ["batch > 1"],
        "equal_area": None,
        "points": 4,
    }


def test_a_study_is_named_after_its_file_or_its_networks(tmp_path: Path) -> None:
    file = tmp_path / "dram_costs.yaml"
    file.write_text("schema: 1\nworkload: alexnet\n", encoding="utf-8")
    assert read_study(file).name == "dram_costs"
    assert read_study({**HEAD, "workload": ["alexnet", "vgg16"]}).name == "alexnet, vgg16"


def test_the_model_and_its_seed() -> None:
    study = read_study({**HEAD, "model": "cycle", "seed": 5})
    assert (study.model, study.seed) == (ModelChoice.CYCLE, 5)
    assert (read_study(HEAD).model, read_study(HEAD).seed) == (ModelChoice.ANALYTIC, 0)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"model": "cycles"}, "sweep: model: unknown value 'cycles'; did you mean 'cycle'?"),
        ({"seed": -1}, "sweep: seed: got the number -1; expected at least 0"),
        ({"batch": [1, 0]}, "sweep: batch[1]: got the number 0; expected at least 1"),
        ({"batch": []}, "sweep: batch: 0 values; from 1 to 10000"),
        ({"batch": [2, 2]}, "sweep: batch[1]: '2' stands twice; every value once"),
        ({"arch": ["eyeriss", "eyerise"]}, "eyerise: no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (
            {"arch": ["eyeriss"], "axes": {"arch": ["eyeriss"]}},
            "sweep: the axis 'arch' is given twice; give every axis once",
        ),
        ({"where": "batch == 1"}, "sweep: where: got the text 'batch == 1'; expected a list"),
        ({"wher": []}, "sweep: wher: unknown key; did you mean 'where'?"),
    ],
)
def test_a_wrong_specification_is_refused(change: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as caught:
        read_study({**HEAD, **change})
    assert str(caught.value) == line
