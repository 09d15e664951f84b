"""The page of one run: its figures are the run's, interrupted runs say so, odd names do no harm."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.made_up import made_up
from support.pages import check

from sim.cli.main import main
from sim.errors import InputError
from sim.ledger.results import NetworkResult, OperatingPoint
from sim.views.pages.run_page import check_report, page_of

LAYERS = tuple(
    replace(made_up(name), energy=replace(made_up(name).energy, by_level={"mac": 3e9, "dram": 2e9}))
    for name in ("CONV1", "<b>&]]>")
)
PROVENANCE = {
    "version": "1",
    "git": None,
    "arch": "chip",
    "workload": "net <1>",
    "batch": 4,
    "model": "cycle",
    "cost_table": "costs",
    "seed": 0,
    "options": {"layers": None, "constrain": []},
}


def result(**changes: object) -> NetworkResult:
    """Make a run of two layers with a MAC each."""
    layers = []
    for layer in LAYERS:
        layer.run.ledger.macs, layer.run.ledger.macs_performed = 4_000_000, 1_000_000
        layers.append(layer)
    run = NetworkResult(
        PROVENANCE, tuple(layers), batch=4, operating_point=OperatingPoint(1.0, 200_000_000, 60_000_000)
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def words(run: NetworkResult, status: str = "calibrated") -> list[str]:
    """Return the texts of a page, which is whole and alone."""
    return [text for text in check(page_of(run, status=status)).text if text.strip()]


def figure_named(name: str, found: list[str]) -> str:
    """Return the text behind a name."""
    return found[found.index(name) + 1]


def test_the_headline_holds_the_runs_figures() -> None:
    found = words(result())
    assert figure_named("frames per second", found) == "200"
    assert figure_named("latency of the batch", found) == "20 ms"
    assert figure_named("with DRAM, per image", found) == "4 mJ"
    assert figure_named("MACs performed", found) == "25.0 %"
    assert figure_named("DRAM traffic", found) == "2 MB"


def test_the_layers_stand_in_a_table_with_mapping_and_notes() -> None:
    folded = replace(LAYERS[0], folded=("R by 2",), mapping={"m": 64, "n": 4})
    found = words(result(layers=(folded, LAYERS[1])))
    assert "CONV1 *" in found
    assert "64 4" in found
    assert "CONV1 folded: R by 2" in found
    assert "<b>&]]>" in found


def test_provenance_is_there_with_the_operating_point() -> None:
    found = words(result())
    assert figure_named("git", found) == "null"
    assert figure_named("options", found) == '{"layers": null, "constrain": []}'
    assert figure_named("operating_point", found) == "1 V, core 200 MHz, link 60 MHz"


def test_an_interrupted_run_says_so() -> None:
    line = "This run was interrupted. All figures are of the layers that were finished: 1."
    assert line in words(result(layers=LAYERS[:1], complete=False))
    assert line not in words(result())


def test_a_provisional_cost_table_is_named() -> None:
    assert "Cost table costs is provisional, not yet calibrated." in words(result(), "provisional")


def test_relative_energies_have_no_power() -> None:
    relative = tuple(replace(layer, energy=replace(layer.energy, unit="MAC")) for layer in LAYERS)
    found = words(result(layers=relative))
    assert "chip power" not in found
    assert figure_named("with DRAM, per image", found) == "4 G MAC"


def test_what_has_to_be_there_before_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    check_report(Path("run.html"))
    with pytest.raises(InputError, match=r"^run.pdf: is no page's name; give a name that ends in .html$"):
        check_report(Path("run.pdf"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(
        InputError, match=r"^--report: charts need matplotlib; install it with pip install 'sim\[plot\]'$"
    ):
        check_report(Path("run.html"))


def test_the_same_run_has_the_same_bytes() -> None:
    assert page_of(result(), status="calibrated") == page_of(result(), status="calibrated")


def test_the_command_writes_the_page_beside_the_result_file(tmp_path: Path) -> None:
    page, found = tmp_path / "run.html", tmp_path / "run.json"
    run = ["run", "squeezenet_v1_1", "--layers", "conv1,conv10", "--quiet"]
    assert main([*run, "--json", str(found), "--report", str(page)]) == 0
    shown = check(page.read_text(encoding="utf-8")).text
    total = json.loads(found.read_text(encoding="utf-8"))["total"]
    assert figure_named("frames per second", shown) == f"{total['fps']:.4g}"


@pytest.mark.parametrize("name", ["run.txt", "nowhere/run.html"])
def test_a_page_that_cannot_be_written_is_refused_before_the_run(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "squeezenet_v1_1", "--report", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
