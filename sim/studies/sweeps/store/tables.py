"""A store's rows as tables: CSV, Parquet and a pandas DataFrame, with the same rows, columns and values."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from sim.errors import InputError
from sim.studies.sweeps.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

_ROWS_AT_ONCE = 16384  # some 20 MB
_REMEDY = "install it with pip install 'sim[sweep]'"
_TEXTS = ("status", "reason", "arch", "workload", "cost_table", "layer", "type", "mapping")
_WHOLE = ("point", "batch", "macs", "macs_performed", "processing_cycles", "cycles", "active_pes")
_WHOLE_ENDS = ("_words", "_bits")
_REAL_STARTS, _REAL_ENDS = ("energy_", "edp_"), ("_s", "_mm2", "_pct")
_OTHER_MODEL = "_analytic"  # of the same kind as the figure beside it


def write_csv(store: Store, stream: TextIO) -> None:
    """Write all rows of a store, by point and layer, under a line of column names."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(store.columns)
    writer.writerows(store.rows())


def write_parquet(store: Store, stream: BinaryIO) -> None:
    """Write all rows of a store as Parquet, in the same order; raise InputError where pyarrow is missing.

    A column is int64, double or string by its name, one of an axis by all values in it; memory stays flat.
    """
    require_parquet()
    import pyarrow as pa
    from pyarrow import parquet

    types = {int: pa.int64(), float: pa.float64(), str: pa.string()}
    kinds = column_kinds(store)
    schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
    with parquet.ParquetWriter(stream, schema) as writer:
        for rows in _batches(store.rows()):
            columns = zip(*rows, strict=True)
            arrays = [
                pa.array(map(_as_text, values) if kind is str else values, types[kind])
                for values, kind in zip(columns, kinds.values(), strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def as_frame(store: Store) -> pd.DataFrame:
    """Return all rows of a store as a pandas DataFrame: the one that reading the Parquet file gives."""
    import pandas as pd

    frame = pd.DataFrame(list(store.rows()), columns=list(store.columns))
    text = pd.Series([""]).dtype  # as this pandas has it
    kinds = column_kinds(store)
    whole = [name for name, kind in kinds.items() if kind is int and frame[name].dtype == "int64"]
    return frame.astype({name: text if kind is str else "float64" for name, kind in kinds.items() if name not in whole})


def column_kinds(store: Store) -> Dict[str, type]:
    """Return int, float or str for each column, by its name alone where a sweep always has it."""
    kinds = {name: _kind_by_name(name) for name in store.columns}
    unknown = {name: set[type]() for name, kind in kinds.items() if kind is None}
    if unknown:  # axes: every point's total has their values
        for total in store.totals():
            for name, found in unknown.items():
                found.add(type(total[name]))
    return {name: kind or _common(unknown[name] - {type(None)}) for name, kind in kinds.items()}


def require_parquet() -> None:
    """Raise InputError where pyarrow is missing."""
    try:
        import pyarrow.parquet  # noqa: F401 - an extra
    except ImportError as error:
        raise InputError.located("--parquet", wrong="writing Parquet needs pyarrow", allowed=_REMEDY) from error


def require_pandas() -> None:
    """Raise InputError where pandas is missing."""
    try:
        import pandas as pd  # noqa: F401 - an extra
    except ImportError as error:
        raise InputError.located("sweep", wrong="a DataFrame needs pandas", allowed=_REMEDY) from error


def _kind_by_name(name: str) -> type | None:
    """Return the kind of a column that every sweep has; axes have a dot in their names, or are of a known kind."""
    if "." in name:
        return None
    name = name.removesuffix(_OTHER_MODEL)
    if name in _TEXTS:
        return str
    if name.startswith(_REAL_STARTS) or name.endswith(_REAL_ENDS):
        return float
    return int if name in _WHOLE or name.endswith(_WHOLE_ENDS) else None


def _common(found: set[type]) -> type:
    """Return the kind that holds all values."""
    if found <= {int}:
        return int
    return float if found <= {int, float} else str


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def _batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        yield batch
