"""Runs of the networks that were measured on a chip: what `validate` compares and `calibrate` fits to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sim.chips.contract import AnyChip, ModelOptions, Planned
from sim.chips.parts.calibration import Calibration
from sim.chips.published import MeasuredNetwork, Published
from sim.errors import InputError
from sim.ledger.results import LayerResult
from sim.runs.progress import Progress, Silent, layers_done
from sim.runs.request import Choices, Request, find_design, read_request
from sim.runs.run import plan_layers, run_layers, runner_for
from sim.studies.validation import Validation, validate_network

MeasuredRequests = list[tuple[MeasuredNetwork, Request]]


def published_of(chip: AnyChip, place: str) -> Published:
    """Return what was published of a chip; raise InputError where nothing was."""
    if chip.published is None:
        chip.refuse(place, "published measurements")
    return chip.published


def measured_requests(choices: Choices, *, by_mapper: bool) -> MeasuredRequests:
    """Read the measured networks of a machine's chip; `by_mapper` leaves the mappings to the mapper.

    Raises InputError for a chip that was not measured, and for a cost table in another unit than the figures.
    """
    published = published_of(find_design(choices.arch).chip, "validate")
    return [(network, _request(choices, published, network, by_mapper=by_mapper)) for network in published.networks]


def _request(choices: Choices, published: Published, network: MeasuredNetwork, *, by_mapper: bool) -> Request:
    request = read_request(replace(choices, network=network.workload, batch=network.batch))
    if request.table.unit != published.unit:
        raise InputError.located(
            "--cost-table",
            wrong=f"the chip's energy is in joules, cost table {request.table.name} in {request.table.unit}",
            allowed="use a cost table in pJ such as eyeriss-65nm",
        )
    if not by_mapper:
        return request
    return replace(request, layers=tuple(replace(layer, mapping=None) for layer in request.layers))


def validate_requests(requests: MeasuredRequests, *, seed: int, progress: Progress = Silent) -> Validation:
    """Run all measured networks and compare them; part of it would say nothing, so an interrupt leaves nothing."""
    planned = [plan_layers(request) for _, request in requests]
    results = _run_all(requests, planned, seed, progress)
    if sum(map(len, results)) < sum(map(len, planned)):
        raise KeyboardInterrupt
    published = published_of(requests[0][1].chip, "validate")
    return Validation(
        tuple(
            validate_network(published, network, found) for (network, _), found in zip(requests, results, strict=True)
        )
    )


def _run_all(
    requests: MeasuredRequests,
    planned: Sequence[list[Planned[Any]]],
    seed: int,
    progress: Progress,
) -> list[list[LayerResult]]:
    results: list[list[LayerResult]] = [[] for _ in requests]
    with layers_done(progress, sum(map(len, planned))) as done:
        for (network, request), layers, found in zip(requests, planned, results, strict=True):
            runner = runner_for(request, request.chip.models[0], seed=seed, options=ModelOptions())
            for layer in runner.run(layers):
                found.append(layer)
                done(f"{network.title} {layer.name}")
    return results


def calibration_request(choices: Choices) -> Request:
    """Read what `calibrate` runs: the first measured network of a machine's chip."""
    chip = find_design(choices.arch).chip
    network = published_of(chip, "calibrate").networks[0]
    return read_request(replace(choices, network=network.workload, batch=network.batch))


def calibrate_request(request: Request, *, seed: int, progress: Progress = Silent) -> tuple[Calibration, AnyChip]:
    """Run a measured network and fit its chip's costs; an interrupt leaves nothing."""
    chip = request.chip
    planned = plan_layers(request)
    runner = runner_for(request, chip.models[0], seed=seed, options=ModelOptions())
    results = run_layers(runner, planned, progress)
    if len(results) < len(planned):
        raise KeyboardInterrupt
    return chip.calibrate(results), chip
