"""`sim run`: the exact line for each bad input, and that nothing is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.commands import call, files
from support.marked import place, plain
from support.workloads import LEGAL, TINY

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.files.catalogue import find_machine, folder
from sim.ledger.results import LayerRun

pytestmark = pytest.mark.usefixtures("tiny")
WORKLOADS = ", ".join(sorted(path.stem for path in folder("workloads").glob("*.yaml")))
SEE = "see sim run --help"
EXAMPLE = "write e.g. CONV3:m=64,n=4,e=13,p=16,q=3,r=2,t=2"
EYERISS = find_machine("eyeriss").read_text(encoding="utf-8")
FILES = {  # marked where the fault is
    "typo.yaml": TINY.replace("filters: 8", "@filter: 8"),
    "empty.yaml": "@",
    "no_yaml.yaml": "a: [1\n@",
    "machine.yaml": EYERISS.replace("rows: 12", "rows: @0"),
    "unpriced.yaml": EYERISS.replace("cost_table: eyeriss-65nm", "cost_table: @eyeris-65nm"),
    "tall.yaml": TINY.replace("kernel: 3, pad", "kernel: 3, stride: @3, pad"),
}
WORKLOAD_KEYS = "schema, name, source, batch, default_zeros, ifmap_zeros_include_padding, bits, layers"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        # workloads
        (["gogglenet"], "gogglenet: no workload of that name comes with sim; did you mean 'googlenet'?"),
        (["lstm"], f"lstm: no workload of that name comes with sim; allowed: {WORKLOADS}"),
        (["nope.yaml"], "nope.yaml: no such file; expected a YAML file"),
        (["workloads/googlenet.yaml"],
         "workloads/googlenet.yaml: no such file; for the shipped workload, give its name: googlenet"),
        (["./"], ".: this is a directory; expected a YAML file"),
        (["x" * 300 + ".yaml"], "x" * 300 + ".yaml: cannot be read: file name too long; expected a YAML file"),
        (["typo.yaml"], "typo.yaml:@: layers[0].filter: unknown key; did you mean 'filters'?"),
        (["empty.yaml"], f"empty.yaml:@: the file is empty; expected a mapping with the keys {WORKLOAD_KEYS}"),
        (["no_yaml.yaml"],
         "no_yaml.yaml:@: not valid YAML: expected ',' or ']', but got '<stream end>' while parsing a flow sequence "
         "from 1:4; check indentation, colons and quotes"),
        # machines and costs
        (["tiny.yaml", "--arch", "eyeris"], "eyeris: no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (["tiny.yaml", "--arch", "machine.yaml"],
         "machine.yaml:@: pe_array.rows: got the number 0; expected at least 1"),
        (["tiny.yaml", "--arch", "normalized-65nm"],
         "normalized-65nm: no machine of that name comes with sim; allowed: asilomar2017, eyeriss, isca2016_256pe"),
        (["tiny.yaml", "--arch", "unpriced.yaml"],
         "unpriced.yaml: cost_table: eyeris-65nm: no cost table of that name comes with sim; "
         "did you mean 'eyeriss-65nm'?"),
        (["tiny.yaml", "--cost-table", "normalised-65nm"],
         "normalised-65nm: no cost table of that name comes with sim; did you mean 'normalized-65nm'?"),
        (["tiny.yaml", "--cost-table", "nope.yaml"], "nope.yaml: no such file; expected a YAML file"),
        # layers
        (["tiny.yaml", "--layers", "conv9"], "--layers: no layer 'conv9' in tiny; did you mean 'conv1'?"),
        (["tiny.yaml", "--layers", "fc3, conv_2/dw"],
         "--layers: no layer 'conv_2/dw' in tiny; did you mean 'conv2/dw'?"),
        (["tiny.yaml", "--layers", "pool*"], "--layers: no layer 'pool*' in tiny; allowed: conv1, conv2/dw, fc3"),
        (["tiny.yaml", "--layers", ""], "--layers: no layer '' in tiny; allowed: conv1, conv2/dw, fc3"),
        (["tiny.yaml", "--layers", "fc3,"], "--layers: no layer '' in tiny; allowed: conv1, conv2/dw, fc3"),
        # mappings
        (["tiny.yaml", "--mapping", "conv1"], f"--mapping: 'conv1' names no layer; {EXAMPLE}"),
        (["tiny.yaml", "--mapping", "cnv1:m=8"], "--mapping: no layer 'cnv1' is run; did you mean 'conv1'?"),
        (["tiny.yaml", "--layers", "fc3", "--mapping", LEGAL], "--mapping: no layer 'conv1' is run; allowed: fc3"),
        (["tiny.yaml", "--mapping", "conv1:"], f"--mapping: '' is no parameter; {EXAMPLE}"),
        (["tiny.yaml", "--mapping", "conv1:m=8,n"], f"--mapping: 'n' is no parameter; {EXAMPLE}"),
        (["tiny.yaml", "--mapping", "conv1:m=-8"], f"--mapping: 'm=-8' is no parameter; {EXAMPLE}"),
        (["tiny.yaml", "--mapping", "conv1:m=8,m=4"], "--mapping: m: given twice; give it once"),
        (["tiny.yaml", "--mapping", "conv1:m=8"], "--mapping: n: missing key; it is required"),
        (["tiny.yaml", "--mapping", f"{LEGAL},u=1"], "--mapping: u: unknown key; allowed: m, n, e, p, q, r, t"),
        (["tiny.yaml", "--mapping", LEGAL.replace("t=1", "t=0")],
         "--mapping: t: got the number 0; expected at least 1"),
        (["tiny.yaml", "--mapping", LEGAL.replace("t=1", "t=9")],
         "layer conv1: mapping m=8 n=1 e=12 p=8 q=3 r=1 t=9 is not legal on eyeriss; loop_bounds: t=9; 1 to 1 here"),
        (["tiny.yaml", "--mapping", LEGAL.replace("n=1", "n=2"), "--batch", "1"],
         "layer conv1: mapping m=8 n=2 e=12 p=8 q=3 r=1 t=1 is not legal on eyeriss; loop_bounds: n=2; 1 to 1 here"),
        (["tall.yaml"], "layer conv1: no legal mapping on eyeriss; native_limits: vertical stride 3; "
         "one of 1, 2, 4 on this machine; with limits.vertical_strides: (1, 2, 3, 4) there would be one"),
        # numbers
        (["tiny.yaml", "--batch", "0"],
         f"sim run: argument --batch: '0' is not a whole number from 1 to 4096; {SEE}"),
        (["tiny.yaml", "--batch", "4097"],
         f"sim run: argument --batch: '4097' is not a whole number from 1 to 4096; {SEE}"),
        (["tiny.yaml", "--batch", "9" * 5000],
         f"sim run: argument --batch: '{'9' * 40}'... is not a whole number from 1 to 4096; {SEE}"),
        (["tiny.yaml", "--batch", "two"],
         f"sim run: argument --batch: 'two' is not a whole number from 1 to 4096; {SEE}"),
        (["tiny.yaml", "--seed", "-1"],
         f"sim run: argument --seed: '-1' is not a whole number from 0 to 10**18 - 1; {SEE}"),
        (["tiny.yaml", "--seed", "1.5"],
         f"sim run: argument --seed: '1.5' is not a whole number from 0 to 10**18 - 1; {SEE}"),
        # the line itself
        ([], f"sim run: the following arguments are required: WORKLOAD; {SEE}"),
        (["tiny.yaml", "--seed"], f"sim run: argument --seed: expected one argument; {SEE}"),
        (["tiny.yaml", "--bogus"], "sim: unrecognized arguments: --bogus; see sim --help"),
        (["tiny.yaml", "two\nlines"], "sim: unrecognized arguments: two\\nlines; see sim --help"),
    ],
)  # fmt: skip
def test_refuse(arguments: Sequence[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in FILES.keys() & set(arguments):
        Path(name).write_text(plain(FILES[name]), encoding="utf-8")
        line = line.replace("@", place(FILES[name]))
    before = files()
    assert call("run", "--json", "out.json", *arguments) == 2
    printed = capsys.readouterr()
    assert printed.err == f"{line}\n"
    assert printed.out == ""
    assert files() == before  # no result file, and no draft of one


def never(*_: object) -> LayerRun:
    """Stand for a model that must not be asked."""
    raise AssertionError("a layer was run before the result file was found unwritable")


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("nowhere/out.json", "nowhere/out.json: its folder is missing; make it first"),
        ("tiny.yaml/out.json", "tiny.yaml/out.json: its folder is missing; make it first"),
        ("sub", "sub: is a folder; give the name of a file"),
        ("sub/", "sub/: is a folder; give the name of a file"),
        ("", "'': is a folder; give the name of a file"),
        ("x" * 300, "x" * 300 + ": can't be written: file name too long; name another file"),
    ],
)
def test_refuse_a_result_file_before_running(
    target: str, line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CycleModel, "run", never)
    Path("sub").mkdir()
    assert call("run", "tiny.yaml", "--json", target) == 2
    assert capsys.readouterr() == ("", f"{line}\n")
    assert files() == ["sub", "tiny.yaml"]


def test_refuse_a_folder_without_write_permission(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(path: Path, mode: int) -> bool:
        return not (mode & os.W_OK and Path(path).name == "sub")

    monkeypatch.setattr(CycleModel, "run", never)
    monkeypatch.setattr(os, "access", deny)  # root may write anywhere
    Path("sub").mkdir()
    assert call("run", "tiny.yaml", "--json", "sub/out.json") == 2
    assert capsys.readouterr() == ("", "sub/out.json: its folder can't be written to; name another\n")


def test_a_full_disk_leaves_the_old_file_and_no_draft(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    Path("out.json").write_text("old")
    monkeypatch.setattr(Path, "replace", fail)
    assert call("run", "tiny.yaml", "--layers", "fc3", "--quiet", "--json", "out.json") == 2
    assert capsys.readouterr().err == "out.json: can't be written: no space left on device; name another file\n"
    assert Path("out.json").read_text() == "old"
    assert files() == ["out.json", "tiny.yaml"]


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Argparse words the choices differently in every version."""
    assert call("rnu") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("sim: argument COMMAND: invalid choice: 'rnu' (choose from ")
    assert printed.err.endswith("); see sim --help\n")
    assert printed.err.count("\n") == 1
