"""`sim estimate`: its numbers by hand, what every option does to them, the exact line for each bad input."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support import commands
from support.commands import command_line, environment, files, read_json
from support.patience import patient

from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.cli.main import main
from sim.codes.expected import FmapCode
from sim.ledger.results import LayerRun

TENSORS = ("ifmap", "filter", "psum", "ofmap")
TINY = """\
schema: 1
name: tiny
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.25}
layers:
  - name: conv 1
    type: conv
    ifmap: [1, 4, 4]
    filters: 2
    kernel: 3
    zeros: {filter: 0.5}
    mapping: {m: 2, n: 1, e: 2, p: 2, q: 1, r: 1, t: 1}
  - name: fc2
    type: fc
    ifmap: [8, 1, 1]
    filters: 2
    relu: false
    zeros: {ofmap: 0}
    mapping: {m: 2, n: 2, e: 1, p: 2, q: 8, r: 1, t: 1}
"""
# Costs of this file's own, so that the shipped table may change: a word read, and a word written or delivered.
LEVELS = {"dram": (200, 200), "glb": (6, 6), "gin": (0, 2), "gon": (0, 2), "ln": (0, 2), "fifo": (0, 0), "spad": (1, 1)}
COSTS = """\
schema: 1
name: round
source: test
status: published
unit: MAC
word: 16 b
static_power: 0.0 W
zero_buffer_read: 0.0
mac: 1.0
""" + "".join(
    f"{level}: {{" + ", ".join(f"{tensor}: {{read: {read}.0, write: {write}.0}}" for tensor in TENSORS) + "}\n"
    for level, (read, write) in LEVELS.items()
)
# By hand, per image.
CONV = {
    "computation": 72 * 0.5 * 0.5,  # live MACs: neither operand is zero
    "ifmap": 16 * 200 + 16 * 6 + 16 * 6 + 24 * (2 + 1) + 18,  # DRAM (uncoded), fill, send, to 24 PEs, live reads
    "ofmap": (8 + 6 * 16) / 16 * 200 + 8 * 12 + 16 * 2 + 8 * 2 + 18 * 2,  # map and live words, GLB, LN, GON, spads
    "weight": 18 * (200 + 6 + 6) + 18 * 2 * (2 + 1) + 18,  # once an image: n = 1; to a PE of each ofmap row; spads
}
FC = {
    "computation": 16 * 0.5,
    "ifmap": (8 + 4 * 16) / 16 * 200 + 8 * 6 + 8 * 6 + 8 * (2 + 1) + 8,
    "ofmap": (2 + 2 * 16) / 16 * 200 + 2 * 12 + 2 * 2 + 8 * 2,  # one PE row: no hop
    "weight": (16 * (200 + 6 + 6) + 16 * (2 + 1)) / 2 + 8,  # once for both images: n = 2
}
SEE = "see sim estimate --help"
BITS = "write e.g. ifmap=8,filter=8,psum=16"
ZEROS = "write e.g. ifmap=0.5,filter=0.3,ofmap=0.4"


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small workload and a cost table, away from any terminal."""
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    Path("costs.yaml").write_text(COSTS, encoding="utf-8")


def call(*arguments: str) -> int:
    """Estimate with the costs above or others, and give the exit status."""
    return commands.call("estimate", "--cost-table", "costs.yaml", *arguments)


def result(*arguments: str, workload: str = "tiny.yaml") -> dict[str, Any]:
    """Estimate a workload quietly and give its result file."""
    assert call(workload, "--quiet", "--json", "result.json", *arguments) == 0
    return read_json("result.json")


def energies(*arguments: str, workload: str = "tiny.yaml") -> list[dict[str, float]]:
    """Estimate a workload and give the numbers of the tool's table, layer by layer."""
    assert call(workload, "--quiet", "--output", "result.txt", *arguments) == 0
    heads, *rows = [line.split() for line in Path("result.txt").read_text(encoding="utf-8").splitlines()]
    return [dict(zip(heads[1:], map(float, row[1:]), strict=True)) for row in rows]


# What an estimate prints and writes


def test_the_tools_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--quiet", "--output", "-") == 0
    assert capsys.readouterr() == (
        "layer  computation  ifmap  ofmap weight\n"
        "conv_1        18.0 3482.0 1480.0 3942.0\n"
        "fc2            8.0 1028.0  469.0 1728.0\n",
        "",
    )


