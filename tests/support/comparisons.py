"""`sim compare` on the small workload, with a model that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.ledger.results import LayerRun
from support.commands import call, read_json


def written(*arguments: str, workload: str = "tiny.yaml", status: int = 0) -> dict[str, Any]:
    """Compare quietly and give the file."""
    assert call("compare", workload, "--quiet", "--json", "out.json", *arguments) == status
    return read_json("out.json")


def spoil(monkeypatch: pytest.MonkeyPatch, change: Callable[[LayerRun], LayerRun], layer: str = "fc3") -> None:
    """Let the analytic model go wrong on one layer."""
    honest = AnalyticModel.run

    def run(self: AnalyticModel, job: Job[MappedLayer]) -> LayerRun:
        found = honest(self, job)
        return change(found) if job.layer.name == layer else found

    monkeypatch.setattr(AnalyticModel, "run", run)
