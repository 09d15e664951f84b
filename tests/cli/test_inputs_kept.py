"""No command writes over a file that it reads, whatever leads to it: refused before anything runs or is written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from support.commands import call

from sim.files.catalogue import find_cost_table, find_machine
from sim.runs.runner import Runner

pytestmark = pytest.mark.usefixtures("inputs")
SPEC = "schema: 1\nworkload: tiny.yaml\narch: mach.yaml\nmodel: analytic\n"
GIVEN = """\
schema: 1
name: given
source: test
batch: 1
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - {name: fc, type: fc, ifmap: [2, 1, 1], filters: 4, tensors: {filters: w.npy}}
"""


@pytest.fixture
def inputs(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a machine with a cost table of its own, a sweep, a tensor and links beside the workload; let nothing run."""

    def runs(*_: object) -> None:
        raise AssertionError("a layer was run")

    monkeypatch.setattr(Runner, "run", runs)
    machine, table = find_machine("eyeriss"), find_cost_table("eyeriss-65nm")
    (tiny / "costs.yaml").write_bytes(table.read_bytes())
    text = machine.read_text(encoding="utf-8").replace("cost_table: eyeriss-65nm", "cost_table: costs.yaml")
    (tiny / "mach.yaml").write_text(text, encoding="utf-8")
    (tiny / "sp.yaml").write_text(SPEC, encoding="utf-8")
    (tiny / "given.yaml").write_text(GIVEN, encoding="utf-8")
    np.save(tiny / "w.npy", np.ones((4, 2, 1, 1), np.int16))
    (tiny / "net.csv").write_text("Layer,ih,iw,fh,fw,c,m,s,\nconv1,8,8,3,3,3,4,1,\n", encoding="utf-8")
    (tiny / "soft.yaml").symlink_to("tiny.yaml")
    os.link(tiny / "tiny.yaml", tiny / "hard.yaml")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("run tiny.yaml --json tiny.yaml", "--json"),
        ("run tiny.yaml --json soft.yaml", "--json"),
        ("run soft.yaml --json tiny.yaml", "--json"),
        ("run tiny.yaml --json hard.yaml", "--json"),
        ("run tiny.yaml --trace tiny.yaml", "--trace"),
        ("run tiny.yaml --arch mach.yaml --json mach.yaml", "--json"),
        ("run tiny.yaml --arch mach.yaml --json costs.yaml", "--json"),
        ("run tiny.yaml --cost-table costs.yaml --json costs.yaml", "--json"),
        ("run given.yaml --json w.npy", "--json"),
        ("estimate tiny.yaml --output tiny.yaml", "--output"),
        ("estimate tiny.yaml --json tiny.yaml", "--json"),
        ("power tiny.yaml --csv tiny.yaml", "--csv"),
        ("compare tiny.yaml --json tiny.yaml", "--json"),
        ("compare tiny.yaml --arch mach.yaml --arch eyeriss --json mach.yaml", "--json"),
        ("compare given.yaml --arch mach.yaml --arch eyeriss --json w.npy", "--json"),
        ("compress tiny.yaml --json tiny.yaml", "--json"),
        ("validate --arch mach.yaml --markdown mach.yaml", "--markdown"),
        ("calibrate --arch mach.yaml --output costs.yaml", "--output"),
        ("trace tiny.yaml --format dramsim3 --output tiny.yaml", "--output"),
        ("convert tiny.yaml tiny.yaml --format scalesim", "OUT"),
        ("convert net.csv net.csv", "OUT"),
        ("convert net.csv net.csv --format tool", "OUT"),
        ("sweep sp.yaml --csv sp.yaml", "--csv"),
        ("sweep sp.yaml --csv tiny.yaml", "--csv"),
        ("sweep sp.yaml --csv mach.yaml", "--csv"),
        ("sweep sp.yaml --csv costs.yaml", "--csv"),
        ("sweep sp.yaml --store sp.yaml", "--store"),
        ("sweep --set workload=tiny.yaml --csv tiny.yaml", "--csv"),
    ],
)  # fmt: skip
def test_what_is_read_is_not_written_over(words: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    arguments = words.split()
    target = arguments[2] if option == "OUT" else arguments[arguments.index(option) + 1]
    assert call(*arguments) == 2
    assert capsys.readouterr().err == f"{target}: is read by this command; name another file for {option}\n"
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_the_next_command_may_write_what_the_last_one_read() -> None:
    for _ in range(2):
        assert call("convert", "net.csv", "new.yaml") == 0
        assert call("convert", "new.yaml", "new.txt") == 0
