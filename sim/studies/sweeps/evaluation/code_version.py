"""The code that makes results, by a digest of what computes: comments, docstrings and views are no part of it."""

from __future__ import annotations

import ast
import hashlib
import threading
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import numba
import numpy

from sim.package import ROOT, VERSION

# What a row's figures go through, from a file's values to sums. Packages that add chips count by their versions.
_COMPUTING = (
    "chips",
    "codes",
    "files/edits.py",
    "kernels",
    "ledger",
    "networks",
    "runs/parameters.py",
    "runs/runner.py",
    "studies/sweeps/evaluation",
    "studies/sweeps/spec",
    "units.py",
)
_ONE_AT_A_TIME = threading.Lock()  # Python's threads share the count of how deep a tree is that is being made


def code_version() -> str:
    """Name the code that makes results: the package's version, and a digest of its statements and of what computes."""
    with _ONE_AT_A_TIME:
        return _found()


@cache
def _found() -> str:
    root = ROOT
    versions = [f"numpy {numpy.__version__} numba {numba.__version__}", *_packages_with_chips()]
    digest = hashlib.sha256(" ".join(versions).encode())
    for source in _sources(root):
        text = source.read_text(encoding="utf-8")
        content = statements(text) if source.suffix == ".py" else text
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + content.encode() + b"\0")
    return f"{VERSION}+{digest.hexdigest()[:12]}"


def _packages_with_chips() -> list[str]:
    """Name the other packages that add chips, with their versions."""
    found = (entry.dist for entry in entry_points(group="sim.chips"))
    return sorted({f"{package.name} {package.version}" for package in found if package is not None})


def _sources(root: Path) -> Iterator[Path]:
    """Yield the files that compute, and the tables that they read."""
    for place in _COMPUTING:
        there = root / place
        yield from [there] if there.is_file() else sorted([*there.rglob("*.py"), *there.rglob("*.csv")])


def statements(text: str) -> str:
    """Return a source's statements without comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
