"""The best plans of each layer, and by what the second lost to the first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sim.chips.contract import ModelOptions, Plan, Planned
from sim.chips.goals import Findings, Goal
from sim.ledger.results import Energy
from sim.networks.layer import Layer
from sim.runs.request import Request
from sim.runs.run import runner_for
from sim.runs.runner import NOTHING_DRAWN


@dataclass(frozen=True, slots=True)
class LayerFindings:
    """A layer and what the mapper found: the best candidates, and the first two's energies, shown or not."""

    layer: Layer
    goal: Goal
    findings: Findings[Plan]
    energies: tuple[Energy, ...]

    def behind(self, place: int) -> float:
        """Return by how much a candidate's score is behind the best one's, in per cent; 0 of nothing."""
        scores = [candidate.score(self.goal.objective) for candidate in self.findings.candidates]
        return 100 * (scores[place] / scores[0] - 1) if scores[0] else 0.0

    def gaps(self) -> dict[str, float]:
        """Return by how much the second's energy is more at each level, in per cent of the winner's, most first."""
        if len(self.energies) < 2:
            return {}
        first, second = self.energies
        gaps = {level: second.by_level[level] - first.by_level[level] for level in first.by_level}
        ranked = sorted(gaps.items(), key=lambda gap: -abs(gap[1]))
        return {level: 100 * gap / first.system for level, gap in ranked if abs(gap) > 1e-9 * first.system}


@dataclass(frozen=True, slots=True)
class Mappings:
    """A network's layers with their best plans."""

    request: Request
    layers: tuple[LayerFindings, ...]

    @property
    def legal(self) -> int:
        """The legal mappings of all layers."""
        return sum(one.findings.legal for one in self.layers)

    @property
    def evaluated(self) -> int:
        """Those of them that had to be evaluated in full."""
        return sum(one.findings.evaluated for one in self.layers)


def map_layers(request: Request, *, top: int) -> Mappings:
    """Search every layer for its `top` best plans and the second's energy; raise InputError for a layer without any."""
    return Mappings(request, tuple(_map_layer(layer, request, top) for layer in request.layers))


def _map_layer(layer: Layer, request: Request, top: int) -> LayerFindings:
    goal = request.goal_of(layer)
    findings: Findings[Any] = request.chip.search(
        layer, request.machine, request.table, batch=request.batch, goal=goal, top=max(top, 2)
    )
    runner = runner_for(request, "analytic", seed=NOTHING_DRAWN, options=ModelOptions(code=goal.code))
    planned = [Planned(layer, candidate.plan) for candidate in findings.candidates[:2]]
    energies = tuple(result.energy for result in runner.run(planned))
    return LayerFindings(layer, goal, replace(findings, candidates=findings.candidates[:top]), energies)
