"""`sim compare --arch A --arch B`: each machine's own figures beside the first's, and what can't be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import Outcome, read_json

from sim.chips.contract import Job
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.files.catalogue import find_machine
from sim.ledger.results import LayerRun

pytestmark = pytest.mark.usefixtures("tiny")
COSTS = ("--cost-table", "normalized-65nm")
BOTH = ("--arch", "eyeriss", "--arch", "isca2016_256pe", *COSTS)


@pytest.fixture
def narrow(tiny: Path) -> str:
    """Write a machine of three rows of PEs, on which no filter of six rows fits."""
    text = find_machine("eyeriss").read_text(encoding="utf-8")
    assert "rows: 12" in text
    text = text.replace("name: eyeriss", "name: narrow").replace("rows: 12", "rows: 3")
    (tiny / "narrow.yaml").write_text(text, encoding="utf-8")
    return "narrow.yaml"


def alone(sim: Callable[..., Outcome], arch: str) -> dict[str, Any]:
    """Run one machine by its analytic model."""
    model = ("--model", "analytic")
    run = sim("run", "tiny.yaml", "--arch", arch, *COSTS, *model, "--quiet", "--json", "one.json")
    assert run.status == 0, run.err
    return read_json("one.json")


def without_provenance(result: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says how a result came to be."""
    return {key: part for key, part in result.items() if key != "provenance"}


def test_each_machine_has_its_own_result(sim: Callable[..., Outcome]) -> None:
    assert sim("compare", "tiny.yaml", *BOTH, "--quiet", "--json", "out.json") == Outcome(0, "", "")
    found = read_json("out.json")
    assert (found["schema"], found["workload"], found["batch"]) == (1, "tiny", 2)
    assert [one["arch"] for one in found["machines"]] == ["eyeriss", "isca2016_256pe"]
    for one in found["machines"]:
        assert one["refused"] == {}
        due = alone(sim, one["arch"])
        assert without_provenance(one["result"]) == without_provenance(due)
        same = ("arch", "workload", "batch", "cost_table", "model", "seed")
        assert [one["result"]["provenance"][key] for key in same] == [due["provenance"][key] for key in same]
    assert found["common"]["layers"] == ["conv1", "conv2/dw", "fc3"]
    for one, total in zip(found["machines"], found["common"]["totals"], strict=True):
        result = one["result"]["total"]
        assert total["system"] == pytest.approx(result["energy"]["system"])
        assert total["chip"] == pytest.approx(result["energy"]["chip"])
        assert total["latency"] == pytest.approx(result["total_latency_s"])


def test_the_table_has_the_figures_of_the_file(sim: Callable[..., Outcome]) -> None:
    told = sim("compare", "tiny.yaml", *BOTH, "--json", "out.json")
    found = read_json("out.json")
    lines = [line.split() for line in told.out.splitlines()]
    assert told.out.splitlines()[0] == "tiny, batch 2: eyeriss against isca2016_256pe"
    rows = {line[0]: line[1:] for line in lines if line and line[0] in ("conv1", "conv2/dw", "fc3", "total")}
    first, second = found["common"]["totals"]
    assert rows["total"] == [
        f"{first['system'] / 1e6:.1f}", f"{first['latency'] * 1e3:.2f}", f"{first['dram'] / 8e6:.2f}",
        f"{second['system'] / 1e6:.1f}", f"{second['system'] / first['system']:.2f}",
        f"{second['latency'] * 1e3:.2f}", f"{second['latency'] / first['latency']:.2f}",
        f"{second['dram'] / 8e6:.2f}", f"{second['dram'] / first['dram']:.2f}",
    ]  # fmt: skip
    results = [one["result"]["layers"] for one in found["machines"]]
    gaps = {a["name"]: -abs(a["energy"]["system"] - b["energy"]["system"]) for a, b in zip(*results, strict=True)}
    assert [name for name in rows if name != "total"] == sorted(gaps, key=lambda name: gaps[name])


def test_the_table_makes_way_for_standard_output(sim: Callable[..., Outcome]) -> None:
    told = sim("compare", "tiny.yaml", *BOTH, "--json", "-")
    assert json.loads(told.out)["workload"] == "tiny"
    assert told.err.startswith("tiny, batch 2: eyeriss against")


def test_the_cycle_model_may_be_asked_for(sim: Callable[..., Outcome]) -> None:
    words = ("compare", "tiny.yaml", *BOTH, "--model", "cycle", "--seed", "3", "--quiet", "--json", "out.json")
    assert sim(*words).status == 0
    first = read_json("out.json")["machines"][0]["result"]
    assert sim("run", "tiny.yaml", *COSTS, "--seed", "3", "--quiet", "--json", "run.json").status == 0
    assert without_provenance(first) == without_provenance(read_json("run.json"))


def test_a_layer_that_a_machine_cannot_run_is_told_with_its_reason(narrow: str, sim: Callable[..., Outcome]) -> None:
    told = sim("compare", "tiny.yaml", "--arch", "eyeriss", "--arch", narrow, "--json", "out.json")
    assert (told.status, told.err) == (0, "")
    first, second = read_json("out.json")["machines"]
    assert first["refused"] == {}
    assert set(second["refused"]) == {"fc3"}
    assert [layer["name"] for layer in second["result"]["layers"]] == ["conv1", "conv2/dw"]
    assert read_json("out.json")["common"]["layers"] == ["conv1", "conv2/dw"]
    lines = told.out.splitlines()
    assert "totals are of the 2 layers that every machine runs, of 3" in " ".join(lines)
    assert any(line.startswith("narrow can't run layer fc3: no legal mapping on narrow; ") for line in lines)


def test_each_layer_is_simulated_once_though_another_is_refused(
    narrow: str, sim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, seen = CycleModel.run, []

    def run(self: CycleModel, job: Job[Any]) -> LayerRun:
        seen.append(job.layer.name)
        return honest(self, job)

    monkeypatch.setattr(CycleModel, "run", run)
    assert sim("compare", "tiny.yaml", "--arch", "eyeriss", "--arch", narrow, "--model", "cycle").status == 0
    assert seen == ["conv1", "conv2/dw", "fc3", "conv1", "conv2/dw"]


def test_where_no_machine_runs_anything_its_reason_is_told(narrow: str, sim: Callable[..., Outcome]) -> None:
    told = sim("compare", "tiny.yaml", "--arch", narrow, "--arch", narrow, "--layers", "fc3")
    assert (told.status, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith("layer fc3: no legal mapping on narrow; ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--arch", "eyeriss", "--arch", "asilomar2017"],
         "--arch: the machines' cost tables are in different units; give one --cost-table for all of them"),
        (["--arch", "eyeriss", "--arch", "eyeris"],
         "eyeris: no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (["--model", "cycle"],
         "--model: only one machine is given; leave it out: both models run on one machine"),
        ([*BOTH, "--json", "no/out.json"], "no/out.json: its folder is missing; make it first"),
    ],
)  # fmt: skip
def test_refuse(words: list[str], line: str, sim: Callable[..., Outcome]) -> None:
    assert sim("compare", "tiny.yaml", *words) == Outcome(2, "", f"{line}\n")


def test_one_cost_table_makes_units_equal(sim: Callable[..., Outcome]) -> None:
    words = ("--arch", "eyeriss", "--arch", "asilomar2017", "--cost-table", "normalized-65nm")
    told = sim("compare", "tiny.yaml", *words)
    assert (told.status, told.err) == (0, "")
    assert "M MAC" in told.out
