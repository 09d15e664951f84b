"""`sim compare`: the exact line for each bad input, and what an interrupt leaves."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from support.commands import call, read_json

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.ledger.results import LayerRun

pytestmark = pytest.mark.usefixtures("dense")

SEE = "see sim compare --help"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["gogglenet"], "gogglenet: no workload of that name comes with sim; did you mean 'googlenet'?"),
        (["tiny.yaml", "--arch", "eyeris"], "eyeris: no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (["tiny.yaml", "--layers", "conv9"], "--layers: no layer 'conv9' in tiny; did you mean 'conv1'?"),
        (["tiny.yaml", "--json", "no/out.json"], "no/out.json: its folder is missing; make it first"),
        (["tiny.yaml", "--code", "rle"],
         f"sim compare: argument --code: no choice 'rle'; did you mean 'rlc'?; {SEE}"),
        (["tiny.yaml", "--batch", "0"],
         f"sim compare: argument --batch: '0' is not a whole number from 1 to 4096; {SEE}"),
        (["tiny.yaml", "--no-reuse"], "sim: unrecognized arguments: --no-reuse; see sim --help"),
        ([], f"sim compare: the following arguments are required: WORKLOAD; {SEE}"),
    ],
)  # fmt: skip
def test_bad_input(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", *arguments) == 2
    assert capsys.readouterr() == ("", f"{line}\n")


def interrupt_at(monkeypatch: pytest.MonkeyPatch, model: type, layer: str) -> None:
    """Interrupt a model when it comes to a layer."""
    honest = model.run  # type: ignore[attr-defined]

    def run(self: Any, job: Job[Any]) -> LayerRun:
        if job.layer.name == layer:
            raise KeyboardInterrupt
        return honest(self, job)  # type: ignore[no-any-return]

    monkeypatch.setattr(model, "run", run)


@pytest.mark.parametrize("model", [CycleModel, AnalyticModel])
def test_an_interrupted_comparison_keeps_what_both_finished(
    model: type, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, model, "fc3")
    assert call("compare", "tiny.yaml", "--json", "out.json") == 130
    found = read_json("out.json")
    assert [found[name]["complete"] for name in ("cycle", "analytic")] == [False, False]
    assert found["complete"] is False
    assert [layer["name"] for layer in found["differences"]["layers"]] == ["conv1", "conv2/dw"]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "interrupted: the figures above are of the 2 layers that were finished"


MACHINES = ("--arch", "eyeriss", "--arch", "isca2016_256pe", "--cost-table", "normalized-65nm")


def interrupt_on_call(monkeypatch: pytest.MonkeyPatch, due: int) -> list[str]:
    """Interrupt the analytic model when it is called for the `due`-th time; give the layers that it came to."""
    honest, seen = AnalyticModel.run, []

    def run(self: AnalyticModel, job: Job[Any]) -> LayerRun:
        seen.append(job.layer.name)
        if len(seen) == due:
            signal.raise_signal(signal.SIGINT)
        return honest(self, job)

    monkeypatch.setattr(AnalyticModel, "run", run)
    return seen


@pytest.mark.parametrize(
    ("due", "finished", "common"),
    [(2, [1, 0], []), (3, [2, 0], []), (4, [3, 0], []), (6, [3, 2], ["conv1", "conv2/dw"])],
)
def test_an_interrupted_comparison_of_machines_keeps_what_was_finished(
    due: int,
    finished: list[int],
    common: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = interrupt_on_call(monkeypatch, due)
    assert call("compare", "tiny.yaml", *MACHINES, "--json", "out.json") == 130
    found = read_json("out.json")
    assert len(seen) == due
    assert found["complete"] is False
    assert [len(one["result"]["layers"]) if one["result"] else 0 for one in found["machines"]] == finished
    assert [one["refused"] for one in found["machines"]] == [{}, {}]
    assert found["common"]["layers"] == common
    each = f"eyeriss {finished[0]} of 3, isca2016_256pe {finished[1]} of 3"
    last = " ".join(capsys.readouterr().out.split())
    assert last.endswith(f"interrupted: the figures above are of the layers that were finished: {each}")


def test_machines_of_which_none_finished_a_layer_leave_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_on_call(monkeypatch, 1)
    assert call("compare", "tiny.yaml", *MACHINES, "--json", "out.json") == 130
    assert capsys.readouterr() == ("", "interrupted: nothing was finished\n")
    assert not Path("out.json").exists()


def test_nothing_is_written_where_nothing_was_finished(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, AnalyticModel, "conv1")
    assert call("compare", "tiny.yaml", "--json", "out.json") == 130
    assert capsys.readouterr() == ("", "interrupted: nothing was finished\n")
    assert not Path("out.json").exists()
