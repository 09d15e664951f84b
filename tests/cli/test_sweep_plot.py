"""`sim sweep plot`: its pages and charts."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.pages import BROWSER, check, complaints
from support.patience import patient
from support.plotted_sweeps import GRID, Found, found_at, plot, store
from support.stored_sweeps import figures

from sim.cli.main import main
from sim.studies.sweeps.spec.points import Point


def test_the_page_of_a_sweep_holds_everything(tmp_path: Path) -> None:
    assert plot(store(tmp_path)) == 0
    text = (tmp_path / "sweep.html").read_text(encoding="utf-8")
    read = check(text)
    assert "array & <buffer> ]]>" in read.text
    for heading in ("Best points", "Pareto front", "Sensitivities", "Where the energy goes", "Provenance"):
        assert heading in read.text
    for name in ("pareto", "sensitivity", "heat", "layers", "networks"):
        assert f"{name}-figure_1" in read.ids
    assert "machine: the buffer is too small" in read.text
    assert "Impossible, and not drawn: 2." in text
    assert "unfinished" not in text


def test_the_same_store_gives_the_same_bytes(tmp_path: Path) -> None:
    there = store(tmp_path)
    for suffix in ("html", "svg", "png"):
        found = []
        for name in ("one", "two"):
            assert plot(there, "--output", tmp_path / f"{name}.{suffix}") == 0
            found.append((tmp_path / f"{name}.{suffix}").read_bytes())
        assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["pareto", "heat", "layers", "sensitivity"])
def test_every_kind_of_chart_is_a_picture(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "chart.svg"
    assert plot(store(tmp_path), "--kind", kind, "--output", target) == 0
    assert ElementTree.fromstring(target.read_text(encoding="utf-8")).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_pareto_chart_names_the_front_and_what_is_not_drawn(tmp_path: Path) -> None:
    target = tmp_path / "chart.svg"
    assert plot(store(tmp_path), "--output", target, "--front", "energy,area") == 0
    text = target.read_text(encoding="utf-8")
    assert "<!-- points: 10 done, 2 impossible -->" in text
    assert "<!-- 4: glb.fmap_banks=12 core.clock=100 MHz rlc.enabled=true -->" in text
    assert "<!-- core area (mm²) -->" in text
    assert "<!-- system energy per image (mJ) -->" in text


@pytest.mark.parametrize(
    "axes",
    [
        pytest.param({}, id="nothing varies"),
        pytest.param({"glb.fmap_banks": [25]}, id="one value"),
        pytest.param({"rlc.enabled": [True, False]}, id="truth"),
        pytest.param({"pe.gating": ["ifmap_zero", "either_zero", "off"]}, id="words"),
        pytest.param({"workload": ["alexnet", "vgg16"]}, id="networks"),
        pytest.param({"batch": [1, 2], "workload": ["alexnet", "vgg16"]}, id="batches"),
        pytest.param({"cost_table": ["eyeriss-65nm", "normalized-65nm"]}, id="units"),
        pytest.param({"core.clock": [f"{mhz} MHz" for mhz in range(100, 250)]}, id="150 values"),
    ],
)
def test_every_sweep_can_be_drawn(axes: dict[str, Any], tmp_path: Path) -> None:
    spec: dict[str, Any] = {"schema": 1, "axes": axes} | ({} if "workload" in axes else {"workload": "alexnet"})

    def found(point: Point) -> Found:
        unit = "mac" if point.values.get("cost_table") == "normalized-65nm" else "pj"
        return figures(energy=1e9 + point.number, unit=unit)

    assert plot(store(tmp_path, spec, found)) == 0
    check((tmp_path / "sweep.html").read_text(encoding="utf-8"))


def test_figures_of_nothing_can_be_drawn(tmp_path: Path) -> None:
    nothing = figures(energy=0, delay=1, dram_bits=0)
    assert plot(store(tmp_path, GRID, lambda point: nothing)) == 0
    check((tmp_path / "sweep.html").read_text(encoding="utf-8"))


def test_an_unfinished_sweep_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = store(tmp_path, GRID, lambda point: None if point.number > 6 else found_at(point))
    assert main(["sweep", "plot", str(there)]) == 0
    assert (
        capsys.readouterr().out
        == f"{tmp_path / 'sweep.html'}: points: 5 done, 2 impossible, 5 of 12 not evaluated yet\n"
    )
    text = (tmp_path / "sweep.html").read_text(encoding="utf-8")
    assert "This sweep is unfinished: 5 of 12 points are missing." in text


def test_where_leaves_points_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = str(store(tmp_path))
    for text in ("core.clock=200 MHz", "core.clock_hz=200000000"):
        assert main(["sweep", "plot", there, "--where", text, "--where", "rlc.enabled=false"]) == 0
        assert capsys.readouterr().out.endswith("points: 3 done, 0 impossible\n")


def test_ten_thousand_points(tmp_path: Path) -> None:
    """A few seconds and less than two megabytes."""
    axes = {"glb.fmap_banks": "1..50", "pe_array.rows": "3..12", "pe_array.columns": "4..23"}

    def found(point: Point) -> Found:
        noise = 1 + random.Random(point.number).random()
        size = point.values["pe_array.rows"] * point.values["pe_array.columns"]
        return figures(energy=1e9 * noise * size**0.5, delay=noise / size, area=size)

    there = store(tmp_path, {"schema": 1, "workload": "alexnet", "axes": axes}, found)
    started = time.process_time()
    assert plot(there) == 0
    assert time.process_time() - started < patient(20)  # a few seconds as a rule
    assert (tmp_path / "sweep.html").stat().st_size < 2_000_000


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_a_browser_has_no_complaint(tmp_path: Path) -> None:
    assert plot(store(tmp_path)) == 0
    content, console = complaints(tmp_path / "sweep.html", tmp_path)
    assert console == []
    assert '<th scope="col" class="number"><button type="button">energy</button></th>' in content


def test_help_of_both_words(capsys: pytest.CaptureFixture[str]) -> None:
    for words, shown in (
        (["sweep", "plot", "--help"], "usage: sim sweep plot"),
        (["sweep", "--help"], "sim sweep plot STORE"),
    ):
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 0
        assert shown in capsys.readouterr().out
