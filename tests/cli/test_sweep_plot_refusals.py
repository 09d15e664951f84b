"""`sim sweep plot`: the exact line for each bad store and option."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.plotted_sweeps import GRID, found_at, plot, store
from support.stored_sweeps import figures, made_up_store

from sim.cli.main import main


def line(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Return the one line with which the command refuses."""
    assert plot(*words) == 2
    found = capsys.readouterr()
    assert found.out == ""
    return found.err.removesuffix("\n")


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
