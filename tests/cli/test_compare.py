"""`sim compare`: what it prints and writes, and what its options do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import call, read_json
from support.comparisons import spoil, written
from support.workloads import LEGAL, TINY

from sim.files.catalogue import find_machine
from sim.studies.comparison import Difference
from sim.views.comparison_table import difference_text

pytestmark = pytest.mark.usefixtures("dense")

QUANTITIES = ["system", "compute", "ifmap", "filter", "ofmap", "static"]
QUANTITIES += ["processing_cycles", "total_cycles", "dram_bits"]


def run_file(*arguments: str) -> dict[str, Any]:
    """Run the cycle model alone and give its file."""
    assert call("run", "tiny.yaml", "--quiet", "--json", "run.json", *arguments) == 0
    return read_json("run.json")


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
    found = read_json("out.json")
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
    layers = read_json("out.json")["differences"]["layers"]
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
