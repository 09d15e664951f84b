"""Points evaluated one after another: what is kept between them changes no figure; both models side by side."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.chips.contract import Model
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.expected import code_of
from sim.chips.eyeriss.mapping import capacities
from sim.chips.goals import Goal
from sim.cli.main import main
from sim.errors import InputError
from sim.ledger.results import LayerResult
from sim.runs.runner import Planner, Runner
from sim.studies.sweeps.evaluation.evaluate import Evaluator
from sim.studies.sweeps.evaluation.rows import columns_of, figure_columns, layer_columns
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store.store import MEMORY, Store
from sim.studies.sweeps.store.stored import StoredSweep
from sim.studies.sweeps.store.tables import as_frame
from sim.studies.sweeps.workers.cluster import DaskCluster

AXES: dict[str, Any] = {
    "pe_array.rows": [3, 8, 12],
    "pe.filter_spad.words": [12, 48, 224],
    "glb.size": "[27, 108] KiB",
    "glb.fmap_banks": [4, 25],
    "noc.col_id": ["3 b", "5 b"],
    "pe_array.columns": [5, 14],
    "pe.psum_spad.words": [4, 24],
    "bits.ifmap": [8, 16],
    "core.voltage": ["0.9 V", "1.0 V"],
}


def plainly(study: Study, number: int, model: str) -> list[LayerResult]:
    """Evaluate a point as `run` and `estimate` do, nothing kept from elsewhere."""
    point = study.point(number)
    machine, table, batch = study.machine_of(point), study.table_of(point), study.batch_of(point)
    goal = study.goal_of(point, Goal(code=code_of(machine)))
    planned = Planner(study.chip_of(point), machine, table, batch, lambda layer: goal).plan(study.layers_of(point))
    chosen: Model = AnalyticModel(machine, goal.code) if model == "analytic" else CycleModel(machine)
    return list(Runner(study.chip_of(point), machine, table, chosen, batch, study.seed).run(planned))


def test_points_in_any_order_have_the_figures_of_points_alone(small: dict[str, Any]) -> None:
    study = read_study({**small, "axes": AXES})
    numbers = random.Random(6).sample(range(len(study)), 150)
    evaluator = Evaluator(study)
    found = {number: evaluator.evaluate(number) for number in numbers}
    assert {outcome.status for outcome in found.values()} == {"done", "impossible"}
    for number in numbers:
        assert found[number] == Evaluator(study).evaluate(number)


def test_figures_are_those_of_a_plain_run(small: dict[str, Any]) -> None:
    study = read_study({**small, "axes": AXES})
    evaluator = Evaluator(study)
    compared = 0
    for number in random.Random(7).sample(range(len(study)), 300):
        outcome = evaluator.evaluate(number)
        if outcome.status == "impossible":
            continue
        for row, layer in zip(outcome.rows, plainly(study, number, "analytic"), strict=False):
            named = dict(zip(layer_columns(study), row, strict=True))
            assert named["mapping"] == " ".join(f"{name}={value}" for name, value in layer.mapping.items())
            assert (named["cycles"], named["dram_bits"]) == (layer.run.total_cycles, layer.run.ledger.dram_bits)
            assert (named["energy_system_pj"], named["latency_s"]) == (layer.energy.system, layer.total_latency_s)
            compared += 1
    assert compared > 100


def test_a_mapping_is_searched_once_for_many_capacities(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    searches = []
    search = capacities.CapacitySearch._search
    monkeypatch.setattr(capacities.CapacitySearch, "_search", lambda *given: searches.append(given) or search(*given))
    study = read_study({**small, "axes": {"glb.fmap_banks": [100, 60, 40, 30]}})
    evaluator = Evaluator(study)
    layers = len(study.layers_of(study.point(0)))
    for number in range(4):
        assert evaluator.evaluate(number).status == "done"
    assert len(searches) == layers


@pytest.mark.parametrize("model", ["cycle", "both"])
def test_the_engine_gives_the_figures(small: dict[str, Any], model: str) -> None:
    study = read_study({**small, "model": model, "seed": 3, "axes": {"glb.fmap_banks": [20, 25]}})
    evaluator = Evaluator(study)
    for number in range(2):
        *rows, _ = evaluator.evaluate(number).rows  # the last is the network's
        for row, layer in zip(rows, plainly(study, number, "cycle"), strict=True):
            named = dict(zip(layer_columns(study), row, strict=True))
            assert named["cycles"] == layer.run.total_cycles
            assert named["processing_cycles"] == layer.run.processing_cycles
            assert named["energy_chip_pj"] == layer.energy.chip


TWINS = """\
schema: 1
name: twins
source: test
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - {name: a, type: conv, ifmap: [3, 20, 20], filters: 16, kernel: 3, pad: 1}
  - {name: b, type: conv, ifmap: [3, 20, 20], filters: 16, kernel: 3, pad: 1}
  - {name: c, type: conv, ifmap: [3, 20, 20], filters: 16, kernel: 3, pad: 1, relu: false}
