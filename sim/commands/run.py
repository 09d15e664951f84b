"""`sim run`: simulate a network cycle by cycle, show it, and write the result file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.commands.goals import read_goals
from sim.commands.inputs import Inputs, read_inputs
from sim.commands.outputs import STDOUT, as_json, check_target, write_whole
from sim.commands.overrides import at_operating_point, point_choices, point_of
from sim.commands.progress import layer_progress
from sim.commands.provenance import choices_of, provenance_of
from sim.density import code_of
from sim.energy import CostTable
from sim.engine.chip import CycleModel
from sim.report import make_console, show
from sim.results import LayerResult, NetworkResult
from sim.runner import Planned, Planner, Runner

INTERRUPTED = 130


def run(options: argparse.Namespace) -> int:
    """Do `run`: everything that can be wrong with the input is found before the first layer runs."""
    inputs = at_operating_point(read_inputs(options), options)
    target = check_target(options.json)
    result = simulate(inputs, options)
    _hand_over(result, inputs.table, target, quiet=options.quiet)
    return 0 if result.complete else INTERRUPTED


def simulate(inputs: Inputs, options: argparse.Namespace) -> NetworkResult:
    """Map and run all layers; keep what is finished when interrupted, raise KeyboardInterrupt where nothing is."""
    goal_of = read_goals(options, inputs.layers, code_of(inputs.machine))
    planned = Planner(inputs.machine, inputs.table, inputs.batch, goal_of).plan(inputs.layers)
    model = CycleModel(inputs.machine, reuse=not options.no_reuse)
    runner = Runner(inputs.machine, inputs.table, model, inputs.batch, options.seed)
    finished = _run_layers(runner, planned, quiet=options.quiet)
    if not finished:
        raise KeyboardInterrupt
    return NetworkResult(
        provenance=provenance_of(
            inputs,
            model=model.name,
            seed=options.seed,
            options={**choices_of(options), **point_choices(options), "reuse": not options.no_reuse},
        ),
        layers=tuple(finished),
        batch=inputs.batch,
        complete=len(finished) == len(planned),
        operating_point=point_of(inputs.machine),
    )


def _run_layers(runner: Runner, planned: Sequence[Planned], *, quiet: bool) -> list[LayerResult]:
    """Run the layers with a progress bar on a terminal; keep what is finished when interrupted."""
    finished: list[LayerResult] = []
    with layer_progress(len(planned), quiet=quiet) as done:
        for layer in runner.run(planned):
            finished.append(layer)
            done(layer.name)
    return finished


def _hand_over(result: NetworkResult, table: CostTable, target: Path | None, *, quiet: bool) -> None:
    to_stdout = target == STDOUT
    if to_stdout:
        sys.stdout.write(as_json(result))
    elif target is not None:
        write_whole(target, as_json(result))
    if not quiet:
        show(result, make_console(to_stderr=to_stdout), status=table.status)
