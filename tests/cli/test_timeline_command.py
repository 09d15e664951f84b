"""`sim run --trace`: what the file says, what an interrupt or a failure leaves of it, and the exact refusals."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import commands
from support.trace_event_schema import SCHEMA
from support.workloads import TRACEABLE

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.parts.probes import Activity
from sim.ledger.results import LayerRun
from sim.runs.timeline import Timeline


@pytest.fixture
def tiny(folder: Path) -> None:
    """Stand in a folder that holds one small workload."""
    Path("tiny.yaml").write_text(TRACEABLE, encoding="utf-8")


def call(*arguments: str) -> int:
    """Run the command and give its exit status."""
    return commands.call("run", "tiny.yaml", "--quiet", *arguments)


def layers_in(content: str) -> list[str]:
    """Return the names of the layers of a trace."""
    document = json.loads(content)
    jsonschema.validate(document, SCHEMA)
    return [one["name"] for one in document["traceEvents"] if one.get("cat") == "layer"]


def test_a_trace_beside_the_result(tiny: None) -> None:
    assert call("--trace", "t.json.gz", "--json", "r.json", "--seed", "7") == 0
    assert call("--trace", "t.json", "--seed", "7") == 0
    content = Path("t.json").read_bytes()
    assert gzip.decompress(Path("t.json.gz").read_bytes()) == content
    document, result = json.loads(content), json.loads(Path("r.json").read_text())
    told = {name: result["provenance"][name] for name in ("version", "workload", "arch", "batch", "seed")}
    assert document["otherData"] == {**told, "complete": True}
    assert layers_in(content.decode()) == ["a", "b"]
    end = max(one["ts"] + one["dur"] for one in document["traceEvents"] if one["ph"] == "X")
    assert end == pytest.approx(1e6 * result["total"]["total_latency_s"], abs=1e-6)


@pytest.mark.parametrize("name", ["t.json", "t.json.gz"])
def test_an_interrupt_keeps_the_finished_layers(tiny: None, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Break off when the second layer has told all, and is not finished."""
    step = CycleModel.run

    def run(model: CycleModel, job: Any) -> LayerRun:
        done = step(model, job)
        if job.layer.name == "b":
            raise KeyboardInterrupt
        return done

    assert call("--trace", "whole.json") == 0
    monkeypatch.setattr(CycleModel, "run", run)
    assert call("--trace", name, "--json", "r.json") == 130
    content = Path(name).read_bytes()
    cut = (gzip.decompress(content) if name.endswith(".gz") else content).decode()
    assert layers_in(cut) == ["a"]
    document = json.loads(cut)
    assert document["otherData"]["complete"] is False
    assert document["traceEvents"][-1]["cat"] == "layer"  # nothing of the second
    whole, kept = Path("whole.json").read_text(), cut.split("\n],\n")[0]
    assert whole.startswith(kept + ",\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_nothing_is_left_where_no_layer_finished(
    tiny: None, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def stop(timeline: Timeline, activity: Activity) -> None:
        raise error

    monkeypatch.setattr(Timeline, "observe", stop)
    Path("t.json").write_text("before")
    assert call("--trace", "t.json") == (130 if error is KeyboardInterrupt else 2)
    assert {path.name: path.read_text() for path in Path().iterdir()} == {"tiny.yaml": TRACEABLE, "t.json": "before"}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--trace", "-"], "--trace: '-' is no file; name a file"),
        (["--trace", "/dev/null"], "/dev/null: is a pipe or a device; name a file"),
        (["--trace", "nowhere/t.json"], "nowhere/t.json: its folder is missing; make it first"),
        (["--trace", "x.json", "--json", "./x.json"],
         "x.json: --json and --trace both write there; name two files"),
    ],
)  # fmt: skip
def test_refuse(tiny: None, arguments: Sequence[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == 2
    assert capsys.readouterr() == ("", f"{line}\n")
    assert [path.name for path in Path().iterdir()] == ["tiny.yaml"]
