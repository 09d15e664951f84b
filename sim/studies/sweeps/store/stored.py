"""A store read back without its spec: what was swept, how far it came, every point's figures."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sim.errors import InputError, printable, quoted
from sim.files.text import shown_path
from sim.studies.sweeps.evaluation.rows import DIFFERENCE, DONE, IMPOSSIBLE, NETWORKS
from sim.studies.sweeps.store.store import DAMAGE

_WANTED = "name the file given to sweep as --store"
Row = dict[str, Any]


class _Kept(BaseModel):
    """A part of the description; keys that a later version adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredAxis(_Kept):
    """An axis: its path, the column that has its values, these in base units and as they were written.

    Axes of the same `group` move together.
    """

    path: str
    column: str
    values: tuple[Any, ...]
    written: tuple[Any, ...]
    group: int

    def shown(self, value: object) -> str:
        """Write a value as the spec did: 100000000 as "100 MHz"."""
        if value not in self.values:
            return str(value)
        at = self.values.index(value)
        return str(self.written[at]).lower() if isinstance(self.values[at], bool) else str(self.written[at])


class _StoredEqualArea(_Kept):
    """Which parameter keeps the area equal; its column has its path for a name."""

    adjust: str


class _Description(_Kept):
    """What the store says of its sweep."""

    title: str
    arch: tuple[str, ...]
    workloads: tuple[str, ...]
    model: str
    objective: str
    units: tuple[str, ...]
    axes: tuple[StoredAxis, ...]
    points: int
    equal_area: _StoredEqualArea | None = None


class _Row(dict[str, Any]):
    """A row by column; a damaged store may lack one that every store has, and says so when it is asked for."""

    def __init__(self, found: sqlite3.Row, place: str) -> None:
        super().__init__(zip(found.keys(), found, strict=True))
        self._place = place

    def __missing__(self, column: str) -> Any:
        wrong = f"can't be read as a store: it lacks the column {quoted(column)}"
        raise InputError.located(self._place, wrong=wrong, allowed=_WANTED)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many points are done, how many can't be, and how many the sweep has in all."""

    done: int
    impossible: int
    planned: int

    @property
    def missing(self) -> int:
        """The number of points that are not there yet."""
        return self.planned - self.done - self.impossible


@dataclass(frozen=True, slots=True)
class ModelGap:
    """How far the analytic model is from the engine in one figure, in per cent: mean and largest magnitudes."""

    figure: str
    layers_mean: float
    layers_worst: float
    networks_mean: float
    networks_worst: float


class StoredSweep:
    """A store that is read, also one that a sweep is filling. Raises InputError for a file that is none, or holds
    nothing.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.place = shown_path(name)
        try:
            is_regular = stat.S_ISREG(Path(name).stat().st_mode)
        except (OSError, ValueError) as error:
            raise InputError.located(self.place, wrong="no such file", allowed=_WANTED) from error
        if not is_regular:
            raise InputError.located(self.place, wrong="is no regular file", allowed=_WANTED)
        description = self._description()
        self.title = description.title
        self.arch = description.arch
        self.workloads = description.workloads
        self.model = description.model
        self.objective = description.objective
        self.units = description.units
        self.axes = description.axes
        self.points = description.points
        self.adjusted = description.equal_area.adjust if description.equal_area else None

    def counts(self) -> Counts:
        """Count the points by what became of them."""
        found = {
            row["status"]: row["n"] for row in self._query("SELECT status, count(*) n FROM points GROUP BY status")
        }
        return Counts(found.get(DONE, 0), found.get(IMPOSSIBLE, 0), self.points)

    def totals(self) -> list[Row]:
        """Return the row of each point's whole network, or of its impossibility, by number."""
        return self._query(f"SELECT * FROM rows WHERE {NETWORKS} ORDER BY point")

    def layers(self, point: int) -> list[Row]:
        """Return the rows of a point's layers in the network's order; nothing of a point that is not there."""
        return self._query(f"SELECT * FROM rows WHERE point = ? AND NOT ({NETWORKS}) ORDER BY place", [point])

    def differences(self) -> list[ModelGap]:
        """Compare both models with each other over all layers and all networks; nothing where only one of them ran."""
        columns = [row["name"] for row in self._query("PRAGMA table_info(layers)")]
        found = []
        for column in columns:
            figure = column.removesuffix(DIFFERENCE)
            if figure == column:
                continue
            of_all = f'avg(abs("{column}")), max(abs("{column}"))'
            groups = [f"SELECT {of_all} FROM rows WHERE {which}" for which in (f"NOT ({NETWORKS})", NETWORKS)]
            values = [value for query in groups for value in self._query(query)[0].values()]
            if None not in values:
                found.append(ModelGap(figure, *values))
        return found

    def code(self) -> str:
        """Name the code that made the results."""
        return str(self._query("SELECT value FROM study WHERE key = 'code'")[0]["value"])

    def _description(self) -> _Description:
        tables = {row["name"] for row in self._query("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "study" not in tables:
            raise InputError.located(self.place, wrong="is no store of a sweep", allowed=_WANTED)
        found = self._query("SELECT value FROM study WHERE key = 'description'")
        if not found:
            wrong = "is a store of an older version, which doesn't say what it swept"
            raise InputError.located(self.place, wrong=wrong, allowed="sweep again into a new store")
        try:
            return _Description.model_validate_json(found[0]["value"])
        except ValidationError as error:
            wrong = "says of its sweep what can't be understood"
            raise InputError.located(self.place, wrong=wrong, allowed="sweep again into a new store") from error

    def _query(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Return a query's rows by column. The file isn't opened read-only: a killed sweep's journal is rolled back."""
        address = f"{Path(self._name).absolute().as_uri()}?mode=rw"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=60)) as connection:
                connection.row_factory = sqlite3.Row
                return [_Row(row, self.place) for row in connection.execute(sql, values)]
        except DAMAGE as error:
            wrong = f"can't be read as a store: {printable(str(error))}"
            raise InputError.located(self.place, wrong=wrong, allowed=_WANTED) from error
