"""The command line: what every option does, the exact line for each bad input, what a run that breaks off leaves."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.marked import place, plain
from support.terminals import stand_in

from sim import __version__
from sim.chips.contract import Job
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.cli.main import main
from sim.errors import ModelError
from sim.files.catalogue import find_machine, folder
from sim.ledger.results import LayerRun

ROOT = Path(__file__).resolve().parents[2]
WORKLOADS = ", ".join(sorted(path.stem for path in folder("workloads").glob("*.yaml")))
TINY = """\
schema: 1
name: tiny
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - {name: conv1, type: conv, ifmap: [3, 12, 12], filters: 8, kernel: 3, pad: 1}
  - {name: conv2/dw, type: depthwise, ifmap: [8, 12, 12], kernel: 3, stride: 2, pad: [0, 1, 0, 1]}
  - {name: fc3, type: fc, ifmap: [8, 6, 6], filters: 10, relu: false}
"""
CONV1_MACS = 8 * 3 * 3 * 3 * 12 * 12
DW_MACS = 8 * 3 * 3 * 6 * 6
FC_MACS = 10 * 8 * 6 * 6
LEGAL = "conv1:m=8,n=1,e=12,p=8,q=3,r=1,t=1"
SEE = "see sim run --help"
EXAMPLE = "write e.g. CONV3:m=64,n=4,e=13,p=16,q=3,r=2,t=2"


PROVENANCE = ["version", "git", "arch", "workload", "batch", "model", "cost_table", "seed", "options"]
OPTIONS = [
    "--arch",
    "--cost-table",
    "--batch",
    "--layers",
    "--mapping",
    "--seed",
    "--json",
    "--no-reuse",
    "--check",
    "--quiet",
    "--objective",
    "--constrain",
]


@pytest.fixture(autouse=True)
def folder_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder that holds one small workload, away from any terminal."""
    stand_in(tmp_path, monkeypatch)
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    return tmp_path


def call(*arguments: str) -> int:
    """Run the command in this process and give its exit status."""
    try:
        return main(arguments)
    except SystemExit as exit_:
        return int(exit_.code or 0)


