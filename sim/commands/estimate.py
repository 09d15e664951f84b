"""`sim estimate`: estimate a network's energy in closed form, without tensors, as the online tool does."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from sim.analytic.coding import FmapCode
from sim.analytic.model import AnalyticModel
from sim.charts import check_plot, draw
from sim.commands.goals import read_goals
from sim.commands.inputs import Inputs, read_inputs, show_notes
from sim.commands.outputs import STDOUT, as_json, check_targets, write_contents
from sim.commands.overrides import (
    at_operating_point,
    point_choices,
    point_of,
    read_bits,
    read_zeros,
    with_gating,
)
from sim.commands.provenance import choices_of, provenance_of
from sim.errors import InputError
from sim.estimation import Estimate, estimate_of, show_estimate, tool_table
from sim.layer import with_data
from sim.results import NetworkResult
from sim.runner import Planner, Runner

NO_SEED = 0  # nothing is drawn


def run(options: argparse.Namespace) -> int:
    """Do `estimate`: everything that can be wrong is found before the first file is written."""
    bits, zeros = read_bits(options.bits), read_zeros(options.zeros)
    given = at_operating_point(read_inputs(options), options)
    inputs = replace(
        given,
        machine=with_gating(given.machine, options.skip),
        layers=tuple(with_data(layer, bits, zeros) for layer in given.layers),
    )
    targets = _check_targets(options, inputs)
    goal_of = read_goals(options, inputs.layers, FmapCode(options.code))
    planned = Planner(inputs.machine, inputs.table, inputs.batch, goal_of).plan(inputs.layers)
    model = AnalyticModel(inputs.machine, FmapCode(options.code))
    result = NetworkResult(
        provenance=provenance_of(
            inputs,
            model=model.name,
            seed=None,
            options={
                **choices_of(options),
                **point_choices(options),
                "bits": bits,
                "zeros": zeros,
                "skip": options.skip,
                "code": options.code,
            },
        )
        | inputs.origin,
        layers=tuple(Runner(inputs.machine, inputs.table, model, inputs.batch, NO_SEED).run(planned)),
        batch=inputs.batch,
        operating_point=point_of(inputs.machine),
    )
    if not options.quiet:
        show_notes(inputs, to_stderr=STDOUT in targets.values())
    _hand_over(result, targets, status=inputs.table.status, quiet=options.quiet)
    return 0


def _check_targets(options: argparse.Namespace, inputs: Inputs) -> dict[str, Path]:
    if options.output is not None and inputs.table.unit != "MAC":
        raise InputError.located(
            "--output",
            wrong=f"the tool's table is in units of one MAC, cost table {inputs.table.name} in {inputs.table.unit}",
            allowed="use a cost table such as normalized-65nm",
        )
    if options.plot is not None:
        check_plot(Path(options.plot))
    return check_targets(options, ("output", "json", "plot"))


def _hand_over(result: NetworkResult, targets: dict[str, Path], *, status: str, quiet: bool) -> None:
    """Make all contents, then write them, then show the table; it makes way for what goes to standard output."""
    estimate = estimate_of(result)
    contents = {option: _content(option, target, result, estimate) for option, target in targets.items()}
    write_contents(contents, targets)
    if not quiet:
        show_estimate(result, status=status, to_stderr=STDOUT in targets.values())


def _content(option: str, target: Path, result: NetworkResult, estimate: Estimate) -> str | bytes:
    if option == "output":
        return tool_table(estimate)
    if option == "json":
        return as_json(result)
    origin = result.provenance
    title = f"{origin['workload']} on {origin['arch']}, batch {result.batch}, cost table {origin['cost_table']}"
    return draw(estimate, suffix=target.suffix, title=title)