"""


@pytest.mark.parametrize("model", ["cycle", "both"])
def test_layers_that_are_alike_have_tensors_of_their_own(model: str, tmp_path: Path) -> None:
    workload = tmp_path / "twins.yaml"
    workload.write_text(TWINS, encoding="utf-8")
    study = read_study({"schema": 1, "workload": str(workload), "model": model, "seed": 3})
    rows = Evaluator(study).evaluate(0).rows
    found = [dict(zip(layer_columns(study), row, strict=True)) for row in rows[:-1]]
    plain = plainly(study, 0, "cycle")
    for name, wanted in (
        ("macs_performed", [layer.run.ledger.macs_performed for layer in plain]),
        ("dram_bits", [layer.run.ledger.dram_bits for layer in plain]),
        ("cycles", [layer.run.total_cycles for layer in plain]),
    ):
        assert [row[name] for row in found] == wanted
    assert len({layer.run.ledger.dram_bits for layer in plain}) == 3  # or the test would see nothing


def test_both_models_stand_side_by_side_with_their_difference(small: dict[str, Any]) -> None:
    specs = [read_study({**small, "model": model, "axes": {}}) for model in ("analytic", "both")]
    alone, both = (Evaluator(study).evaluate(0) for study in specs)
    for at in range(len(both.rows)):
        one = dict(zip(layer_columns(specs[0]), alone.rows[at], strict=True))
        two = dict(zip(layer_columns(specs[1]), both.rows[at], strict=True))
        for name in ("processing_cycles", "cycles", "dram_bits", "glb_words", "energy_chip_pj", "energy_system_pj"):
            assert two[f"{name}_analytic"] == pytest.approx(one[name], rel=1e-12)
            away = 100 * (one[name] / two[name] - 1)
            assert two[f"{name}_difference_pct"] == pytest.approx(away, abs=1e-9)
    assert two["cycles"] != two["cycles_analytic"]  # or the test would see nothing
    assert two["glb_words"] == two["glb_words_analytic"]


def test_a_total_is_the_sum_of_its_layers(small: dict[str, Any]) -> None:
    study = read_study({**small, "axes": {}})
    outcome = Evaluator(study).evaluate(0)
    rows = [dict(zip(layer_columns(study), row, strict=True)) for row in outcome.rows]
    assert outcome.total == dict(zip(columns_of(study), (*outcome.head, *outcome.rows[-1]), strict=True))
    for name in figure_columns(study):
        if name.startswith("edp"):
            assert rows[-1][name] == rows[-1]["energy_system_pj"] * rows[-1]["latency_s"]
        else:
            assert rows[-1][name] == sum(row[name] for row in rows[:-1])
    assert (rows[-1]["layer"], rows[-1]["type"], rows[-1]["mapping"]) == ("total", None, None)


def test_both_models_are_held_against_each_other_over_a_store(
    small: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, store = tmp_path / "both.yaml", tmp_path / "both.sqlite"
    spec.write_text(json.dumps({**small, "model": "both", "axes": {"glb.fmap_banks": [1, 20, 25]}}), encoding="utf-8")
    assert main(["sweep", str(spec), "--store", str(store)]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("analytic against cycle, ")]
    frame = as_frame(Store(str(store), read_study(spec)))
    found = {one.figure: one for one in StoredSweep(str(store)).differences()}
    assert len(found) == len(said) == 6
    for figure, one in found.items():
        away = frame[f"{figure}_difference_pct"].abs()
        layers, networks = away[frame.type.notna()], away[frame.type.isna() & (frame.status == "done")]
        wanted = (layers.mean(), layers.max(), networks.mean(), networks.max())
        assert (one.layers_mean, one.layers_worst, one.networks_mean, one.networks_worst) == pytest.approx(wanted)
    worst = found["cycles"].layers_worst
    assert 0 < worst < 5
    assert f"{worst:.2f} % at most; networks" in next(line for line in said if " cycles: " in line)


def test_one_model_alone_has_no_differences(small: dict[str, Any], tmp_path: Path) -> None:
    store = tmp_path / "one.sqlite"
    sim.sweep({**small, "axes": {}}, store=store)
    assert StoredSweep(str(store)).differences() == []


def test_tensor_files_count_with_their_values_where_a_model_looks_at_them(tmp_path: Path) -> None:
    """The same zeros in other places: another sweep for the engine, the same for the analytic model."""
    workload, values = tmp_path / "given.yaml", np.zeros((1, 2, 6, 6), np.int8)
    workload.write_text(
        "schema: 1\nname: given\nsource: test\ndefault_zeros: {ifmap: 0, ofmap: 0}\nlayers:\n"
        "  - {name: a, type: conv, ifmap: [2, 6, 6], filters: 4, kernel: 3, tensors: {ifmap: x.npy}}\n",
        encoding="utf-8",
    )
    digests = dict[str, list[str]]()
    for place in (0, 35):
        values[:] = 0
        values[0, 0, place // 6, place % 6] = 1
        np.save(tmp_path / "x.npy", values)
        for model in ("analytic", "cycle", "both"):
            study = read_study({"schema": 1, "workload": str(workload), "model": model})
            digests.setdefault(model, []).append(study.digest())
            assert study.tensor_files() == ([] if model == "analytic" else [tmp_path / "x.npy"])
    assert {model: len(set(found)) for model, found in digests.items()} == {"analytic": 1, "cycle": 2, "both": 2}
    with pytest.raises(InputError, match=r"^tcp://h:1: the values of .*x\.npy are on this machine only; leave out"):
        DaskCluster.at("tcp://h:1").check(study)


def test_a_point_is_kept_once_and_nothing_else_is_passed_over(small: dict[str, Any]) -> None:
    study = read_study({**small, "axes": {}})
    outcome = Evaluator(study).evaluate(0)
    with Store(MEMORY, study) as store:
        store.add(outcome)
        before = list(store.rows())
        store.add(outcome)  # as another process would
        assert list(store.rows()) == before
    with (
        Store(MEMORY, study) as store,
        pytest.raises(InputError, match="can't be used: Incorrect number of bindings"),
    ):
        store.add(replace(outcome, rows=((*outcome.rows[0], 1, 2, 3),)))
