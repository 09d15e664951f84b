"""`sim sweep plot`: fronts and sensitivities held against naive ones, charts, pages, the line for each bad input."""

from __future__ import annotations

import itertools
import math
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pages import BROWSER, check, complaints
from support.stored_sweeps import Figures, figures, made_up_store

from sim.cli.main import main
from sim.errors import InputError
from sim.studies.sweeps.spec.points import Point
from sim.studies.sweeps.store.stored import StoredSweep
from sim.views.charts.sweeps.front import pareto_front
from sim.views.charts.sweeps.heat_map import heat_map
from sim.views.charts.sweeps.points import SweepPoints, panel_title, read_points
from sim.views.charts.sweeps.sensitivity import sensitivities

GRID = {
    "schema": 1,
    "name": "array & <buffer> ]]>",
    "workload": "alexnet",
    "axes": {"glb.fmap_banks": [6, 12, 25], "core.clock": ["100 MHz", "200 MHz"], "rlc.enabled": [True, False]},
}
Found = Figures | str | None


def found_at(point: Point) -> Found:
    """Make a point's figures up: more banks cost area and save energy, a faster clock saves time."""
    banks, clock = point.values["glb.fmap_banks"], point.values["core.clock_hz"]
    if (banks, clock) == (6, 100_000_000):
        return "machine: the buffer is too small"
    energy = 1e10 * (1 + 6 / banks) * (1.0 if point.values["rlc.enabled"] else 1.5) * (clock / 1e8) ** 0.25
    return figures(energy=energy, delay=1e7 / clock, area=10 + banks / 5)


def store(folder: Path, spec: dict[str, Any] = GRID, found: Callable[[Point], Found] = found_at) -> Path:
    """Make a store."""
    return made_up_store(folder / "sweep.sqlite", spec, found)


def points(folder: Path, spec: dict[str, Any] = GRID, found: Callable[[Point], Found] = found_at) -> SweepPoints:
    """Make a store and read its points."""
    return read_points(StoredSweep(str(store(folder, spec, found))))


def plot(*words: object) -> int:
    """Run the command."""
    return main(["sweep", "plot", *map(str, words), "--quiet"])


