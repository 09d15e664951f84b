"""Whole sweeps: what a point's rows hold, impossible points, stores that are refused, stopping and going on."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support.sweep_commands import command, interrupt, points_in

from sim import sweep
from sim.cli.main import main
from sim.errors import InputError
from sim.studies.sweeps.run import fill
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store import store as store_module
from sim.studies.sweeps.store.store import MEMORY, Store
from sim.studies.sweeps.workers.local import InProcess, LocalProcesses


def test_rows_agree_with_estimate(small: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`sim estimate` takes the same machine, mapper and model another way."""
    frame = sweep({**small, "axes": {"core.clock": ["100 MHz"], "mapping.n": [1]}})
    out = tmp_path / "out.json"
    options = ["--clock", "100 MHz", "--constrain", "n=1", "--skip", "ifmap", "--code", "rlc"]
    options += ["--cost-table", "eyeriss-65nm", "--quiet", "--json", str(out)]
    assert main(["estimate", small["workload"], *options]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    for row, layer in zip(frame.to_dict("records"), [*found["layers"], found["total"]], strict=True):
        assert (row["macs"], row["cycles"], row["latency_s"]) == (
            layer["macs"],
            layer["total_cycles"],
            layer["total_latency_s"],
        )
        assert row["energy_system_pj"] == layer["energy"]["system"]
        assert row["energy_chip_pj"] == layer["energy"]["chip"]
        assert (row["batch"], row["core.clock_hz"], row["area_mm2"]) == (2, 100_000_000, 12.25)


def test_an_impossible_point_is_a_result_with_its_reason(small: dict[str, Any]) -> None:
    frame = sweep({**small, "axes": {"glb.fmap_banks": [1, 25], "core.clock": ["200 MHz", "1 GHz"]}})
    totals = frame[(frame.layer == "total") & frame.type.isna()]
    assert list(totals.status) == ["impossible", "impossible", "done", "impossible"]
    reasons = list(totals.reason)
    assert reasons[0].startswith("layer c1: no legal mapping on eyeriss; glb_fmap_banks: ")
    assert reasons[3].startswith("machine: core.clock: 1 GHz is out of core.clock_range; allowed: 100 MHz to 250 MHz")
    assert len(frame) == 3 + 4


def test_relative_costs_have_columns_of_their_own(small: dict[str, Any]) -> None:
    frame = sweep({**small, "axes": {"cost_table": ["eyeriss-65nm", "normalized-65nm"]}})
    assert frame.energy_system_pj.notna().sum() == frame.energy_system_mac.notna().sum() == 4


def test_a_search_with_more_banks_serves_fewer(small: dict[str, Any]) -> None:
    """Each buffer size alone, which is searched for itself, finds what the sweep over all of them does."""
    axes = {"glb.fmap_banks": "2..30", "link.clock": ["60 MHz", "80 MHz"]}
    together = sweep({**small, "axes": axes})
    for banks in range(2, 31):
        alone = sweep({**small, "axes": {**axes, "glb.fmap_banks": [banks]}})
        same = together[together["glb.fmap_banks"] == banks].reset_index(drop=True)
        assert same.drop(columns="point").equals(alone.drop(columns="point")), banks


def test_two_processes_find_the_same_bit_for_bit(small: dict[str, Any]) -> None:
    study = read_study(small)
    found = []
    for executor in (InProcess(), LocalProcesses(2)):
        with Store(MEMORY, study) as store:
            assert len(list(fill(store, study, executor))) == 12
            found.append(list(store.rows()))
    assert found[0] == found[1]


def test_the_command_writes_and_goes_on(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, one, two = tmp_path / "s.sqlite", tmp_path / "one.csv", tmp_path / "two.csv"
    assert main(["sweep", str(spec), "--store", str(store), "--csv", str(one)]) == 0
    assert capsys.readouterr().out.startswith(f"12 of 12 points are in {store}, 4 of them impossible\nbest of ")
    with sqlite3.connect(store) as connection:
        connection.execute("DELETE FROM layers WHERE point IN (3, 7)")
        connection.execute("DELETE FROM points WHERE point IN (3, 7)")
    connection.close()
    assert main(["sweep", str(spec), "--store", str(store), "--csv", str(two), "--quiet"]) == 0
    assert one.read_bytes() == two.read_bytes()
    assert len(one.read_text(encoding="utf-8").splitlines()) == 1 + 4 + 8 * 4


def test_a_store_has_the_name_of_its_spec_and_the_axes_may_all_be_set(
    small: dict[str, Any],
    spec: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", str(spec), "--quiet"]) == 0
    assert points_in(tmp_path / "spec.sqlite") == 12
    words = ["sweep", "--set", f"workload={small['workload']}", "--set", "glb.fmap_banks=[20,25]"]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("2 of 2 points are in sweep.sqlite, 0 of them impossible\n")
    assert main(["sweep"]) == 2
    assert capsys.readouterr().err.startswith("sweep: workload: no network to sweep; ")


def test_networks_of_other_tools_are_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    topology = tmp_path / "net.csv"
    head = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,"
    topology.write_text(f"{head}\nConv1, 34, 34, 3, 3, 16, 32, 1,\n", encoding="utf-8")
    words = ["sweep", "--set", f"workload={topology}", "--set", "glb.fmap_banks=[12,25]"]
    assert main([*words, "--store", str(tmp_path / "s.sqlite")]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert re.fullmatch(r"best of .*net\.csv, batch 1, eyeriss-65nm: energy .* uJ at point 0: glb\.fmap_banks=12", line)
    frame = sweep({"schema": 1, "workload": str(topology), "axes": {"batch": [1]}})
    assert list(frame.macs) == [32 * 32 * 9 * 16 * 32] * 2


def test_a_store_of_another_spec_is_refused(small: dict[str, Any], tmp_path: Path) -> None:
    store = str(tmp_path / "s.sqlite")
    one, other = read_study({**small, "axes": {}}), read_study({**small, "axes": {"batch": [3]}})
    Store(store, one).__exit__(None, None, None)
    with pytest.raises(InputError) as caught:
        Store(store, other)
    allowed = "name another store, or remove this one"
    assert (
        str(caught.value) == f"{store}: holds a sweep of another spec: {one.digest()}, not {other.digest()}; {allowed}"
    )


def test_a_store_of_other_code_is_refused(
    small: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, study, code = str(tmp_path / "s.sqlite"), read_study(small), store_module.code_version()
    Store(store, study).__exit__(None, None, None)
    monkeypatch.setattr(store_module, "code_version", lambda: "0.2.0+feed")
    with pytest.raises(InputError) as caught:
        Store(store, study)
    assert str(caught.value).startswith(f"{store}: holds a sweep of other code: {code}, not 0.2.0+feed; name another")


def test_a_file_that_is_no_store_is_refused(small: dict[str, Any], tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other.sqlite"
    text.write_text("not a database " * 100, encoding="utf-8")
    with pytest.raises(InputError, match="can't be used: file is not a database; name another store"):
        Store(str(text), read_study(small))
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(InputError, match="is no store of a sweep; name another file"):
        Store(str(other), read_study(small))


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(spec: Path, tmp_path: Path) -> None:
    many = ("glb.fmap_banks=1..40", "core.clock=100..250:1 MHz")
    store, status, out, said = interrupt(lambda store: command(spec, store, "--quiet", sets=many), tmp_path)
    lines = said.splitlines()
    assert (status, out, lines[0]) == (130, "", "interrupted: what is finished is kept")
    assert lines[1].startswith(f"{points_in(store)} of 12080 points are in {store}, ")
    assert lines[-1] == (
        f"to go on: python -m sim sweep {spec} --set glb.fmap_banks=1..40 --set 'core.clock=100..250:1 MHz' "
        f"--store {store} --quiet"
    )


def test_bad_input_is_refused_before_anything_is_written(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "s.sqlite"
    assert main(["sweep", str(spec), "--store", str(store), "--set", "glb.fmap_banks=[x]"]) == 2
    assert capsys.readouterr().err.startswith("--set glb.fmap_banks: [0]: got the text 'x'; expected a whole number")
    assert not store.exists()
    assert main(["sweep", str(spec), "--store", str(store), "--csv", str(store)]) == 2
    assert capsys.readouterr().err == f"{store}: --store and --csv both write there; name two files\n"
