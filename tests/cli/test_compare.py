"""`sim compare`: what it prints and writes, what it calls unequal, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.terminals import stand_in

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.cli.main import main
from sim.files.catalogue import find_machine
from sim.chips.eyeriss.levels import Level
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.ledger.results import Energy, LayerResult, LayerRun, NetworkResult
from sim.studies.comparison import Difference, compare, unequal_counts
from sim.views.comparison_table import difference_text

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
DENSE = TINY.replace("ifmap: 0.5", "ifmap: 0.0")
LEGAL = "conv1:m=8,n=1,e=12,p=8,q=3,r=1,t=1"
QUANTITIES = ["system", "compute", "ifmap", "filter", "ofmap", "static"]
QUANTITIES += ["processing_cycles", "total_cycles", "dram_bits"]
SEE = "see sim compare --help"


@pytest.fixture(autouse=True)
def folder_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder that holds one small workload, away from any terminal."""
    stand_in(tmp_path, monkeypatch)
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    Path("dense.yaml").write_text(DENSE, encoding="utf-8")


def call(*arguments: str) -> int:
    """Run the command in this process and give its exit status."""
    try:
        return main(arguments)
    except SystemExit as exit_:
        return int(exit_.code or 0)


def written(*arguments: str, workload: str = "tiny.yaml", status: int = 0) -> dict[str, Any]:
    """Compare quietly and give the file."""
    assert call("compare", workload, "--quiet", "--json", "out.json", *arguments) == status
    return json.loads(Path("out.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def run_file(*arguments: str) -> dict[str, Any]:
    """Run the cycle model alone and give its file."""
    assert call("run", "tiny.yaml", "--quiet", "--json", "run.json", *arguments) == 0
    return json.loads(Path("run.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def spoil(monkeypatch: pytest.MonkeyPatch, change: Callable[[LayerRun], LayerRun], layer: str = "fc3") -> None:
    """Let the analytic model go wrong on one layer."""
    honest = AnalyticModel.run

    def run(self: AnalyticModel, job: Job) -> LayerRun:
        found = honest(self, job)
        return change(found) if job.layer.name == layer else found

    monkeypatch.setattr(AnalyticModel, "run", run)


def one_more_glb_read(run: LayerRun) -> LayerRun:
    """Count an ifmap word too many."""
    run.ledger.add(Level.GLB, Tensor.IFMAP, Direction.READ, 1, bits=16)
    return run


# What it prints


def test_the_printed_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "tiny.yaml") == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert printed.err == ""
    assert lines[0] == "tiny on eyeriss, analytic (rlc) against cycle model, cost table eyeriss-65nm"
    assert lines[1].split()[:6] == ["energy", "analytic", "compute", "ifmap", "filter", "ofmap"]
    assert sorted(line.split()[0] for line in lines[3:6]) == ["conv1", "conv2/dw", "fc3"]
    assert [line.split()[-1] for line in lines[3:7]] == ["equal"] * 4
    assert lines[6].split()[0] == "total"
    assert lines[7] == ""
    assert lines[8].startswith("simulation ")
    assert lines[8].endswith("(Asilomar 2017, Table I: AlexNet -2.5 %, GoogLeNet -2.6 %)")
    assert len(lines) == 9


def test_the_figures_printed_are_those_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "tiny.yaml", "--json", "out.json") == 0
    lines = capsys.readouterr().out.splitlines()
    found = json.loads(Path("out.json").read_text(encoding="utf-8"))
    total = found["differences"]["total"]
    cells = lines[6].split()
    assert cells[1] == f"{total['system']['cycle'] / 1e6:.1f}"
    assert cells[2] == f"{total['system']['analytic'] / 1e6:.1f}"
    shown = [cells[place] for place in (*range(3, 9), 10, 12, 14)]
    assert [float(cell) for cell in shown] == [round(total[name]["difference_pct"], 2) for name in QUANTITIES]
    assert [float(cells[place]) for place in (9, 11, 13)] == [
        round(total["processing_cycles"]["cycle"] / 1e3, 1),
        round(total["total_cycles"]["cycle"] / 1e3, 1),
        round(total["dram_bits"]["cycle"] / 8e6, 2),
    ]
    system = total["system"]
    line = f"simulation {system['cycle']:.2e} pJ, analytical {system['analytic']:.2e} pJ, difference "
    assert lines[8].startswith(f"{line}{system['difference_pct']:+.2f} % (")


def test_the_largest_difference_comes_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the analytic model take the last layer for a hundred times as long: static energy goes with the cycles."""
    spoil(monkeypatch, lambda run: replace(run, total_cycles=100 * run.total_cycles))
    assert call("compare", "tiny.yaml", "--json", "out.json") == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines()[3:6]]
    layers = json.loads(Path("out.json").read_text(encoding="utf-8"))["differences"]["layers"]
    assert [layer["name"] for layer in layers] == ["conv1", "conv2/dw", "fc3"]  # in the network's order
    gaps = {layer["name"]: abs(layer["system"]["difference"]) for layer in layers}
    assert shown == sorted(gaps, key=lambda name: -gaps[name])
    assert shown[0] == "fc3"


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "tiny.yaml", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_names_from_files_are_shown_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.yaml").write_text(TINY.replace("conv2/dw", "'[/bold]'").replace("tiny", "'[/x]'"), encoding="utf-8")
    assert call("compare", "odd.yaml") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[/x] on eyeriss")
    assert "[/bold]" in [line.split()[0] for line in lines[3:6]]


def test_a_unit_of_one_mac(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "tiny.yaml", "--cost-table", "normalized-65nm") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[:5] == ["layer", "M", "MAC", "M", "MAC"]
    assert " MAC, analytical " in lines[8]


@pytest.mark.parametrize(
    ("cycle", "analytic", "text"),
    [
        (200, 195, "-2.50"),
        (200, 201, "+0.50"),
        (1e9, 1e9 + 1, "0.00"),
        (1e9, 1e9 - 1, "0.00"),
        (0, 0, "0.00"),
        (0, 1, "new"),
    ],
)
def test_per_cent(cycle: float, analytic: float, text: str) -> None:
    assert difference_text(Difference(cycle, analytic)) == text


# What it writes


def test_the_file_has_both_results_and_the_differences() -> None:
    found = written("--seed", "3")
    assert list(found) == ["schema", "complete", "cycle", "analytic", "differences"]
    assert (found["schema"], found["complete"]) == (1, True)
    assert found["cycle"]["layers"] == run_file("--seed", "3")["layers"]
    assert [found[model]["provenance"]["model"] for model in ("cycle", "analytic")] == ["cycle", "analytic"]
    assert [found[model]["provenance"]["seed"] for model in ("cycle", "analytic")] == [3, None]
    options = found["cycle"]["provenance"]["options"]
    assert (options["layers"], options["mapping"], "code" in options) == (None, [], False)
    assert found["analytic"]["provenance"]["options"] == options | {"code": "rlc"}
    for place, layer in enumerate(found["differences"]["layers"]):
        ours, theirs = found["cycle"]["layers"][place], found["analytic"]["layers"][place]
        assert list(layer) == ["name", *QUANTITIES, "unequal_counts"]
        assert (layer["name"], layer["unequal_counts"]) == (ours["name"], [])
        assert ours["mapping"] == theirs["mapping"]
        assert layer["ifmap"]["difference"] == theirs["energy"]["ifmap"] - ours["energy"]["ifmap"]
        assert layer["total_cycles"]["cycle"] == ours["total_cycles"]
        assert layer["dram_bits"]["analytic"] == sum(
            bits for ways in theirs["bits"]["dram"].values() for bits in ways.values()
        )


def test_totals_are_sums() -> None:
    found = written()["differences"]
    for name in QUANTITIES:
        total = found["total"][name]
        for model in ("cycle", "analytic"):
            assert total[model] == pytest.approx(sum(layer[name][model] for layer in found["layers"]))
        gap = total["analytic"] - total["cycle"]
        assert total["difference"] == pytest.approx(gap)
        assert total["difference_pct"] == pytest.approx(100 * gap / total["cycle"])


def test_nothing_to_compare_with_has_no_percentage() -> None:
    assert Difference(0, 5).as_dict() == {"cycle": 0, "analytic": 5, "difference": 5, "difference_pct": None}


def test_the_file_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "tiny.yaml", "--json", "-") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["complete"]
    assert printed.err.startswith("tiny on eyeriss")


# What the options do


def test_options_reach_both_models() -> None:
    found = written("--batch", "3", "--layers", "conv*", "--mapping", LEGAL, "--arch", "isca2016_256pe")
    for model in ("cycle", "analytic"):
        assert [layer["name"] for layer in found[model]["layers"]] == ["conv1", "conv2/dw"]
        assert found[model]["provenance"]["batch"] == 3
        assert found[model]["provenance"]["arch"] == "isca2016_256pe"
        assert found[model]["layers"][0]["mapping"]["p"] == 8


def test_code() -> None:
    bits = {code: written("--code", code)["differences"]["total"]["dram_bits"] for code in ("rlc", "none")}
    bits["significance_map"] = written("--code", "significance_map")["differences"]["total"]["dram_bits"]
    assert bits["rlc"] == written()["differences"]["total"]["dram_bits"]  # the default
    assert len({figure["cycle"] for figure in bits.values()}) == 1
    assert bits["significance_map"]["analytic"] < bits["rlc"]["analytic"] < bits["none"]["analytic"]


def test_without_a_codec_the_default_is_no_code() -> None:
    text = find_machine("eyeriss").read_text(encoding="utf-8").replace("  enabled: true", "  enabled: false")
    Path("plain.yaml").write_text(text, encoding="utf-8")
    found = written("--arch", "plain.yaml")
    assert found["analytic"]["provenance"]["options"]["code"] == "none"
    assert found["differences"]["total"]["dram_bits"]["difference"] == 0


# Unequal counts


def test_a_word_too_many_is_listed_and_ends_with_status_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, one_more_glb_read)
    assert call("compare", "tiny.yaml", "--json", "out.json") == 3
    printed = capsys.readouterr()
    layer = json.loads(Path("out.json").read_text(encoding="utf-8"))["differences"]["layers"][2]
    (count,) = layer["unequal_counts"]
    words = count["cycle"]
    assert count == {"place": ["glb", "ifmap", "read"], "cycle": words, "analytic": words + 1}
    text = f"glb ifmap read: {words} simulated, {words + 1} analytic"
    lines = printed.out.splitlines()
    assert [line.split()[-2:] for line in lines[3:7] if line.startswith(("fc3", "total"))] == [["1", "differ"]] * 2
    assert lines[8] == f"unequal: fc3: {text}"
    law = "both models count the same"
    assert printed.err == f"conservation law broken (please report this): {law}: layer fc3: {text}\n"


def test_dense_data_leave_no_macs_to_differ_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(workload="dense.yaml")["differences"]["total"]["compute"]["difference"] == 0

    def one_mac_less(run: LayerRun) -> LayerRun:
        run.ledger.macs_performed -= 1
        return run

    spoil(monkeypatch, one_mac_less)
    layer = written(workload="dense.yaml", status=3)["differences"]["layers"][2]
    assert layer["unequal_counts"][0]["place"] == ["macs_performed"]


def result_of(run: LayerRun) -> LayerResult:
    """Wrap a run that has no energy."""
    energy = Energy("MAC", 0, 0, 0, 0, 0, {"dram": 0})
    return LayerResult("layer", "conv", {}, (), run, energy, 1)


@pytest.fixture
def run() -> Callable[[], LayerRun]:
    """Return a way to make equal runs with 100 MACs performed."""

    def make() -> LayerRun:
        ledger = Ledger(macs=200, macs_performed=100, zero_buffer_reads=200)
        for tensor in (Tensor.FILTER, Tensor.PSUM):
            ledger.add(Level.SPAD, tensor, Direction.READ, 100, bits=1600)
        return LayerRun(ledger, 10, 20, 3, 4)

    return make


def unequal(cycle: LayerRun, analytic: LayerRun, *, dense: bool = False) -> list[str]:
    """List unequal counts as they are printed."""
    return [str(count) for count in unequal_counts(result_of(cycle), result_of(analytic), dense=dense)]


def test_equal_runs_have_nothing_unequal(run: Callable[[], LayerRun]) -> None:
    assert unequal(run(), run(), dense=True) == []


def test_spad_accesses_may_differ_as_the_macs_performed_do(run: Callable[[], LayerRun]) -> None:
    other = run()
    other.ledger.macs_performed = 93
    other.ledger.add(Level.SPAD, Tensor.FILTER, Direction.READ, -7, bits=0)
    other.ledger.add(Level.SPAD, Tensor.PSUM, Direction.READ, -7, bits=0)
    assert unequal(run(), other) == []
    assert unequal(run(), other, dense=True) == ["macs_performed: 100 simulated, 93 analytic"]
    other.ledger.add(Level.SPAD, Tensor.PSUM, Direction.READ, 1, bits=0)
    assert unequal(run(), other) == ["spad psum read: 100 simulated, 94 analytic"]


def test_other_words_may_not(run: Callable[[], LayerRun]) -> None:
    other = run()
    other.ledger.macs_performed = 93
    for place in ((Level.SPAD, Tensor.FILTER, Direction.WRITE), (Level.GIN, Tensor.PSUM, Direction.READ)):
        other.ledger.add(*place, -7, bits=0)
    assert unequal(run(), other) == [
        "gin psum read: 0 simulated, -7 analytic",
        "spad filter write: 0 simulated, -7 analytic",
    ]


def test_counts_that_are_no_words(run: Callable[[], LayerRun]) -> None:
    other = replace(run(), active_pes=5, passes=6, total_cycles=1)
    other.ledger.macs, other.ledger.zero_buffer_reads = 1, 2
    assert unequal(run(), other) == [
        "macs: 200 simulated, 1 analytic",
        "zero_buffer_reads: 200 simulated, 2 analytic",
        "passes: 4 simulated, 6 analytic",
        "active_pes: 3 simulated, 5 analytic",
    ]


def test_results_of_different_layers_are_refused(run: Callable[[], LayerRun]) -> None:
    one = NetworkResult({}, (result_of(run()),), 1)
    with pytest.raises(ValueError, match="shorter"):
        compare(one, replace(one, layers=()))


# How it ends otherwise


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

    def run(self: Any, job: Job) -> LayerRun:
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
    found = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert [found[name]["complete"] for name in ("cycle", "analytic")] == [False, False]
    assert found["complete"] is False
    assert [layer["name"] for layer in found["differences"]["layers"]] == ["conv1", "conv2/dw"]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "interrupted: the figures above are of the 2 layers that were finished"


def test_nothing_is_written_where_nothing_was_finished(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, AnalyticModel, "conv1")
    assert call("compare", "tiny.yaml", "--json", "out.json") == 130
    assert capsys.readouterr() == ("", "interrupted: nothing was finished\n")
    assert not Path("out.json").exists()
