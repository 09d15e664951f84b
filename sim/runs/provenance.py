"""Where a result came from: version, commit, files, options."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Any

from sim.package import ROOT, VERSION
from sim.runs.request import Request


def provenance_of(request: Request, *, model: str, seed: int | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """State what a result was made of; `seed` is None where no tensors are drawn, `options` are the caller's own."""
    return {
        "version": VERSION,
        "git": _git_commit(),
        "arch": request.machine.name,
        "workload": request.workload.name,
        "batch": request.batch,
        "model": model,
        "cost_table": request.table.name,
        "seed": seed,
        "options": dict(options),
    }


def _git_commit() -> str | None:
    """Return the checkout's commit, with -dirty if it was changed; None outside a checkout."""
    root = ROOT.parent
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