def test_its_numbers_are_those_made_by_hand() -> None:
    assert energies() == [CONV, FC]


def test_the_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml") == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "tiny on eyeriss, analytic model, cost table round: energy per image in MAC",
        "layer   computation   weight    ifmap    ofmap     total  share %",
        "conv 1        18.00  3942.00  3482.00  1480.00   8922.00     73.4",
        "fc2            8.00  1728.00  1028.00   469.00   3233.00     26.6",
        "total         26.00  5670.00  4510.00  1949.00  12155.00    100.0",
        "",
        "batch 2: 12.15 k MAC per image; CONV 73.4 %, FC 26.6 %",
    ]


def test_joules_have_a_static_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--cost-table", "eyeriss-65nm", "--json", "out.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["layer", "computation", "weight", "ifmap", "ofmap", "static", "total", "share", "%"]
    energy = read_json("out.json")["total"]["energy"]
    keys = ("compute", "filter", "ifmap", "ofmap", "static", "system")
    assert lines[4].split() == ["total", *(f"{energy[key] / 2e3:.2f}" for key in keys), "100.0"]
    assert lines[0].endswith("energy per image in nJ")


def test_the_result_file_is_of_the_whole_batch() -> None:
    found = result("--bits", "ifmap=8", "--zeros", "filter=.5", "--code", "rlc", "--skip", "ifmap")
    provenance = found["provenance"]
    assert (provenance["model"], provenance["seed"], provenance["batch"]) == ("analytic", None, 2)
    assert provenance["cost_table"] == "round"
    assert provenance["options"] == {
        "layers": None,
        "mapping": [],
        "objective": "energy",
        "constrain": [],
        "bits": {"ifmap": 8},
        "zeros": {"filter": 0.5},
        "skip": "ifmap",
        "code": "rlc",
    }
    energy = result()["layers"][1]["energy"]
    assert {"computation": energy["compute"], "weight": energy["filter"]} == {
        "computation": 2 * FC["computation"],
        "weight": 2 * FC["weight"],
    }


def test_what_the_methodology_takes_is_said() -> None:
    """Both operands' zeros skip MACs, and a map of one bit a value codes fmaps, unless something else is chosen."""
    plain = result()
    assert [plain["provenance"]["options"][name] for name in ("skip", "code")] == ["either", "significance_map"]
    assert plain == result("--skip", "either", "--code", "significance_map")


def test_the_methodologys_costs_are_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "tiny.yaml"]) == 0
    assert "cost table normalized-65nm: energy per image in MAC\n" in capsys.readouterr().out


def test_the_table_makes_way_for_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--json", "-") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["complete"]
    assert printed.err.startswith("tiny on eyeriss")


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert files() == ["costs.yaml", "tiny.yaml"]


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_a_plot_is_the_same_every_time(suffix: str) -> None:
    for name in ("a", "b"):
        assert call("tiny.yaml", "--quiet", "--plot", f"{name}.{suffix}") == 0
    assert Path(f"a.{suffix}").read_bytes() == Path(f"b.{suffix}").read_bytes()


def test_free_events_share_nothing_out(capsys: pytest.CaptureFixture[str]) -> None:
    head, *costs = COSTS.partition("mac: ")
    free = "".join(costs).translate(str.maketrans("123456789", "000000000"))
    Path("free.yaml").write_text(head + free, encoding="utf-8")
    assert call("tiny.yaml", "--cost-table", "free.yaml", "--plot", "free.svg") == 0
    assert capsys.readouterr().out.endswith("batch 2: 0.00 MAC per image; CONV 0.0 %, FC 0.0 %\n")


# What the options do


def test_energies_are_per_image() -> None:
    """All but the weights, which a larger batch shares where its mapping holds more images at a time."""
    one, four = energies("--batch", "2"), energies("--batch", "4")
    assert four == one
    assert result("--batch", "4")["total"]["energy"]["system"] == 2 * result()["total"]["energy"]["system"]


def test_layers_and_mapping() -> None:
    conv, fc = energies("--layers", "fc2,conv*", "--mapping", "fc2:m=2,n=1,e=1,p=2,q=8,r=1,t=1")
    assert conv == CONV
    assert fc == FC | {"weight": 16 * (200 + 6 + 6) + 16 * (2 + 1) + 8}  # once for each image
    assert energies("--layers", "fc2") == [FC]


