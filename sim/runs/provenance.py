"""Where a result came from: version, commit, files, options."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Mapping as Dict
from pathlib import Path
from typing import Any

from sim import __version__
from sim.runs.request import Inputs


def provenance_of(inputs: Inputs, *, model: str, seed: int | None, options: Dict[str, Any]) -> dict[str, Any]:
    """State what a result was made of; `seed` is None where no tensors are drawn, `options` are the command's own."""
    return {
        "version": __version__,
        "git": _git_commit(),
        "arch": inputs.machine.name,
        "workload": inputs.workload.name,
        "batch": inputs.batch,
        "model": model,
        "cost_table": inputs.table.name,
        "seed": seed,
        "options": dict(options),
    }


def _git_commit() -> str | None:
    """Return the checkout's commit, with -dirty if it was changed; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def choices_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return what every command lets its user choose about layers and mappings."""
    return {name: getattr(options, name) for name in ("layers", "mapping", "objective", "constrain")}
