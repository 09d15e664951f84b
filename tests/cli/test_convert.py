"""`sim convert`: networks in the online tool's format, and the exact line for each bad input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support import commands

TINY = """\
schema: 1
name: tiny
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.25}
layers:
  - {name: a, type: conv, ifmap: [4, 9, 10], filters: 6, kernel: 3, stride: [1, 2], groups: 2, pad: [0, 1, 0, 1]}
  - {name: b, type: fc, ifmap: [8, 2, 2], filters: 10, bits: {ifmap: 8 b}, zeros: {filter: 0.25}}
"""
# index | ifmap, filter, ofmap: height width channels copies zeros bits | stride y x | top bottom left right
TEXT = """\
1 9 10 4 2 360 16 3 3 2  6  0 16 8 5  6 2 120 16 1 2 0 1 0 1
2 2  2 8 2  32  8 2 2 8 10 80 16 1 1 10 2   5 16 1 1 0 0 0 0
"""
SEE = "see sim convert --help"


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small workload."""
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")


def call(*arguments: str) -> int:
    """Run the command and give its exit status."""
    return commands.call("convert", *arguments)


@pytest.mark.parametrize("out", [[], ["-"]])
def test_to_standard_output(out: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", *out) == 0
    assert capsys.readouterr() == (TEXT, "")


def test_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "net.txt") == 0
    assert Path("net.txt").read_text() == TEXT
    assert capsys.readouterr() == ("", "")


def test_batch(capsys: pytest.CaptureFixture[str]) -> None:
    """Zeros are counted over all maps; filters have none more."""
    assert call("tiny.yaml", "--batch", "4") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [[row[place] for place in (4, 5, 11, 16, 17)] for row in rows] == [
        ["4", "720", "0", "4", "240"],
        ["4", "64", "80", "4", "10"],
    ]


def test_a_text_file_is_put_in_order_in_place() -> None:
    untidy = "# mine\n" + TEXT.replace(" ", ", ").replace(", ,", ",").replace(", ,", ",") + "\n# end"
    Path("net.txt").write_text(untidy)
    for _ in range(2):
        assert call("net.txt", "net.txt") == 0
        assert Path("net.txt").read_text() == TEXT


def test_a_shipped_workload(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("googlenet") == 0
    assert len(capsys.readouterr().out.splitlines()) == 58


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["tinny.yaml"], "tinny.yaml: no such file; expected a YAML file"),
        (["gogglenet"], "gogglenet: no workload of that name comes with sim; did you mean 'googlenet'?"),
        (["net.txt"], "net.txt: no such file; expected a text file of the online energy-estimation tool"),
        (["tiny.yaml", "out.yaml"], "out.yaml: the tool's text format is no YAML; give a name that ends in .txt"),
        (["tiny.yaml", "nowhere/net.txt"], "nowhere/net.txt: its folder is missing; make it first"),
        (["tiny.yaml", "."], ".: is a folder; give the name of a file"),
        (["tiny.yaml", "--batch", "0"],
         f"sim convert: argument --batch: '0' is not a whole number from 1 to 4096; {SEE}"),
        ([], f"sim convert: the following arguments are required: WORKLOAD; {SEE}"),
    ],
)  # fmt: skip
def test_refuse(arguments: Sequence[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{line}\n")
    assert [path.name for path in Path().iterdir()] == ["tiny.yaml"]
