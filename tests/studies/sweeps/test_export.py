"""Tables: CSV, Parquet and DataFrame hold the same, with the same types whatever the points are."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from sim import sweep
from sim.cli.main import main
from sim.studies.sweeps.evaluation.rows import columns_of
from sim.studies.sweeps.run import fill
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store import tables as tables_module
from sim.studies.sweeps.store.store import MEMORY, Store
from sim.studies.sweeps.store.tables import column_kinds, write_csv, write_parquet
from sim.studies.sweeps.workers.local import InProcess

IMPOSSIBLE = {"glb.fmap_banks": [1], "core.clock": ["1 GHz", "2 GHz"]}


def exported(spec: dict[str, Any]) -> tuple[list[dict[str, str]], pa.Table]:
    """Run a sweep, and read what it writes as CSV and as Parquet."""
    study, text, data = read_study(spec), io.StringIO(), io.BytesIO()
    with Store(MEMORY, study) as store:
        assert len(list(fill(store, study, InProcess()))) == len(study)
        write_csv(store, text)
        write_parquet(store, data)
    text.seek(0)
    return list(csv.DictReader(text)), parquet.read_table(pa.BufferReader(data.getvalue()))


@pytest.mark.parametrize("rows_at_once", [16384, 1, 7])
@pytest.mark.parametrize("axes", [None, IMPOSSIBLE, {}])
def test_all_tables_hold_the_same(
    small: dict[str, Any], monkeypatch: pytest.MonkeyPatch, rows_at_once: int, axes: dict[str, Any] | None
) -> None:
    monkeypatch.setattr(tables_module, "_ROWS_AT_ONCE", rows_at_once)
    spec = small if axes is None else {**small, "axes": axes}
    lines, table = exported(spec)
    assert table.column_names == list(lines[0])
    cells = [{name: "" if value is None else str(value) for name, value in row.items()} for row in table.to_pylist()]
    assert cells == lines
    pd.testing.assert_frame_equal(sweep(spec), table.to_pandas())


def test_a_type_is_the_same_in_every_sweep(small: dict[str, Any]) -> None:
    """Also where no point is possible; only an axis takes its type from its values."""
    (_, done), (_, none) = exported(small), exported({**small, "axes": IMPOSSIBLE})
    types = {name: str(done.schema.field(name).type) for name in done.column_names}
    assert {name: str(none.schema.field(name).type) for name in none.column_names if name in types}.items() <= (
        types.items()
    )
    assert [types[name] for name in ("point", "glb.fmap_banks", "core.clock_hz", "mapping.n", "macs")] == ["int64"] * 5
    assert [types[name] for name in ("latency_s", "energy_chip_pj", "edp_pj_s", "area_mm2")] == ["double"] * 4
    assert [types[name] for name in ("status", "reason", "layer", "type", "mapping")] == ["string"] * 5


@pytest.mark.parametrize("model", ["analytic", "both"])
def test_every_column_has_its_type_by_its_name(small: dict[str, Any], model: str) -> None:
    """A figure that is new must get one: in a sweep without a possible point it has no value to tell."""
    tables = ["eyeriss-65nm", "normalized-65nm"]
    study = read_study({**small, "axes": {"cost_table": tables}, "model": model})
    assert [name for name in columns_of(study) if tables_module._kind_by_name(name) is None] == []


def test_an_axis_of_mixed_values_is_text(small: dict[str, Any]) -> None:
    class Mixed:
        columns = ("point", "a.b", "c.d", "e.f")

        def totals(self) -> list[dict[str, Any]]:
            return [{"a.b": 1, "c.d": 1, "e.f": 1}, {"a.b": 2.5, "c.d": "x", "e.f": None}]

    kinds = column_kinds(Mixed())  # type: ignore[arg-type]
    assert kinds == {"point": int, "a.b": float, "c.d": str, "e.f": int}


def test_a_finished_store_is_written_again_without_a_point(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sweep", str(spec), "--store", str(tmp_path / "s.sqlite"), "--quiet"]
    assert main([*words, "--csv", str(tmp_path / "one.csv")]) == 0
    monkeypatch.setattr("sim.studies.sweeps.workers.local.Evaluator.evaluate", None)
    # A cluster is asked for nothing, so it need not be there.
    more = ["--csv", str(tmp_path / "two.csv"), "--parquet", str(tmp_path / "two.parquet"), "--scheduler", "tcp://h:1"]
    assert main([*words, *more]) == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert parquet.read_table(tmp_path / "two.parquet").num_rows == 4 + 8 * 4


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("-", "--parquet: '-' is no file; name a file"),
        ("@", "@: is a folder; give the name of a file"),
        ("@/no/t.parquet", "@/no/t.parquet: its folder is missing; make it first"),
        ("@/s", "@/s: --store and --parquet both write there; name two files"),
    ],
)
def test_a_parquet_file_that_cannot_be_is_refused_before_anything_runs(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str, line: str
) -> None:
    words = ["sweep", str(spec), "--store", str(tmp_path / "s"), "--parquet", target.replace("@", str(tmp_path))]
    assert main(words) == 2
    assert capsys.readouterr().err == line.replace("@", str(tmp_path)) + "\n"
    assert not (tmp_path / "s").exists()


def test_a_missing_pyarrow_is_told_before_anything_runs(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    words = ["sweep", str(spec), "--store", str(tmp_path / "s"), "--parquet", str(tmp_path / "t.parquet")]
    assert main(words) == 2
    line = "--parquet: writing Parquet needs pyarrow; install it with pip install 'sim[sweep]'\n"
    assert capsys.readouterr().err == line
    assert not (tmp_path / "s").exists()


def test_a_failed_write_leaves_no_file(spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(store: Store, stream: Any) -> None:
        stream.write(b"PAR1")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sim.studies.sweeps.store.tables.write_parquet", fail)
    words = ["sweep", str(spec), "--store", str(tmp_path / "s"), "--parquet", str(tmp_path / "t.parquet"), "--quiet"]
    assert main(words) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s", "small.yaml", "spec.yaml"]
