"""`sim compare`: the cycle model and the analytic model on the same mappings, and where they differ."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.expected import FmapCode, code_of
from sim.chips.eyeriss.machine import Machine
from sim.chips.parts.description import Gating
from sim.cli.exit_status import INTERRUPTED
from sim.cli.goals import read_goals
from sim.cli.inputs import read_inputs
from sim.cli.options import add_code, add_drawn, add_inputs
from sim.cli.outputs import STDOUT, check_target, write_whole
from sim.cli.parser import Commands
from sim.cli.progress import layer_progress
from sim.errors import ModelError
from sim.ledger.results import LayerResult, NetworkResult
from sim.runs.provenance import choices_of, provenance_of
from sim.runs.request import Inputs
from sim.runs.runner import Planned, Planner, Runner
from sim.studies.comparison import Comparison, compare
from sim.views.comparison_table import show_comparison
from sim.views.console import make_console


@dataclass(frozen=True, slots=True)
class _Pair:
    """The runners of both models."""

    cycle: Runner
    analytic: Runner


def run(options: argparse.Namespace) -> int:
    """Run `compare`; raise ModelError, after all is written, where counts differ that must be equal."""
    inputs = read_inputs(options)
    target = check_target(options.json)
    code = FmapCode(options.code) if options.code else code_of(inputs.machine)
    goal_of = read_goals(options, inputs.layers, code)
    planned = Planner(inputs.machine, inputs.table, inputs.batch, goal_of).plan(inputs.layers)
    cycle, analytic = _run_both(_pair(inputs, code, options.seed), planned, quiet=options.quiet)
    if not analytic:
        raise KeyboardInterrupt
    complete = len(analytic) == len(planned)
    own = choices_of(options)
    comparison = compare(
        _result(inputs, cycle[: len(analytic)], "cycle", seed=options.seed, own=own, complete=complete),
        _result(inputs, analytic, "analytic", seed=None, own=own | {"code": str(code)}, complete=complete),
        dense=frozenset(one.layer.name for one in planned if is_dense(one, inputs.machine)),
    )
    _hand_over(comparison, target, quiet=options.quiet)
    if comparison.unequal:
        layer, count = comparison.unequal[0]
        raise ModelError("both models count the same", f"layer {layer}: {count}")
    return 0 if complete else INTERRUPTED


def is_dense(planned: Planned, machine: Machine) -> bool:
    """Return whether no zero is drawn among the values that gate MACs."""
    layer, gating = planned.layer, machine.pe.gating
    return gating == Gating.OFF or (layer.ifmap_zeros == 0 and (gating == Gating.IFMAP_ZERO or layer.filter_zeros == 0))


def _pair(inputs: Inputs, code: FmapCode, seed: int) -> _Pair:
    machine, table, batch = inputs.machine, inputs.table, inputs.batch
    return _Pair(
        cycle=Runner(machine, table, CycleModel(machine), batch, seed),
        analytic=Runner(machine, table, AnalyticModel(machine, code), batch, seed),
    )


def _result(
    inputs: Inputs,
    layers: Sequence[LayerResult],
    model: str,
    *,
    seed: int | None,
    own: dict[str, object],
    complete: bool,
) -> NetworkResult:
    provenance = provenance_of(inputs, model=model, seed=seed, options=own)
    return NetworkResult(provenance, tuple(layers), inputs.batch, complete)


def _run_both(pair: _Pair, planned: Sequence[Planned], *, quiet: bool) -> tuple[list[LayerResult], list[LayerResult]]:
    """Run each layer on both models, with a progress bar on a terminal; keep what is finished when interrupted."""
    cycle: list[LayerResult] = []
    analytic: list[LayerResult] = []
    with layer_progress(len(planned), quiet=quiet) as done:
        for one in planned:
            cycle += pair.cycle.run([one])
            analytic += pair.analytic.run([one])
            done(one.layer.name)
    return cycle, analytic


def _hand_over(comparison: Comparison, target: Path | None, *, quiet: bool) -> None:
    text = json.dumps(comparison.as_dict(), indent=1, allow_nan=False) + "\n"
    if target == STDOUT:
        sys.stdout.write(text)
    elif target is not None:
        write_whole(target, text)
    if not quiet:
        show_comparison(comparison, make_console(to_stderr=target == STDOUT))


def add_compare(commands: Commands) -> None:
    """Add `compare`."""
    compare = commands.add_parser(
        "compare",
        help="hold the analytic model against the cycle model",
        description="Run both models on the same mappings and tensors; print where they differ, most energy first.",
    )
    add_inputs(compare)
    add_code(compare, default=None)
    add_drawn(compare, json_help="write both results and the differences")
