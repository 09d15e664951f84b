"""How Timeloop's problem files are told from others, without the reader of them."""

from __future__ import annotations

import re
from pathlib import Path

from sim.errors import InputError
from sim.files.text import read_text

SUFFIXES = frozenset({".yaml", ".yml"})
_PROBLEM = re.compile(r"^problem\s*:", re.MULTILINE)


def is_problem(path: Path) -> bool:
    """Tell a problem file from a workload file; false for what can't be read."""
    try:
        return bool(_PROBLEM.search(read_text(path)))
    except InputError:
        return False  # the reader of workload files says it better


def is_problem_folder(name: str) -> bool:
    """Tell a folder with a problem file in it; false for names that can't be looked up."""
    try:
        files = Path(name).iterdir() if Path(name).is_dir() else ()
        return any(file.suffix.lower() in SUFFIXES and is_problem(file) for file in files)
    except (OSError, ValueError):
        return False
