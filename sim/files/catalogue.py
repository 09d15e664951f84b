"""The files that come with the project: machines, cost tables and workloads, by name or by path."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sim.errors import InputError, did_you_mean
from sim.files.text import shown_path

_PACKAGE = Path(__file__).resolve().parents[1]


def folder(kind: str) -> Path:
    """Return the folder of `arch` or `workloads`: inside an installed package, or beside it in a checkout."""
    installed = _PACKAGE / "data" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def names(kind: str, *, holding: str) -> list[str]:
    """List the shipped files of a kind whose text has a line starting with `holding`."""
    found = []
    for path in sorted(folder(kind).glob("*.yaml")):
        if any(line.startswith(holding) for line in path.read_text(encoding="utf-8").splitlines()):
            found.append(path.stem)
    return found


def find(kind: str, name: str, *, holding: str, what: str) -> Path:
    """Find a file by path, or a shipped one by its name; raise InputError with the nearest shipped name."""
    given, shipped = Path(name), names(kind, holding=holding)
    if given.suffix in {".yaml", ".yml"} or given.name != name:
        if given.stem not in shipped or _stat(given):
            return given
        raise InputError.located(
            shown_path(name), wrong="no such file", allowed=f"for the shipped {what}, give its name: {given.stem}"
        )
    found = _stat(given)
    if found and not stat.S_ISDIR(found.st_mode):
        return given
    if name in shipped:
        return folder(kind) / f"{name}.yaml"
    raise InputError.located(
        shown_path(name), wrong=f"no {what} of that name comes with sim", allowed=did_you_mean(name, shipped)
    )


def _stat(path: Path) -> os.stat_result | None:
    """Look a path up; None where nothing is, or can be, of that name."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def find_workload(name: str) -> Path:
    """Find a workload."""
    return find("workloads", name, holding="layers:", what="workload")


def find_machine(name: str) -> Path:
    """Find a machine."""
    return find("arch", name, holding="cost_table:", what="machine")


def find_cost_table(name: str) -> Path:
    """Find a cost table."""
    return find("arch", name, holding="mac:", what="cost table")
