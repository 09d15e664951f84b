"""One run from start to end: plans for all layers, a model, and the network's result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sim.chips.contract import ModelOptions, Planned
from sim.chips.parts.probes import Observer
from sim.ledger.results import LayerResult, NetworkResult
from sim.runs.progress import Progress, Silent, layers_done
from sim.runs.provenance import provenance_of
from sim.runs.request import Choices, Request
from sim.runs.runner import NOTHING_DRAWN, Planner, Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a network is run: by which model, the chip's first where it is None, with which seed, checked or not.

    `reuse` steps each distinct pass once, where the model can. `observers` watch what happens when; `finish` is called
    with each layer before it counts as finished.
    """

    model: str | None = None
    seed: int = 0
    reuse: bool = True
    check: bool = False
    observers: Sequence[Observer] = ()
    finish: Callable[[LayerResult], None] | None = None
    options: dict[str, Any] | None = None


def plan_layers(request: Request) -> list[Planned[Any]]:
    """Plan all layers of a request; raise InputError for the first that can't be mapped."""
    return planner_for(request).plan(request.layers)


def planner_for(request: Request) -> Planner:
    """Return what plans a request's layers."""
    asked = frozenset(text.rpartition(":")[0] for text in request.choices.mapping)
    return Planner(request.chip, request.machine, request.table, request.batch, request.goal_of, asked)


def runner_for(request: Request, model: str, *, seed: int, options: ModelOptions) -> Runner:
    """Return what runs a request's layers on one of the chip's models."""
    made = request.chip.model(model, request.machine, options)
    give = request.values.give if request.values else None
    return Runner(request.chip, request.machine, request.table, made, request.batch, seed, give_tensors=give)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Planned layers, what runs them, and all that their result says of where it came from."""

    request: Request
    model: str
    runner: Runner
    planned: Sequence[Planned[Any]]
    options: RunOptions

    def result(self, finished: Sequence[LayerResult]) -> NetworkResult:
        """Return the result of the layers that are finished; it is complete where these are all."""
        drawn = bool(self.runner.model.needs) and self.request.values is None
        seed, options = self.options.seed if drawn else None, self.options.options or {}
        return NetworkResult(
            provenance=provenance_of(self.request, model=self.model, seed=seed, options=options) | self.request.origin,
            layers=tuple(finished),
            batch=self.request.batch,
            complete=len(finished) == len(self.planned),
            operating_point=self.request.operating_point,
        )


def prepare(request: Request, planned: Sequence[Planned[Any]], options: RunOptions) -> Prepared:
    """Make what runs layers that are planned, by a model that the chip has; raise InputError where it can't be made."""
    name = options.model or request.chip.models[0]
    how = ModelOptions(options.reuse, options.check, request.choices.code, options.observers)
    return Prepared(request, name, runner_for(request, name, seed=options.seed, options=how), planned, options)


def run_network(request: Request, options: RunOptions, progress: Progress = Silent) -> NetworkResult:
    """Map and run all layers; keep what is finished when interrupted, raise KeyboardInterrupt where nothing is.

    Raises ModelError where a checked value differs from the reference convolution, or a conservation law breaks.
    """
    request.chip.check_model(options.model or request.chip.models[0])
    prepared = prepare(request, plan_layers(request), options)
    finished = run_layers(prepared.runner, prepared.planned, progress, finish=options.finish)
    if not finished:
        raise KeyboardInterrupt
    return prepared.result(finished)


def run_layers(
    runner: Runner,
    planned: Sequence[Planned[Any]],
    progress: Progress = Silent,
    *,
    finish: Callable[[LayerResult], None] | None = None,
) -> list[LayerResult]:
    """Run layers one after another; keep what is finished when interrupted."""
    finished: list[LayerResult] = []
    with layers_done(progress, len(planned)) as done:
        for layer in runner.run(planned):
            if finish is not None:
                finish(layer)
            finished.append(layer)
            done(layer.name)
    return finished


def run_options(choices: Choices, *, reuse: bool, check: bool = False) -> dict[str, Any]:
    """Return what a run's provenance says of its choices."""
    return {**choices.as_options(), "reuse": reuse} | ({"check": True} if check else {})


def estimate_options(request: Request) -> dict[str, Any]:
    """Return what an estimate's provenance says of its choices."""
    choices = request.choices
    return {
        **choices.of_the_mapper(),
        **choices.of_the_operating_point(),
        "bits": dict(choices.bits),
        "zeros": dict(choices.zeros),
        "skip": request.skip,
        "code": str(request.code),
    }


def estimate_network(request: Request, options: dict[str, Any]) -> NetworkResult:
    """Estimate all layers in closed form, without tensors."""
    request.chip.check_model("analytic", "estimate")
    planned = plan_layers(request)
    how = ModelOptions(code=request.code)
    runner = runner_for(request, "analytic", seed=NOTHING_DRAWN, options=how)
    return NetworkResult(
        provenance=provenance_of(request, model="analytic", seed=None, options=options) | request.origin,
        layers=tuple(runner.run(planned)),
        batch=request.batch,
        operating_point=request.operating_point,
    )
