"""The shipped files as people ask for them: lists with a line on each, texts with their comments, copies to edit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError, did_you_mean, quoted
from sim.files.catalogue import COST_TABLES, MACHINES, WORKLOADS, Shelf, folder, names
from sim.files.text import read_text
from sim.files.yaml_source import compose

SHELVES = {"machines": MACHINES, "workloads": WORKLOADS, "costs": COST_TABLES}
_COMMENT = re.compile(r"^#\s?(.*)")
_NAME = re.compile(r"^name: .*$", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipped file: its kind, its name, and the first sentence of its head."""

    shelf: str
    name: str
    about: str


def shipped(shelf: str) -> list[Shipped]:
    """List the files of a kind: machines, workloads or costs."""
    return [Shipped(shelf, name, _about(_path(SHELVES[shelf], name))) for name in names(SHELVES[shelf])]


def find_text(name: str) -> tuple[Path, str]:
    """Find a shipped file by its name, whatever its kind; raise InputError where there is none."""
    for shelf in SHELVES.values():
        if name in names(shelf):
            path = _path(shelf, name)
            return path, read_text(path)
    known = [one for shelf in SHELVES.values() for one in names(shelf)]
    raise InputError.located(
        "show", wrong=f"nothing named {quoted(name)} comes with sim", allowed=did_you_mean(name, known)
    )


def copy_of(shelf: str, name: str, source: str) -> str:
    """Return a shipped file's text under a new name; raise InputError for a name that is none, or unknown."""
    if not _PLAIN.fullmatch(name):
        allowed = "letters, digits, dots, dashes and underscores, a letter or digit first"
        raise InputError.located("new", wrong=f"{quoted(name)} is no name", allowed=allowed)
    known = names(SHELVES[shelf])
    if source not in known:
        wrong = f"no {SHELVES[shelf].what} {quoted(source)} comes with sim"
        raise InputError.located("--from", wrong=wrong, allowed=did_you_mean(source, known))
    node = compose(name, "new")
    written = name if node is not None and isinstance(node.value, str) else f'"{name}"'  # such as 123, which is no text
    return _NAME.sub(f"name: {written}", read_text(_path(SHELVES[shelf], source)), count=1)


def _path(shelf: Shelf, name: str) -> Path:
    return folder(shelf.folder) / f"{name}.yaml"


def _about(path: Path) -> str:
    """Return the first sentence of a file's head comment."""
    lines = []
    for line in read_text(path).splitlines():
        match = _COMMENT.match(line)
        if match is None or not match[1].strip():
            break
        lines.append(match[1].strip())
    text = " ".join(lines)
    return re.split(r"(?<=[a-z0-9)])\.\s", text, maxsplit=1)[0].rstrip(".")