def result(*arguments: str, workload: str = "tiny.yaml") -> dict[str, Any]:
    """Run a workload quietly and give its result file."""
    assert call("run", workload, "--quiet", "--json", "result.json", *arguments) == 0
    return json.loads(Path("result.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def files(where: str = ".") -> list[str]:
    """List a folder."""
    return sorted(path.name for path in Path(where).iterdir())


def names(found: dict[str, Any]) -> list[str]:
    """Name the layers of a result."""
    return [layer["name"] for layer in found["layers"]]


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sim", *arguments]
    return subprocess.run(command, env=environment, text=True, timeout=120, check=False, **options)


# What a run prints and writes


def test_a_run_prints_its_layers_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml") == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "tiny on eyeriss, cycle model, cost table eyeriss-65nm"
    assert [line.split()[0] for line in lines[3:6]] == ["conv1", "conv2/dw", "fc3"]
    assert lines[6] == ""
    macs = 2 * (CONV1_MACS + DW_MACS + FC_MACS) / 1e6
    assert lines[7].startswith(f"batch 2: {macs:.1f} M MACs, ")
    assert lines[8].startswith("DRAM ")
    assert lines[9].startswith("chip ")


def test_a_pipe_gets_no_terminal_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.replace("\n", "").isprintable()


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_the_result_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--json", "out.json", "--seed", "3") == 0
    text = Path("out.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    found = json.loads(text)
    assert (found["schema"], found["complete"], names(found)) == (1, True, ["conv1", "conv2/dw", "fc3"])
    assert [layer["macs"] for layer in found["layers"]] == [2 * CONV1_MACS, 2 * DW_MACS, 2 * FC_MACS]
    provenance = found["provenance"]
    assert list(provenance) == PROVENANCE
    assert provenance | {"git": None} == {
        "version": __version__,
        "git": None,
        "arch": "eyeriss",
        "workload": "tiny",
        "batch": 2,
        "model": "cycle",
        "cost_table": "eyeriss-65nm",
        "seed": 3,
        "options": {"layers": None, "mapping": [], "objective": "energy", "constrain": [], "reuse": True},
    }
    assert "conv2/dw" in capsys.readouterr().out  # the table is printed as well


def test_the_result_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--json", "-") == 0
    printed = capsys.readouterr()
    assert names(json.loads(printed.out)) == ["conv1", "conv2/dw", "fc3"]
    assert printed.err.startswith("tiny on eyeriss")  # the table makes way
    assert files() == ["tiny.yaml"]


def test_the_result_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--json", "-", "--quiet") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["complete"]
    assert printed.err == ""


def test_an_old_result_file_is_replaced_and_its_link_followed() -> None:
    Path("sub").mkdir()
    Path("sub/real.json").write_text("old")
    Path("result.json").symlink_to("sub/real.json")
    result()
    assert Path("result.json").is_symlink()
    assert json.loads(Path("sub/real.json").read_text())["complete"]
    assert files() == ["result.json", "sub", "tiny.yaml"]
    assert files("sub") == ["real.json"]


def test_a_pipe_is_written_to_and_not_replaced() -> None:
    os.mkfifo("result.json")
    reader = os.open("result.json", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert call("run", "tiny.yaml", "--quiet", "--layers", "fc3", "--json", "result.json") == 0
        assert names(json.loads(os.read(reader, 1 << 20))) == ["fc3"]
    finally:
        os.close(reader)
    assert Path("result.json").is_fifo()
    assert files() == ["result.json", "tiny.yaml"]


def test_names_from_files_are_shown_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither markup, nor emoji codes, nor control characters take effect."""
    odd = TINY.replace("name: tiny", 'name: "[/bold]\\e[31m"').replace("conv1", '"[/x]:m:"')
    Path("odd.yaml").write_text(odd.replace("conv2/dw", '"a\\nb"'), encoding="utf-8")
    assert call("run", "odd.yaml") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[/bold]\\x1b[31m on eyeriss")
    assert [line.split()[0] for line in lines[3:6]] == ["[/x]:m:", "a\\nb", "fc3"]


# What the options do


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ("fc3", ["fc3"]),
        ("fc3,conv1", ["conv1", "fc3"]),  # in the network's order
        ("conv*", ["conv1", "conv2/dw"]),
        ("*/dw, conv?", ["conv1", "conv2/dw"]),
        ("conv[2-9]*", ["conv2/dw"]),
        ("fc3,*", ["conv1", "conv2/dw", "fc3"]),
    ],
)
def test_layers(patterns: str, chosen: list[str]) -> None:
    found = result("--layers", patterns)
    assert (names(found), found["complete"]) == (chosen, True)
    assert found["provenance"]["options"]["layers"] == patterns


def test_a_layer_alone_is_as_in_its_network() -> None:
    """Its tensors, and whether its ifmap is coded, do not depend on what runs before it."""
    assert result("--layers", "conv2/dw")["layers"] == result()["layers"][1:2]


def test_batch() -> None:
    found = result("--batch", "3")
    assert found["provenance"]["batch"] == 3
    assert found["total"]["macs"] == 3 * (CONV1_MACS + DW_MACS + FC_MACS)
    assert found["total"]["fps"] == pytest.approx(3 / found["total"]["total_latency_s"])


def test_seed() -> None:
    texts = []
    for seed in ("0", "0", "1"):
        result("--seed", seed)
        texts.append(Path("result.json").read_bytes())
    assert texts[0] == texts[1]
    first, other = json.loads(texts[0]), json.loads(texts[2])
    assert first["layers"] != other["layers"]
    assert [one["macs"] for one in first["layers"]] == [one["macs"] for one in other["layers"]]
    result()
    assert Path("result.json").read_bytes() == texts[0]  # 0 is the default


def test_cost_table() -> None:
    joules, normalized = result(), result("--cost-table", "normalized-65nm")
    assert normalized["provenance"]["cost_table"] == "normalized-65nm"
    assert normalized["total"]["energy"]["unit"] == "MAC"
    assert normalized["layers"][2]["energy"]["compute"] == normalized["layers"][2]["macs_performed"]
    assert joules["total"]["energy"]["unit"] == "pJ"


def test_cost_table_from_a_file() -> None:
    text = (folder("arch") / "normalized-65nm.yaml").read_text(encoding="utf-8")
    text = text.replace("mac: 1.0", "mac: 3.0").replace("name: normalized-65nm", "name: mine")
    Path("mine.yaml").write_text(text, encoding="utf-8")
    found = result("--cost-table", "mine.yaml", "--layers", "fc3")
    assert found["provenance"]["cost_table"] == "mine"
    assert found["layers"][0]["energy"]["compute"] == 3 * found["layers"][0]["macs_performed"]


def test_arch() -> None:
    found = result("--arch", "isca2016_256pe")
    assert found["provenance"]["arch"] == "isca2016_256pe"
    assert found["provenance"]["cost_table"] == "normalized-65nm"  # the machine's own


def test_arch_from_a_file() -> None:
    text = find_machine("eyeriss").read_text(encoding="utf-8")
    text = text.replace("clock: 200 MHz", "clock: 100 MHz").replace("name: eyeriss", "name: slow", 1)
    Path("slow.yaml").write_text(text, encoding="utf-8")
    slow, fast = result("--arch", "slow.yaml", "--mapping", LEGAL), result("--mapping", LEGAL)
    assert slow["provenance"]["arch"] == "slow"
    cycles = slow["layers"][0]["processing_cycles"]
    assert slow["layers"][0]["processing_latency_s"] == pytest.approx(cycles / 100e6)
    assert slow["layers"][0]["accesses"] == fast["layers"][0]["accesses"]


def test_mapping() -> None:
    found = result("--mapping", LEGAL, "--mapping", "fc3:m=5,n=1,e=1,p=5,q=2,r=1,t=1")
    assert found["layers"][0]["mapping"] == {"m": 8, "n": 1, "e": 12, "p": 8, "q": 3, "r": 1, "t": 1}
    assert found["layers"][2]["mapping"] == {"m": 5, "n": 1, "e": 1, "p": 5, "q": 2, "r": 1, "t": 1}
    assert found["layers"][1] == result()["layers"][1]
    assert found["layers"][0]["active_pes"] == 36  # R x e


def test_no_reuse_changes_nothing_but_the_time() -> None:
    every, reused = result("--no-reuse"), result()
    assert every["layers"] == reused["layers"]
    assert every["total"] == reused["total"]
    options = {"layers": None, "mapping": [], "objective": "energy", "constrain": [], "reuse": False}
    assert every["provenance"]["options"] == options


# Bad input


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


# Runs that break off


def break_off(monkeypatch: pytest.MonkeyPatch, error: BaseException, *, after: int) -> None:
    """Let the model raise an error after some layers."""
    run = CycleModel.run
    done: list[str] = []

    def fail(model: CycleModel, job: Job) -> LayerRun:
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
    part = json.loads(Path("out.json").read_text(encoding="utf-8"))
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

    monkeypatch.setattr("sim.cli.inputs.read_machine", interrupt)
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


# Processes


def test_help() -> None:
    found = process("run", "--help", capture_output=True)
    assert (found.returncode, found.stderr) == (0, "")
    for option in OPTIONS:
        assert option in found.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert capsys.readouterr() == (f"sim {__version__}\n", "")


def test_a_process_prints_what_this_one_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml") == 0
    found = process("run", "tiny.yaml", capture_output=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, *capsys.readouterr())


@pytest.mark.parametrize("arguments", [[], ["--quiet", "--json", "-"]], ids=["table", "json"])
def test_a_reader_that_has_gone(arguments: list[str]) -> None:
    """Output into a closed pipe ends the run without a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        found = process("run", "tiny.yaml", *arguments, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (found.returncode, found.stderr) == (1, "")


def test_head_takes_one_line() -> None:
    command = f"'{sys.executable}' -m sim run tiny.yaml | head -1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout == "tiny on eyeriss, cycle model, cost table eyeriss-65nm\n"
    assert found.stderr == ""


class Terminal:
    """The command with its standard error on a pseudo-terminal."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "100"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sim", *arguments], env=environment, stdout=subprocess.PIPE, stderr=slave, text=True
        )
        os.close(slave)
        self.shown = ""

    def read_until(self, pattern: str) -> None:
        """Read what is shown until it matches a pattern, or until it ends."""
        while not re.search(pattern, self.shown):
            try:
                part = os.read(self._master, 1 << 16)
            except OSError:  # how Linux says that the other side is closed
                part = b""
            if not part:
                return
            self.shown += part.decode("utf-8", errors="replace")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def finish(self) -> tuple[int, str]:
        """Return the exit status and the standard output."""
        self.read_until("\0")
        printed, _ = self._process.communicate(timeout=120)
        os.close(self._master)
        return self._process.returncode, printed


def test_a_terminal_shows_progress() -> None:
    terminal = Terminal("run", "tiny.yaml")
    status, printed = terminal.finish()
    assert status == 0
    assert "0/3" in terminal.shown
    assert "3/3" in terminal.shown
    assert "fc3" in terminal.shown
    assert "\x1b[" in terminal.shown
    assert "\x1b[" not in printed  # standard output is a pipe


def test_quiet_shows_no_progress() -> None:
    terminal = Terminal("run", "tiny.yaml", "--quiet")
    assert terminal.finish() == (0, "")
    assert terminal.shown == ""


def test_progress_shows_names_as_they_stand() -> None:
    Path("odd.yaml").write_text(TINY.replace("fc3", '"[/x]\\a"'), encoding="utf-8")
    terminal = Terminal("run", "odd.yaml")
    assert terminal.finish()[0] == 0
    assert "[/x]\\x07" in terminal.shown


def test_control_c_keeps_the_finished_layers() -> None:
    terminal = Terminal("run", "googlenet", "--no-reuse", "--batch", "8", "--json", "out.json")
    terminal.read_until("[1-9]/58")  # the bar is drawn now and then, not after each layer
    terminal.interrupt()
    status, printed = terminal.finish()
    part = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert (status, part["complete"]) == (130, False)
    assert names(part)[0] == "conv1/7x7_s2"
    assert 1 <= len(part["layers"]) < 58
    assert "Traceback" not in printed + terminal.shown
