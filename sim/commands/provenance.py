"""Where a result came from: version, commit, files, options."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from typing import Any

from sim import __version__
from sim.arch import Machine
from sim.energy import CostTable
from sim.workload import Workload


def provenance_of(
    options: argparse.Namespace, machine: Machine, workload: Workload, table: CostTable, batch: int
) -> dict[str, Any]:
    return {
        "version": __version__,
        "git": _git_commit(),
        "arch": machine.name,
        "workload": workload.name,
        "batch": batch,
        "model": "cycle",
        "cost_table": table.name,
        "seed": options.seed,
        "options": {"layers": options.layers, "mapping": options.mapping, "reuse": not options.no_reuse},
    }


def _git_commit() -> str | None:
    """Give the checkout's commit, with -dirty if it was changed; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
