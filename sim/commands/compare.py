"""`sim compare`: the cycle model and the analytic model on the same mappings, and where they differ."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from sim.analytic.model import AnalyticModel
from sim.arch import Gating, Machine
from sim.commands.goals import read_goals
from sim.commands.inputs import Inputs, read_inputs
from sim.commands.outputs import STDOUT, check_target, write_whole
from sim.commands.progress import layer_progress
from sim.commands.provenance import choices_of, provenance_of
from sim.comparison import ENERGIES, Comparison, Difference, LayerComparison, compare
from sim.density import FmapCode, code_of
from sim.engine.chip import CycleModel
from sim.errors import ModelError, printable
from sim.exit_status import INTERRUPTED
from sim.report import energy_unit, make_console
from sim.results import LayerResult, NetworkResult
from sim.runner import Planned, Planner, Runner

_TABLE_I = "Asilomar 2017, Table I: AlexNet -2.5 %, GoogLeNet -2.6 %"


@dataclass(frozen=True, slots=True)
class _Pair:
    """Hold the runners of both models."""

    cycle: Runner
    analytic: Runner


def run(options: argparse.Namespace) -> int:
    """Do `compare`; raise ModelError, after all is written, where counts differ that must be equal."""
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
    """Say whether no zero is drawn among the values that gate MACs."""
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
        show(comparison, make_console(to_stderr=target == STDOUT))


def show(comparison: Comparison, console: Console) -> None:
    """Print a title, the layers with the largest differences first, and the summary."""
    about = comparison.analytic.provenance
    title = f"[bold]{_plain(about['workload'])}[/bold] on {_plain(about['arch'])}"
    notes = f"analytic ({about['options']['code']}) against cycle model, cost table {_plain(about['cost_table'])}"
    console.print(Group(f"{title}, {notes}", comparison_table(comparison), "", *summary(comparison)))


def comparison_table(comparison: Comparison) -> Table:
    """Make the table: what the cycle model counts and, in per cent, how much more the analytic model has."""
    unit = energy_unit(comparison.cycle.layers[0].energy.unit)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("layer", no_wrap=True)
    energies = [f"{name}\n%" for name in ENERGIES[1:]]
    measures = ["processing\nk cycles", "\n%", "total\nk cycles", "\n%", "DRAM\nMB", "\n%", "words"]
    for head in (f"energy\n{unit}", f"analytic\n{unit}", "\n%", *energies, *measures):
        table.add_column(head, justify="right", no_wrap=True)
    for layer in comparison.largest_first:
        table.add_row(_plain(layer.name), *_cells(layer.quantities), _verdict([layer]))
    table.add_section()
    table.add_row("total", *_cells(comparison.total), _verdict(comparison.layers), style="bold")
    return table


def _cells(quantities: dict[str, Difference]) -> list[str]:
    system = quantities["system"]
    cells = [f"{system.cycle / 1e6:.1f}", f"{system.analytic / 1e6:.1f}"]
    cells += [percent(quantities[name]) for name in ENERGIES]
    for name, scale, digits in (("processing_cycles", 1e3, 1), ("total_cycles", 1e3, 1), ("dram_bits", 8e6, 2)):
        cells += [f"{quantities[name].cycle / scale:.{digits}f}", percent(quantities[name])]
    return cells


def _verdict(layers: Sequence[LayerComparison]) -> str:
    unequal = sum(len(layer.unequal) for layer in layers)
    return f"{unequal} differ" if unequal else "equal"


def percent(difference: Difference) -> str:
    """Write a difference in per cent; what rounds to nothing has no sign."""
    if difference.percent is None:
        return "new"
    text = f"{difference.percent:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text


def summary(comparison: Comparison) -> list[str]:
    """Give the lines below the table: counts that should be equal, and the total as Table I has it."""
    lines = [f"unequal: {_plain(layer)}: {count}" for layer, count in comparison.unequal]
    system, unit = comparison.total["system"], comparison.cycle.layers[0].energy.unit
    lines.append(
        f"simulation {system.cycle:.2e} {unit}, analytical {system.analytic:.2e} {unit}, "
        f"difference {percent(system)} % ({_TABLE_I})"
    )
    if not comparison.cycle.complete:
        lines.append(f"interrupted: the figures above are of the {len(comparison.layers)} layers that were finished")
    return lines


def _plain(text: object) -> str:
    """Keep what people wrote in files from being taken for markup or for control characters."""
    return escape(printable(str(text)))
