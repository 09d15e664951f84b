"""`sim convert` to SCALE-Sim and Timeloop: how the format is told, and the exact line for each bad target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support import commands

from sim.formats.scalesim.read import read_topology
from sim.formats.timeloop.read import read_problem, read_problem_folder

TINY = """\
schema: 1
name: tiny
source: test
batch: 2
default_zeros: {ifmap: 0.0, ofmap: 0.0}
layers:
  - {name: a, type: conv, ifmap: [4, 9, 9], filters: 6, kernel: 3, groups: 2}
  - {name: b, type: fc, ifmap: [8, 2, 2], filters: 10}
"""


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small workload."""
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")


def call(*arguments: str) -> int:
    """Run the command and give its exit status."""
    return commands.call("convert", *arguments)


@pytest.mark.parametrize("arguments", [["net.csv"], ["net.csv", "--format", "scalesim"]])
def test_to_scalesim(arguments: list[str]) -> None:
    assert call("tiny.yaml", *arguments) == 0
    assert [layer.name for layer in read_topology("net.csv").layers] == ["a_g1", "a_g2", "b"]


def test_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--format", "scalesim") == 0
    assert capsys.readouterr().out.splitlines()[1] == "a_g1, 9, 9, 3, 3, 2, 3, 1,"


def test_to_a_folder_and_back() -> None:
    """Write a new folder and an empty one, read both by the command, and write one layer alone."""
    Path("empty").mkdir()
    for out in ("new/", "empty"):
        assert call("tiny.yaml", out) == 0
        assert sorted(path.name for path in Path(out).iterdir()) == ["1_a.yaml", "2_b.yaml"]
        assert read_problem_folder(out).batch == 2
        assert call(out, "net.csv") == 0
        assert call("net.csv", "net.txt") == 0
    assert call("new/2_b.yaml", "b.yaml", "--format", "timeloop", "--batch", "7") == 0
    assert read_problem("b.yaml").batch == 7
    assert call("net.csv", "net.yaml") == 0
    assert call("net.yaml", "again.csv") == 0
    assert Path("again.csv").read_text() == Path("net.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["one.yaml", "--format", "timeloop"],
         "one.yaml: 2 layers for one problem file; give a folder, such as problems/"),
        (["full"], "full: is not empty; name a new folder"),
        (["nowhere/new/"], "nowhere/new: its folder is missing; make it first"),
        (["nowhere/net.csv"], "nowhere/net.csv: its folder is missing; make it first"),
        (["tiny.yaml/"], "tiny.yaml: can't be written: not a directory; name another folder"),
    ],
)  # fmt: skip
def test_refuse(arguments: Sequence[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("full").mkdir()
    Path("full/a.yaml").write_text("mine")
    assert call("tiny.yaml", *arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{line}\n")
    assert sorted(path.name for path in Path().rglob("*")) == ["a.yaml", "full", "tiny.yaml"]
