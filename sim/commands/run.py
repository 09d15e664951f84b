"""`sim run`: simulate a network cycle by cycle, show it, and write the result file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sim.commands.given_values import with_values
from sim.commands.goals import read_goals
from sim.commands.inputs import Inputs, read_inputs, show_notes
from sim.commands.outputs import STDOUT, as_json, check_target, write_whole
from sim.commands.overrides import at_operating_point, point_choices, point_of, read_bits, with_data
from sim.commands.progress import layer_progress
from sim.commands.provenance import choices_of, provenance_of
from sim.density import code_of
from sim.energy import CostTable
from sim.engine.chip import CycleModel
from sim.report import make_console, show
from sim.results import LayerResult, NetworkResult
from sim.runner import Planned, Planner, Runner

INTERRUPTED = 130
_NONE: Dict[str, Any] = MappingProxyType({})


def run(options: argparse.Namespace) -> int:
    """Do `run`: everything that can be wrong with the input is found before the first layer runs."""
    bits = read_bits(options.bits)
    given = at_operating_point(read_inputs(options), options)
    target = check_target(options.json)
    inputs = replace(given, layers=tuple(with_data(layer, bits, {}) for layer in given.layers))
    inputs = with_values(inputs, options.workload, options.inputs, batch=options.batch)
    result = simulate(inputs, options, check=options.check, choices={"bits": bits} if bits else {})
    if not options.quiet:
        show_notes(inputs, to_stderr=target == STDOUT, drawn_with=options.seed)
    _hand_over(result, inputs.table, target, quiet=options.quiet)
    return 0 if result.complete else INTERRUPTED


def simulate(
    inputs: Inputs, options: argparse.Namespace, *, check: bool = False, choices: Dict[str, Any] = _NONE
) -> NetworkResult:
    """Map and run all layers; keep what is finished when interrupted, raise KeyboardInterrupt where nothing is.

    `check` computes the ofmaps; raise ModelError where one differs from the reference convolution. `choices` are
    options to be named in the provenance.
    """
    goal_of = read_goals(options, inputs.layers, code_of(inputs.machine))
    planned = Planner(inputs.machine, inputs.table, inputs.batch, goal_of).plan(inputs.layers)
    model = CycleModel(inputs.machine, reuse=not options.no_reuse, check=check)
    give = inputs.values.give if inputs.values else None
    runner = Runner(inputs.machine, inputs.table, model, inputs.batch, options.seed, filters=check, give_tensors=give)
    finished = run_layers(runner, planned, quiet=options.quiet)
    if not finished:
        raise KeyboardInterrupt
    return NetworkResult(
        provenance=provenance_of(
            inputs,
            model=model.name,
            seed=None if inputs.values else options.seed,
            options={
                **choices_of(options),
                **point_choices(options),
                **choices,
                "reuse": not options.no_reuse,
                **({"check": True} if check else {}),
            },
        )
        | inputs.origin,
        layers=tuple(finished),
        batch=inputs.batch,
        complete=len(finished) == len(planned),
        operating_point=point_of(inputs.machine),
    )


def run_layers(runner: Runner, planned: Sequence[Planned], *, quiet: bool) -> list[LayerResult]:
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