def test_bits_scale_what_moves() -> None:
    """An uncoded fmap of half the width costs half, under the same mapping."""
    full, half = energies("--code", "none"), energies("--code", "none", "--bits", "ifmap=8")
    for before, after in zip(full, half, strict=True):
        assert after == before | {"ifmap": before["ifmap"] / 2, "computation": before["computation"] / 2}


@pytest.mark.parametrize(("bits", "share"), [("ifmap=8,filter=4", 1 / 8), ("filter=4", 1 / 4), ("psum=8", 1)])
def test_bits_scale_computation_by_both_operands(bits: str, share: float) -> None:
    for before, after in zip(result()["layers"], result("--bits", bits)["layers"], strict=True):
        assert after["energy"]["compute"] == before["energy"]["compute"] * share


def test_bits_change_what_fits() -> None:
    """The ifmap spad has 12 words of 16 bits: of 24 channels, all fit only at half the width."""
    text = "".join(line for line in TINY.splitlines(True) if "mapping" not in line)
    Path("free.yaml").write_text(text.replace("[8, 1, 1]", "[24, 1, 1]"), encoding="utf-8")
    options = ("--skip", "none", "--layers", "fc2")  # a zero buffer has 12 flags, whatever the width
    wide, narrow = (result("--bits", f"ifmap={width}", *options, workload="free.yaml") for width in (16, 8))
    assert wide["layers"][0]["mapping"]["q"] <= 12
    assert narrow["layers"][0]["mapping"]["q"] == 24


def test_bits_that_the_machine_has_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--bits", "ifmap=32", "--layers", "fc2") == 2
    error = capsys.readouterr().err
    assert error.startswith("layer fc2: mapping m=2 n=2 e=1 p=2 q=8 r=1 t=1 is not legal on eyeriss; ")
    assert error.count("\n") == 1


def test_zeros() -> None:
    conv, fc = energies("--zeros", "ifmap=0.75,ofmap=0")
    assert conv["computation"] == CONV["computation"] / 2
    assert conv["ofmap"] == CONV["ofmap"] + 2 * 200 - 9 * 2  # two more live words to DRAM, nine MACs fewer
    assert fc["ifmap"] == FC["ifmap"] - 2 * 200 - 4  # two live words fewer from DRAM, four spad reads
    assert energies("--zeros", "filter=1")[0]["computation"] == 0


@pytest.mark.parametrize(("skip", "conv", "fc"), [("ifmap", 36, 8), ("either", 18, 8), ("none", 72, 16)])
def test_skip(skip: str, conv: int, fc: int) -> None:
    found = energies("--skip", skip)
    assert [layer["computation"] for layer in found] == [conv, fc]
    assert found[0]["weight"] == CONV["weight"] - CONV["computation"] + conv  # a read of the filter spad goes with it


def test_code() -> None:
    """Raw words, or runs: four live values in a stream of two images take two words of 64 bits each."""
    plain, runs = energies("--code", "none")[1], energies("--code", "rlc")[1]
    assert plain["ifmap"] == FC["ifmap"] + (8 - 72 / 16) * 200
    assert plain["ofmap"] == FC["ofmap"] - 2 / 16 * 200
    assert runs["ifmap"] > FC["ifmap"]
    assert runs["weight"] == plain["weight"] == FC["weight"]


def test_the_command_line_names_all_codes_and_modes() -> None:
    for code in FmapCode:
        assert energies("--code", code)
    for skip in Eyeriss.skips:
        assert energies("--skip", skip)


@pytest.mark.parametrize("name", ["alexnet", "tiny.yaml"])
def test_a_text_file_of_the_same_network(name: str) -> None:
    """Zero fractions become counts there, and mappings are left to the mapper."""
    Path("tiny.yaml").write_text("".join(line for line in TINY.splitlines(True) if "mapping" not in line))
    assert main(("convert", name, "net.txt")) == 0
    yaml, text = energies(workload=name), energies(workload="net.txt")
    assert len(yaml) == len(text)
    for before, after in zip(yaml, text, strict=True):
        assert after == pytest.approx(before, rel=1e-3)


# Bad input