def line(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Return the one line with which the command refuses."""
    assert plot(*words) == 2
    found = capsys.readouterr()
    assert found.out == ""
    return found.err.removesuffix("\n")


objectives = st.integers(2, 4).flatmap(
    lambda count: st.lists(st.tuples(*[st.integers(0, 4).map(float)] * count), min_size=1, max_size=30)
)


@given(objectives)
def test_the_front_is_what_no_point_beats(rows: list[tuple[float, ...]]) -> None:
    """Few distinct values, so that there are ties and equal points."""

    def beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        return one != other and all(a <= b for a, b in zip(one, other, strict=True))

    naive = [not any(beats(one, row) for one in rows) for row in rows]
    assert pareto_front(np.array(rows)).tolist() == naive


def test_the_front_of_no_points() -> None:
    assert pareto_front(np.empty((0, 2))).tolist() == []


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_sensitivities_are_means_over_pairs(seed: int) -> None:
    """With impossible points at random; the naive way looks at all pairs."""
    values = {number: random.Random(f"{seed} {number}").choice([None, 1.0, 2.0, 3.0]) for number in range(12)}

    def found(point: Point) -> Found:
        energy = values[point.number]
        return "no" if energy is None else figures(energy=energy)

    if not any(values.values()):
        return
    with tempfile.TemporaryDirectory() as folder:
        here = points(Path(folder), GRID, found)
    for one in sensitivities(here, "energy"):
        path = one.axes[0].path
        for at, ratio in enumerate(one.ratios):
            pairs = [
                (this.measure("energy"), other.measure("energy"))
                for this, other in itertools.product(here.done, here.done)
                if (this.indices[path], other.indices[path]) == (at, one.reference)
                and all(this.indices[name] == other.indices[name] for name in this.indices if name != path)
            ]
            assert one.pairs[at] == len(pairs)
            if not pairs:
                assert ratio is None
                continue
            product = math.prod(a / b for a, b in pairs)
            assert ratio == pytest.approx(product ** (1 / len(pairs)))


def test_axes_that_move_together_are_one(tmp_path: Path) -> None:
    spec = {
        **GRID,
        "axes": {"rlc.enabled": [True, False]},
        "paired": [{"pe_array.rows": [12, 14], "glb.fmap_banks": [6, 9]}],
    }
    here = points(tmp_path, spec, lambda point: figures(energy=point.values["pe_array.rows"]))
    found = {one.name: one.ratios for one in sensitivities(here, "energy")}
    assert found == {
        "rlc.enabled": (1.0, 1.0),
        "pe_array.rows, glb.fmap_banks": (1.0, pytest.approx(14 / 12)),
    }


def test_axes_that_move_together_may_repeat_a_value(tmp_path: Path) -> None:
    pair = {"pe_array.rows": [16, 16, 32], "pe_array.columns": [16, 32, 32]}
    spec = {**GRID, "axes": {}, "paired": [pair]}
    here = points(tmp_path, spec, lambda point: figures(energy=2.0**point.number))
    (found,) = sensitivities(here, "energy")
    assert found.ratios == (1.0, pytest.approx(2.0), pytest.approx(4.0))
    assert [found.label(at) for at in range(3)] == ["16 | 16", "16 | 32", "32 | 32"]


def test_what_keeps_the_area_equal_follows_from_the_other_axes(tmp_path: Path) -> None:
    """It differs wherever the filter spad does, and they are compared all the same, but not at different budgets."""
    equal_area = {"of": "storage", "as_with": {"pe.filter_spad.words": 224}, "adjust": "glb.fmap_banks"}
    for banks, pairs in (([25], (1, 1)), ([20, 25], (0, 0))):
        axes = {"pe.filter_spad.words": [112, 224], "glb.fmap_banks": banks}
        spec = {**GRID, "axes": axes, "equal_area": equal_area}
        folder = tmp_path / str(len(banks))
        folder.mkdir()
        here = points(folder, spec, lambda point: figures(energy=point.values["pe.filter_spad.words"]))
        (found,) = sensitivities(here, "energy")
        assert (found.name, found.pairs) == ("pe.filter_spad.words", pairs)


def test_other_costs_are_not_compared_but_for_their_own_sensitivity(tmp_path: Path) -> None:
    spec = {**GRID, "axes": {"cost_table.dram": [100, 200], "glb.fmap_banks": [20, 25]}}
    here = points(tmp_path, spec, lambda point: figures(energy=point.values["cost_table.dram"]))
    assert [panel_title(panel) for panel in here.panels()] == [
        f"alexnet, batch 1, eyeriss-65nm, dram {cost}" for cost in (100, 200)
    ]
    assert {one.name: one.span for one in sensitivities(here, "energy")} == {
        "cost_table.dram": pytest.approx(2.0),
        "glb.fmap_banks": 1.0,
    }


def test_machines_that_bring_other_costs_are_not_compared(tmp_path: Path) -> None:
    spec = {**GRID, "arch": ["eyeriss", "asilomar2017"], "axes": {"glb.fmap_banks": [20, 25]}}
    units = {"eyeriss": "pj", "asilomar2017": "mac"}
    here = points(tmp_path, spec, lambda point: figures(energy=1.0, unit=units[point.values["arch"]]))
    found = {one.name: (one.span, one.pairs) for one in sensitivities(here, "energy")}
    assert found == {"arch": (None, (2, 0)), "glb.fmap_banks": (1.0, (2, 2))}


def test_a_heat_maps_cell_is_the_least_over_the_other_axes(tmp_path: Path) -> None:
    here = points(tmp_path)
    banks, clock, _ = here.axes
    found = heat_map(here.done, here.impossible, "energy", banks, clock)
    assert np.isnan(found.least[0, 0])
    assert found.is_impossible.tolist() == [[True, False, False], [False] * 3]
    assert found.least[1, 2] == pytest.approx(1e10 * (1 + 6 / 25) * 2**0.25)
    row = heat_map(here.done, here.impossible, "delay", clock, None)
    assert row.least.tolist() == [[0.1, 0.05]]


def test_figures_are_per_image(tmp_path: Path) -> None:
    here = points(
        tmp_path, {**GRID, "batch": 4, "axes": {}}, lambda point: figures(energy=8e9, delay=2, dram_bits=64e6)
    )
    measures = here.done[0].measures
    assert measures == {"energy": 2e9, "delay": 0.5, "edp": 1e9, "area": 10.0, "dram": 16e6}


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
    assert time.process_time() - started < 20
    assert (tmp_path / "sweep.html").stat().st_size < 2_000_000


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_a_browser_has_no_complaint(tmp_path: Path) -> None:
    assert plot(store(tmp_path)) == 0
    content, console = complaints(tmp_path / "sweep.html", tmp_path)
    assert console == []
    assert '<th scope="col" class="number"><button type="button">energy</button></th>' in content


def test_files_that_are_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, empty, other = tmp_path / "text", tmp_path / "empty", tmp_path / "other"
    text.write_text("not a data base, but long enough to be taken for one\n" * 40, encoding="utf-8")
    empty.touch()
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE t (a)")
    remedy = "name the file given to sweep as --store"
    assert line(capsys, text) == f"{text}: can't be read as a store: file is not a database; {remedy}"
    assert line(capsys, empty) == f"{empty}: is no store of a sweep; {remedy}"
    assert line(capsys, other) == f"{other}: is no store of a sweep; {remedy}"
    assert line(capsys, tmp_path / "none") == f"{tmp_path / 'none'}: no such file; {remedy}"
    assert line(capsys, tmp_path, "--output", "x.svg") == f"{tmp_path}: is no regular file; {remedy}"


def test_stores_with_nothing_to_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = store(tmp_path, GRID, lambda point: None)
    assert line(capsys, there) == f"{there}: has no finished point yet; run the sweep first, or go on with it"
    there.unlink()
    store(tmp_path, GRID, lambda point: "machine: too small")
    found = "all 12 points that it has are impossible; the first says: machine: too small"
    assert line(capsys, there) == f"{there}: {found}"


def test_stores_that_do_not_say_what_was_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = store(tmp_path)
    remedy = "sweep again into a new store"
    for change, wrong in (
        ("UPDATE study SET value = '{}' WHERE key = 'description'", "says of its sweep what can't be understood"),
        (
            "DELETE FROM study WHERE key = 'description'",
            "is a store of an older version, which doesn't say what it swept",
        ),
    ):
        with closing(sqlite3.connect(there)) as connection, connection:
            connection.execute(change)
        assert line(capsys, there) == f"{there}: {wrong}; {remedy}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "x.pdf"], "x.pdf: is neither a page nor a picture; give a name that ends in .html, .svg or .png"),
        (["--kind", "heat"], "--kind: @.html is a report, which has every kind of chart; "
         "leave --kind out, or give --output a .svg or .png"),
        (["--where", "clock"], "--where: 'clock' gives no value; write e.g. workload=alexnet"),
        (["--where", "core.clok=1"], "--where: no column 'core.clok'; did you mean 'core.clock'?"),
        (["--where", "core.clock=3"], "--where: no point with 'core.clock=3'; there are: 100 MHz, 200 MHz"),
        (["--front", "energy"], "--front: 1 metrics; two, or three with a colour"),
        (["--front", "energy,power"], "--front: no metric 'power'; allowed: energy, delay, edp, area, dram"),
        (["--front", "energy,energy"], "--front: energy stands twice; name every metric once"),
        (["--point", "0"], "--point: point 0 is impossible; machine: the buffer is too small"),
        (["--point", "12"], "--point: no point 12; there are: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"),
        (["--x", "glb.banks"], "--x: no axis 'glb.banks'; did you mean 'glb.fmap_banks'?"),
        (["--x", "core.clock", "--y", "core.clock_hz"], "--y: --x and --y name the same axis; name two axes"),
    ],
)  # fmt: skip
def test_options_that_cannot_be(
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = store(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert line(capsys, there, *options) == message.replace("@", str(there.with_suffix("")))
    assert [path.name for path in tmp_path.iterdir()] == [there.name]


def test_charts_need_matplotlib(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = store(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert line(capsys, there) == "sweep plot: charts need matplotlib; install it with pip install 'sim[plot]'"


def test_the_store_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = made_up_store(tmp_path / "sweep.html", GRID, found_at)
    assert line(capsys, there) == f"{there}: is the store itself; name another file"


def test_too_many_networks_for_one_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report shows the first of them and says so."""
    spec = {"schema": 1, "workload": "alexnet", "axes": {"batch": list(range(1, 12))}}
    there = store(tmp_path, spec, lambda point: figures(energy=1e9))
    found = line(capsys, there, "--output", tmp_path / "x.svg")
    assert found.startswith(
        "--where: 11 networks, batches and cost tables in one chart: alexnet, batch 1, eyeriss-65nm, "
    )
    assert found.endswith("; choose at most 9, e.g. --where workload=NAME")
    assert plot(there) == 0
    assert "Shown are the first 9 of 11; --where chooses others." in (tmp_path / "sweep.html").read_text(
        encoding="utf-8"
    )


def test_kinds_that_a_sweep_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = store(tmp_path, {**GRID, "axes": {}}, lambda point: figures(energy=1e9))
    for kind, wrong in (
        ("heat", "a heat map needs an axis of two values"),
        ("sensitivity", "this sweep has no parameter of two values"),
    ):
        found = line(capsys, there, "--kind", kind, "--output", tmp_path / "x.svg")
        assert found == f"--kind: {wrong}; choose another kind"


def test_a_spec_called_plot_can_still_be_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "./plot", "--store", str(tmp_path / "s.sqlite")]) == 2
    assert capsys.readouterr().err == "./plot: no such file; expected a YAML file\n"


def test_help_of_both_words(capsys: pytest.CaptureFixture[str]) -> None:
    for words, shown in (
        (["sweep", "plot", "--help"], "usage: sim sweep plot"),
        (["sweep", "--help"], "sim sweep plot STORE"),
    ):
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 0
        assert shown in capsys.readouterr().out


def test_stored_sweeps_are_read_without_their_spec(tmp_path: Path) -> None:
    stored = StoredSweep(str(store(tmp_path)))
    assert (stored.title, stored.arch, stored.workloads) == ("array & <buffer> ]]>", ("eyeriss",), ("alexnet",))
    assert [axis.path for axis in stored.axes] == ["glb.fmap_banks", "core.clock", "rlc.enabled"]
    assert stored.axes[1].shown(100_000_000) == "100 MHz"
    assert stored.axes[2].shown(0) == "false"
    assert (stored.counts().done, stored.counts().impossible, stored.counts().missing) == (10, 2, 0)
    assert [row["layer"] for row in stored.layers(2)] == ["one", "two"]
    assert stored.layers(99) == []
    with pytest.raises(InputError):
        StoredSweep(str(tmp_path / "none"))
