"""The files that come with the project: machines, cost tables and workloads, by name or by path."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError, did_you_mean
from sim.files.text import shown_path
from sim.package import ROOT


@dataclass(frozen=True, slots=True)
class Shelf:
    """Shipped files of one kind: their folder, a key that only they have, and what messages call one."""

    folder: str
    key: str
    what: str


MACHINES = Shelf("arch", "cost_table:", "machine")
COST_TABLES = Shelf("arch", "mac:", "cost table")
WORKLOADS = Shelf("workloads", "layers:", "workload")


def folder(kind: str) -> Path:
    """Return the folder of `arch` or `workloads`: inside an installed package, or beside it in a checkout."""
    installed = ROOT / "data" / kind
    return installed if installed.is_dir() else ROOT.parent / kind


def names(shelf: Shelf) -> list[str]:
    """List the shipped files of a kind: those with a line that starts with its key."""
    found = []
    for path in sorted(folder(shelf.folder).glob("*.yaml")):
        if any(line.startswith(shelf.key) for line in path.read_text(encoding="utf-8").splitlines()):
            found.append(path.stem)
    return found


def find(shelf: Shelf, name: str) -> Path:
    """Find a file by path, or a shipped one by its name; raise InputError with the nearest shipped name."""
    given, shipped = Path(name), names(shelf)
    if given.suffix in {".yaml", ".yml"} or given.name != name:
        if given.stem not in shipped or _stat(given):
            return given
        raise InputError.located(
            shown_path(name), wrong="no such file", allowed=f"for the shipped {shelf.what}, give its name: {given.stem}"
        )
    found = _stat(given)
    if found and not stat.S_ISDIR(found.st_mode):
        return given
    if name in shipped:
        return folder(shelf.folder) / f"{name}.yaml"
    raise InputError.located(
        shown_path(name), wrong=f"no {shelf.what} of that name comes with sim", allowed=did_you_mean(name, shipped)
    )


def _stat(path: Path) -> os.stat_result | None:
    """Look a path up; None where nothing is, or can be, of that name."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def find_workload(name: str) -> Path:
    """Find a workload."""
    return find(WORKLOADS, name)


def find_machine(name: str) -> Path:
    """Find a machine."""
    return find(MACHINES, name)


def find_cost_table(name: str) -> Path:
    """Find a cost table."""
    return find(COST_TABLES, name)