FAULTS = [
    (["--bits", "8"], f"--bits: '8' is no bitwidth; {BITS}"),
    (["--bits", ""], f"--bits: '' is no bitwidth; {BITS}"),
    (["--bits", "ifmap=-8"], f"--bits: 'ifmap=-8' is no bitwidth; {BITS}"),
    (["--bits", "ifmap=0"], "--bits: ifmap: got the number 0; expected at least 1"),
    (["--bits", "ifmap=33"], "--bits: ifmap: got the number 33; expected at most 32"),
    (["--bits", "weights=8"], "--bits: weights: unknown key; allowed: ifmap, filter, psum, ofmap"),
    (["--bits", "ifmap=8,ifmap=8"], "--bits: ifmap: given twice; give it once"),
    (["--zeros", "ifmap=half"], f"--zeros: 'ifmap=half' is no zero fraction; {ZEROS}"),
    (["--zeros", "ifmap=nan"], f"--zeros: 'ifmap=nan' is no zero fraction; {ZEROS}"),
    (["--zeros", "ofmap=1.5"], "--zeros: ofmap: got the number 1.5; expected at most 1.0"),
    (["--zeros", "ofmap=-0.5"], "--zeros: ofmap: got the number -0.5; expected at least 0.0"),
    (["--zeros", "psum=0.5"], "--zeros: psum: unknown key; allowed: ifmap, ofmap, filter"),
    (["--skip", "both"],
     f"sim estimate: argument --skip: no choice 'both'; allowed: ifmap, either, none; {SEE}"),
    (["--code", "rcl"], f"sim estimate: argument --code: no choice 'rcl'; did you mean 'rlc'?; {SEE}"),
    (["--output", "out.txt", "--cost-table", "eyeriss-65nm"],
     "--output: the tool's table is in units of one MAC, cost table eyeriss-65nm in pJ; "
     "use a cost table such as normalized-65nm"),
    (["--plot", "out.pdf"], "out.pdf: is no picture's name; give a name that ends in .svg or .png"),
    (["--plot", "-"], "-: is no picture's name; give a name that ends in .svg or .png"),
    (["--plot", "nowhere/out.svg"], "nowhere/out.svg: its folder is missing; make it first"),
    (["--output", "nowhere/out.txt"], "nowhere/out.txt: its folder is missing; make it first"),
    (["--output", "out.json"], "out.json: --output and --json both write there; name two files"),
    (["--output", "-", "--json", "-"], "-: --output and --json both write there; name two files"),
    (["--plot", "./tiny.yaml/../x.svg"], "./tiny.yaml/../x.svg: its folder is missing; make it first"),
    (["--layers", "conv9"], "--layers: no layer 'conv9' in tiny; did you mean 'conv 1'?"),
    (["--arch", "eyeris"], "eyeris: no machine of that name comes with sim; did you mean 'eyeriss'?"),
]  # fmt: skip


def never(*_: object) -> LayerRun:
    """Stand for a model that must not be asked."""
    raise AssertionError("a layer was estimated before the input was found wrong")


@pytest.mark.parametrize(("arguments", "line"), FAULTS)
def test_refuse(
    arguments: Sequence[str], line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AnalyticModel, "run", never)
    assert call("tiny.yaml", "--json", "out.json", *arguments) == 2
    assert capsys.readouterr() == ("", f"{line}\n")
    assert files() == ["costs.yaml", "tiny.yaml"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nope.txt", "nope.txt: no such file; expected a text file of the online energy-estimation tool"),
        ("short.txt", "short.txt:1: ifmap.height: missing, the line ends after 1 number; expected 25"),
    ],
)
def test_refuse_a_text_file(name: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("short.txt").write_text("1\n")
    assert call(name) == 2
    assert capsys.readouterr() == ("", f"{line}\n")


def test_a_plot_without_matplotlib(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert call("tiny.yaml", "--plot", "out.svg", "--json", "out.json") == 2
    line = "--plot: charts need matplotlib; install it with pip install 'sim[plot]'\n"
    assert capsys.readouterr() == ("", line)
    assert files() == ["costs.yaml", "tiny.yaml"]
    assert call("tiny.yaml", "--quiet") == 0  # nothing else needs it


# Processes


def test_a_network_takes_seconds() -> None:
    """GoogLeNet, its kernels compiled by an earlier run, in a fresh process; no plot, so no matplotlib."""
    command = command_line("estimate", "googlenet", options=("-X", "importtime"))
    seconds = []
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=True, timeout=patient(60)
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert len(found.stdout.splitlines()) == 2 + 58 + 1 + 2
    assert "matplotlib" not in found.stderr
    assert "simpy" not in found.stderr
    assert seconds[1] < patient(3)  # of processor time; compiling takes longer than that
