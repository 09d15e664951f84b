"""Two models' results of the same layers held against each other, as the method's Table I does (Asilomar 2017).

The cycle model is the simulation, the analytic model what approximates it; differences are the latter against the
former.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.chips.contract import Entry, ModelOptions
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.ledger.figures import DRAM, PROCESSING_CYCLES, TOTAL_CYCLES
from sim.ledger.results import LayerResult, NetworkResult, add_energies
from sim.runs.progress import Progress, layers_done
from sim.runs.provenance import provenance_of
from sim.runs.request import Request
from sim.runs.run import plan_layers, runner_for

ENERGIES = ("system", "compute", "ifmap", "filter", "ofmap", "static")
_MODELS = ("cycle", "analytic")
COUNTED = (PROCESSING_CYCLES, TOTAL_CYCLES, DRAM)
QUANTITIES = (*ENERGIES, *(figure.column for figure in COUNTED))


@dataclass(frozen=True, slots=True)
class Difference:
    """One quantity as both models have it."""

    cycle: float
    analytic: float

    @property
    def absolute(self) -> float:
        """By how much the analytic model has more."""
        return self.analytic - self.cycle

    @property
    def percent(self) -> float | None:
        """The difference in per cent of the simulation; None where only the analytic model has anything."""
        if self.cycle == 0:
            return 0.0 if self.analytic == 0 else None
        return 100 * self.absolute / self.cycle

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        return {
            "cycle": self.cycle,
            "analytic": self.analytic,
            "difference": self.absolute,
            "difference_pct": self.percent,
        }


@dataclass(frozen=True, slots=True)
class UnequalCount:
    """A count that must be equal and is not: level, tensor and direction of words, or what else was counted."""

    place: tuple[str, ...]
    cycle: int
    analytic: int

    def __str__(self) -> str:
        return f"{' '.join(self.place)}: {self.cycle} simulated, {self.analytic} analytic"

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        return {"place": list(self.place), "cycle": self.cycle, "analytic": self.analytic}


@dataclass(frozen=True, slots=True)
class LayerComparison:
    """A layer's differences by quantity, and its counts that must be equal and are not."""

    name: str
    quantities: dict[str, Difference]
    unequal: tuple[UnequalCount, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        found: dict[str, Any] = {name: difference.as_dict() for name, difference in self.quantities.items()}
        return {"name": self.name} | found | {"unequal_counts": [count.as_dict() for count in self.unequal]}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of two results of the same layers, in the network's order; at least one."""

    cycle: NetworkResult
    analytic: NetworkResult
    layers: tuple[LayerComparison, ...]

    @property
    def total(self) -> dict[str, Difference]:
        """The sum of the layers."""
        return _differences(self.cycle.layers, self.analytic.layers)

    @property
    def largest_first(self) -> list[LayerComparison]:
        """The layers ordered by how far apart their system energies are."""
        return sorted(self.layers, key=lambda layer: -abs(layer.quantities["system"].absolute))

    @property
    def unequal(self) -> list[tuple[str, UnequalCount]]:
        """The counts that must be equal and are not, with their layers."""
        return [(layer.name, count) for layer in self.layers for count in layer.unequal]

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form: both results and what is between them."""
        total = {name: difference.as_dict() for name, difference in self.total.items()}
        return {
            "schema": self.cycle.as_dict()["schema"],
            "complete": self.cycle.complete,
            "cycle": self.cycle.as_dict(),
            "analytic": self.analytic.as_dict(),
            "differences": {"layers": [layer.as_dict() for layer in self.layers], "total": total},
        }


def compare_results(
    cycle: NetworkResult,
    analytic: NetworkResult,
    *,
    dense: frozenset[str] = frozenset(),
    live: Sequence[Entry] = (),
) -> Comparison:
    """Compare two results of the same layers.

    `dense` names the layers without zeros among the values that gate: their models must agree on every MAC performed.
    `live` are the entries of the ledger that only MACs performed touch.
    """
    layers = tuple(
        LayerComparison(
            one.name, _differences([one], [other]), unequal_counts(one, other, dense=one.name in dense, live=live)
        )
        for one, other in zip(cycle.layers, analytic.layers, strict=True)
    )
    return Comparison(cycle, analytic, layers)


def _differences(cycle: Sequence[LayerResult], analytic: Sequence[LayerResult]) -> dict[str, Difference]:
    ours, theirs = _quantities(cycle), _quantities(analytic)
    return {name: Difference(ours[name], theirs[name]) for name in QUANTITIES}


def _quantities(layers: Sequence[LayerResult]) -> dict[str, float]:
    energy = add_energies([layer.energy for layer in layers])
    counted = {figure.column: sum(map(figure.value, layers)) for figure in COUNTED}
    return {name: getattr(energy, name) for name in ENERGIES} | counted


def unequal_counts(
    cycle: LayerResult, analytic: LayerResult, *, dense: bool, live: Sequence[Entry]
) -> tuple[UnequalCount, ...]:
    """List the counts that zeros don't touch and that differ all the same.

    Where data are sparse the models may differ on the MACs performed, and by as much on each access that they make.
    """
    ours, theirs = cycle.run, analytic.run
    found = [
        UnequalCount((name,), one, other)
        for name, one, other in (
            ("macs", ours.ledger.macs, theirs.ledger.macs),
            ("macs_performed", ours.ledger.macs_performed, theirs.ledger.macs_performed),
            ("zero_buffer_reads", ours.ledger.zero_buffer_reads, theirs.ledger.zero_buffer_reads),
            ("passes", ours.passes, theirs.passes),
            ("active_pes", ours.active_pes, theirs.active_pes),
        )
        if one != other and (dense or name != "macs_performed")
    ]
    return (*found, *_unequal_words(ours.ledger, theirs.ledger, live))


def _unequal_words(cycle: Ledger, analytic: Ledger, live: Sequence[Entry]) -> list[UnequalCount]:
    more = analytic.macs_performed - cycle.macs_performed
    found = []
    for level, tensor, direction in np.argwhere(cycle.words != analytic.words).tolist():
        place = level, Tensor(tensor), Direction(direction)
        one, other = cycle.count(*place), analytic.count(*place)
        if not (place in live and other - one == more):
            names = (cycle.levels[level].name, place[1].name.lower(), place[2].name.lower())
            found.append(UnequalCount(names, one, other))
    return found


def compare_models(request: Request, *, seed: int, options: Mapping[str, Any], progress: Progress) -> Comparison:
    """Run both of a chip's models on the same plans and tensors; keep what is finished when interrupted.

    Raises KeyboardInterrupt where nothing is.
    """
    chip, code = request.chip, request.code
    for name in _MODELS:
        chip.check_model(name, "compare")
    planned = plan_layers(request)
    how = {"cycle": ModelOptions(), "analytic": ModelOptions(code=code)}
    runners = {name: runner_for(request, name, seed=seed, options=how[name]) for name in _MODELS}
    found: dict[str, list[LayerResult]] = {name: [] for name in _MODELS}
    with layers_done(progress, len(planned)) as done:
        for one in planned:
            for name, runner in runners.items():
                found[name] += runner.run([one])
            done(one.layer.name)
    finished = len(found["analytic"])
    if not finished:
        raise KeyboardInterrupt

    def result(name: str, drawn_with: int | None, more: Mapping[str, Any]) -> NetworkResult:
        origin = provenance_of(request, model=name, seed=drawn_with, options={**options, **more})
        return NetworkResult(origin, tuple(found[name][:finished]), request.batch, finished == len(planned))

    return compare_results(
        result("cycle", seed, {}),
        result("analytic", None, {"code": str(code)}),
        dense=frozenset(one.layer.name for one in planned if chip.is_dense(one.layer, request.machine)),
        live=chip.live_entries,
    )
