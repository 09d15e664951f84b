"""The command line as tests use it: in this process, or in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.cli.main import main
from support.paths import ROOT
from support.patience import patient


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: its exit status, and what it printed."""

    status: int
    out: str
    err: str


def call(*arguments: str) -> int:
    """Run a command in this process and give its exit status, also where argparse ends it."""
    try:
        return main(arguments)
    except SystemExit as exit_:
        return int(exit_.code or 0)


def read_json(file: str | Path) -> dict[str, Any]:
    """Read a file that a command wrote."""
    found: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    return found


def files(where: str | Path = ".") -> list[str]:
    """List a folder."""
    return sorted(path.name for path in Path(where).iterdir())


def environment(**more: str) -> dict[str, str]:
    """Return what a process needs to find this package from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def command_line(*arguments: str, options: Sequence[str] = ()) -> list[str]:
    """Return the words that start a command; `options` are Python's own."""
    return [sys.executable, *options, "-m", "sim", *arguments]


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, to its end."""
    return subprocess.run(
        command_line(*arguments), env=environment(), text=True, timeout=patient(120), check=False, **options
    )
