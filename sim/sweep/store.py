"""The store: one SQLite file in which every finished point is durable at once, and whose content no order changes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from sim import __version__
from sim.errors import InputError
from sim.sweep.evaluate import Outcome
from sim.sweep.points import Study
from sim.sweep.rows import columns_of
from sim.text_source import shown_path

MEMORY = ":memory:"
_FORMAT = "1"
_REMEDY = "name another store, or remove this one"


@cache
def code_version() -> str:
    """Name the code that makes results: the package's version and a digest of its sources and tables."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for source in sorted([*root.rglob("*.py"), *root.rglob("silicon/*.csv")]):
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:12]}"


class Store:
    """Hold a study's finished points in a file, or in memory under the name MEMORY.

    Raises InputError for a file that is no store, or that holds another study or results of other code.
    """

    def __init__(self, name: str, study: Study) -> None:
        self._place = shown_path(name)
        self._columns = columns_of(study)
        self._total = len(study)
        self._connection = self._open(name)
        try:
            self._prepare({"format": _FORMAT, "spec": study.digest(), "code": code_version()})
        except sqlite3.DatabaseError as error:
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
        """Name the columns of the rows."""
        return self._columns

    def add(self, outcome: Outcome) -> None:
        """Keep a finished point; it is on the disk when this returns."""
        marks = ", ".join("?" * (len(self._columns) + 1))
        rows = [(place, *(row.get(name) for name in self._columns)) for place, row in enumerate(outcome.rows)]
        try:
            with self._connection:
                self._connection.execute("INSERT INTO points VALUES (?, ?)", (outcome.number, outcome.status))
                self._connection.executemany(f"INSERT INTO rows VALUES ({marks})", rows)
        except sqlite3.IntegrityError:
            return  # another process that sweeps the same study was first, and found the same
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    def missing(self) -> list[int]:
        """List the numbers of the points that are not there yet."""
        done = {number for (number,) in self._connection.execute("SELECT number FROM points")}
        return [number for number in range(self._total) if number not in done]

    def count(self, status: str) -> int:
        """Count the points of a status."""
        found = self._connection.execute("SELECT count(*) FROM points WHERE status = ?", (status,)).fetchone()
        return int(found[0])

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield all rows, by point, layers in their order and the total last, whatever order they came in."""
        names = ", ".join(map(_quoted, self._columns))
        yield from self._connection.execute(f"SELECT {names} FROM rows ORDER BY point, place")

    def totals(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of whole networks by column, in the order of the points."""
        names = ", ".join(map(_quoted, self._columns))
        query = f"SELECT {names} FROM rows WHERE layer = 'total' AND type IS NULL ORDER BY point"
        for row in self._connection.execute(query):
            yield dict(zip(self._columns, row, strict=True))

    def _open(self, name: str) -> sqlite3.Connection:
        try:
            return sqlite3.connect(name, timeout=60)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _prepare(self, identity: dict[str, str]) -> None:
        """Make the tables of a new store; of another, see that it is of this study and code."""
        connection = self._connection
        connection.execute("PRAGMA synchronous = FULL")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "study" not in tables:
            raise InputError.located(self._place, wrong="is no store of a sweep", allowed="name another file")
        if not tables:
            self._create(identity)
        found = dict(connection.execute("SELECT key, value FROM study"))
        for key, what in (("format", "of another format"), ("spec", "of another spec"), ("code", "of other code")):
            if found.get(key) != identity[key]:
                wrong = f"holds a sweep {what}: {found.get(key)}, not {identity[key]}"
                raise InputError.located(self._place, wrong=wrong, allowed=_REMEDY)

    def _create(self, identity: dict[str, str]) -> None:
        names: Sequence[str] = [_quoted(name) for name in self._columns]
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        with connection:  # all tables or none, also where the power goes
            connection.execute("CREATE TABLE IF NOT EXISTS study (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
            connection.execute("CREATE TABLE IF NOT EXISTS points (number INTEGER PRIMARY KEY, status TEXT NOT NULL)")
            columns = f"place INTEGER NOT NULL, {', '.join(names)}, PRIMARY KEY (point, place)"
            connection.execute(f"CREATE TABLE IF NOT EXISTS rows ({columns}) WITHOUT ROWID")
            connection.executemany("INSERT OR IGNORE INTO study VALUES (?, ?)", identity.items())

    def _unusable(self, error: sqlite3.Error) -> InputError:
        return InputError.located(self._place, wrong=f"can't be used: {error}", allowed="name another store")


def _quoted(name: str) -> str:
    """Quote a column's name for SQL: paths have dots in them."""
    return '"' + name.replace('"', '""') + '"'
