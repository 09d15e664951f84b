"""`sim run`: what a run that breaks off leaves, and the status it ends with."""

from __future__ import annotations

import pytest
from support.commands import call, files, read_json
from support.tiny_runs import CONV1_MACS, result

from sim.chips.contract import Job
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.errors import ModelError
from sim.ledger.results import LayerRun

pytestmark = pytest.mark.usefixtures("tiny")


def break_off(monkeypatch: pytest.MonkeyPatch, error: BaseException, *, after: int) -> None:
    """Let the model raise an error after some layers."""
    run = CycleModel.run
    done: list[str] = []

    def fail(model: CycleModel, job: Job[MappedLayer]) -> LayerRun:
        if len(done) == after:
            raise error
        done.append(job.layer.name)
        return run(model, job)

    monkeypatch.setattr(CycleModel, "run", fail)


def test_an_interrupt_keeps_the_finished_layers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = result()
    break_off(monkeypatch, KeyboardInterrupt(), after=1)
    assert call("run", "tiny.yaml", "--json", "out.json") == 130
    part = read_json("out.json")
    assert part["complete"] is False
    assert part["layers"] == whole["layers"][:1]
    assert part["total"]["macs"] == 2 * CONV1_MACS
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[3:5] if line] == ["conv1"]
    assert lines[-1] == "interrupted: the figures above are of the 1 layers that were finished"


def test_an_interrupt_of_the_first_layer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    break_off(monkeypatch, KeyboardInterrupt(), after=0)
    assert call("run", "tiny.yaml") == 130
    assert capsys.readouterr() == ("", "interrupted: nothing was finished\n")


def test_an_interrupt_before_any_layer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.runs.request.read_design", interrupt)
    assert call("run", "tiny.yaml", "--json", "out.json") == 130
    assert capsys.readouterr() == ("", "interrupted: nothing was finished\n")
    assert files() == ["tiny.yaml"]


def test_a_broken_law(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    break_off(monkeypatch, ModelError("MACs are conserved", "5 issued, 6 due"), after=1)
    assert call("run", "tiny.yaml", "--json", "out.json") == 3
    assert capsys.readouterr() == (
        "",
        "conservation law broken (please report this): MACs are conserved: 5 issued, 6 due\n",
    )
    assert files() == ["tiny.yaml"]


def test_other_errors_are_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    break_off(monkeypatch, ZeroDivisionError(), after=1)
    with pytest.raises(ZeroDivisionError):
        call("run", "tiny.yaml", "--json", "out.json")
    assert files() == ["tiny.yaml"]
