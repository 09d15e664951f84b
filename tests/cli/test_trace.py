"""`sim trace`: a small network's whole trace, both formats, and the exact line for each bad option."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support import commands
from support.workloads import TRACEABLE

# 16 raw ifmap values in 4 link words, 9 weights in 3, 4 ofmap values in 2 words of code; then 9 in 3, 2 in 1, 18 in 6.
REQUESTS = "LD 0x0\nLD 0x1000\nST 0x2000\nLD 0x3000\nLD 0x4000\nST 0x5000\n"
CONFIGURATION = 1794 * 60 // 20  # link cycles
SEE = "see sim trace --help"


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small workload."""
    Path("tiny.yaml").write_text(TRACEABLE, encoding="utf-8")


def call(*arguments: str) -> int:
    """Run the command and give its exit status."""
    return commands.call("trace", *arguments)


def test_a_whole_trace(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert call("tiny.yaml", "--format", "dramsim3", "--output", "-", "--quiet") == 0
    rows = [line.split() for line in capsysbinary.readouterr().out.decode().splitlines()]
    directions = {"READ": "LD", "WRITE": "ST"}
    assert "".join(f"{directions[row[1]]} {row[0]}\n" for row in rows) == REQUESTS
    cycles = [int(row[2]) for row in rows]
    assert cycles[:2] == [CONFIGURATION, CONFIGURATION + 5]  # the fifth cycle unpacks the last word
    assert cycles[2] + 2 + CONFIGURATION <= cycles[3] <= cycles[2] + 4 + CONFIGURATION
    assert cycles[4] == cycles[3] + 4


def test_ramulator_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--format", "ramulator2", "--output", "net.trace") == 0
    assert Path("net.trace").read_text() == REQUESTS
    assert [line.split() for line in capsys.readouterr().out.splitlines()[-2:]] == [
        ["a", "0x0", "0x1000", "0x2000", "2", "1"],
        ["b", "0x3000", "0x4000", "0x5000", "2", "1"],
    ]


def test_bursts_of_a_word(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    arguments = ("--format", "ramulator2", "--output", "-", "--burst-bytes", "8", "--layers", "a", "--quiet")
    assert call("tiny.yaml", *arguments) == 0
    assert capsysbinary.readouterr().out.split() == (
        b"LD 0x0 LD 0x8 LD 0x10 LD 0x18 LD 0x1000 LD 0x1008 LD 0x1010 ST 0x2000 ST 0x2008".split()
    )


def test_nothing_is_left_of_a_run_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.chips.eyeriss.memory_trace.LayerTrace.observe", stop)
    Path("net.trace").write_text("before")
    assert call("tiny.yaml", "--format", "ramulator2", "--output", "net.trace", "--quiet") == 130
    assert {path.name: path.read_text() for path in Path().iterdir()} == {"tiny.yaml": TRACEABLE, "net.trace": "before"}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--burst-bytes", "48"], "--burst-bytes: bursts of 48 B; a power of two up to 4096"),
        (["--burst-bytes", "4"],
         "--burst-bytes: bursts of 4 B over a link of 64 b; a multiple of the link's width"),
        (["--burst-bytes", "x"],
         f"sim trace: argument --burst-bytes: 'x' is not a whole number from 1 to 4096; {SEE}"),
        (["--memory-clock", "fast"], "--memory-clock: 'fast' is not a quantity; write e.g. '200 MHz'"),
        (["--memory-clock", "0 Hz"], "--memory-clock: got '0 Hz'; expected at least 1"),
        (["--output", "nowhere/t"], "nowhere/t: its folder is missing; make it first"),
        (["--format", "dramsim"],
         f"sim trace: argument --format: no choice 'dramsim'; did you mean 'dramsim3'?; {SEE}"),
    ],
)  # fmt: skip
def test_refuse(arguments: Sequence[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--format", "dramsim3", "--output", "t", *arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{line}\n")
    assert [path.name for path in Path().iterdir()] == ["tiny.yaml"]
