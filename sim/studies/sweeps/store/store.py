"""The store: one SQLite file in which every finished point is durable at once, and whose content no order changes.

Table `study` says what was swept and by which code, `points` has what is said of each point, `layers` what is said of
its layers and, last, of its whole network; the view `rows` joins the two.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from sim.errors import InputError, printable
from sim.files.text import shown_path
from sim.studies.sweeps.evaluation.code_version import code_version
from sim.studies.sweeps.evaluation.evaluate import Outcome
from sim.studies.sweeps.evaluation.rows import NETWORKS, head_columns, layer_columns
from sim.studies.sweeps.spec.points import Study

MEMORY = ":memory:"
_FORMAT = "2"
_REMEDY = "name another store, or remove this one"
DAMAGE = (sqlite3.Error, UnicodeDecodeError)  # what a damaged file leads to; sqlite3 hands on texts that are no UTF-8


class Store:
    """A study's finished points in a file, or in memory under the name MEMORY.

    Raises InputError for a file that is no store, or that holds another study or results of other code.
    """

    def __init__(self, name: str, study: Study) -> None:
        self._place = shown_path(name)
        self._head, self._layer = head_columns(study), layer_columns(study)
        self._numbers = study.numbers()
        self._connection = self._open(name)
        identity = {"format": _FORMAT, "spec": study.digest(), "code": code_version()}
        try:
            self._prepare(identity, json.dumps(study.description()))
        except DAMAGE as error:
            self._connection.close()
            raise self._unusable(error) from error
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of the rows."""
        return (*self._head, *self._layer)

    def add(self, outcome: Outcome) -> None:
        """Keep a finished point, unless another process was first; it is on the disk when this returns."""
        width = len(self._layer)
        rows = [(outcome.number, place, *row, *[None] * (width - len(row))) for place, row in enumerate(outcome.rows)]
        try:
            with self._connection:
                points = f"INSERT INTO points VALUES ({_marks(len(self._head))}) ON CONFLICT (point) DO NOTHING"
                if self._connection.execute(points, outcome.head).rowcount:
                    self._connection.executemany(f"INSERT INTO layers VALUES ({_marks(width + 2)})", rows)
        except DAMAGE as error:
            raise self._unusable(error) from error

    def missing(self) -> list[int]:
        """List the numbers of the points that are not there yet."""
        done = {number for (number,) in self._select("SELECT point FROM points")}
        return [number for number in self._numbers if number not in done]

    def count(self, status: str) -> int:
        """Count the points of a status."""
        ((found,),) = self._select("SELECT count(*) FROM points WHERE status = ?", status)
        return int(found)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield all rows, by point, layers in their order and the total last, whatever order they came in."""
        yield from self._select(f"SELECT {self._names()} FROM rows ORDER BY point, place")

    def totals(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of whole networks by column, in the order of the points."""
        for row in self._select(f"SELECT {self._names()} FROM rows WHERE {NETWORKS} ORDER BY point"):
            yield dict(zip(self.columns, row, strict=True))

    def _names(self) -> str:
        """Name the columns in a query of the rows; SQLite takes a quoted name alone for a text if no column has it."""
        return ", ".join(f"rows.{_quoted(column)}" for column in self.columns)

    def _select(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query, values)
        except DAMAGE as error:
            raise self._unusable(error) from error

    def _open(self, name: str) -> sqlite3.Connection:
        try:
            return sqlite3.connect(name, timeout=60)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _prepare(self, identity: dict[str, str], description: str) -> None:
        """Make the tables of a new store; of another, see that it is of this study and code."""
        connection = self._connection
        connection.execute("PRAGMA synchronous = FULL")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "study" not in tables:
            raise InputError.located(self._place, wrong="is no store of a sweep", allowed="name another file")
        if not tables:
            self._create(identity | {"description": description})
        found = dict(connection.execute("SELECT key, value FROM study"))
        for key, what in (("format", "of another format"), ("spec", "of another spec"), ("code", "of other code")):
            if found.get(key) != identity[key]:
                wrong = f"holds a sweep {what}: {found.get(key)}, not {identity[key]}"
                raise InputError.located(self._place, wrong=wrong, allowed=_REMEDY)

    def _create(self, entries: dict[str, str]) -> None:
        connection = self._connection
        heads, figures = [", ".join(map(_quoted, names)) for names in (self._head[1:], self._layer)]
        connection.execute("BEGIN IMMEDIATE")
        with connection:  # all tables or none, also where the power goes
            connection.execute("CREATE TABLE IF NOT EXISTS study (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
            connection.execute(f"CREATE TABLE IF NOT EXISTS points (point INTEGER PRIMARY KEY, {heads})")
            key = "point INTEGER NOT NULL, place INTEGER NOT NULL"
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS layers ({key}, {figures}, PRIMARY KEY (point, place)) WITHOUT ROWID"
            )
            join = f"SELECT point, {heads}, place, {figures} FROM points JOIN layers USING (point)"
            connection.execute(f"CREATE VIEW IF NOT EXISTS rows AS {join}")
            connection.executemany("INSERT OR IGNORE INTO study VALUES (?, ?)", entries.items())

    def _unusable(self, error: Exception) -> InputError:
        wrong = f"can't be used: {printable(str(error))}"
        return InputError.located(self._place, wrong=wrong, allowed="name another store")


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _quoted(name: str) -> str:
    """Quote a column's name for SQL: paths have dots in them."""
    return '"' + name.replace('"', '""') + '"'
