"""`sim validate`: the cycle model against the measured chip, cell by cell, with the bounds it must keep."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.silicon.published import NETWORKS, MeasuredNetwork
from sim.chips.eyeriss.silicon.validation import Validation, validate
from sim.cli.inputs import read_inputs
from sim.cli.options import add_arch, add_drawn
from sim.cli.outputs import STDOUT, check_targets, write_contents
from sim.cli.parser import Commands
from sim.cli.progress import layer_progress
from sim.errors import InputError
from sim.ledger.results import LayerResult
from sim.runs.provenance import provenance_of
from sim.runs.request import Inputs
from sim.runs.runner import Planner, Runner
from sim.views.charts.parity import SUFFIXES, draw_parity
from sim.views.charts.picture import check_plot
from sim.views.console import make_console
from sim.views.validation_table import show_validation

BOUND_BROKEN = 1


def run(options: argparse.Namespace) -> int:
    """Run `validate`: part of it would say nothing about means and totals, so that an interrupt leaves nothing."""
    inputs = [_read_inputs(options, network) for network in NETWORKS]
    targets = _check_targets(options)
    results = _run_all(inputs, seed=options.seed, quiet=options.quiet)
    validation = Validation(tuple(validate(network, results[network.key]) for network in NETWORKS))
    _hand_over(validation, inputs, targets, options)
    return BOUND_BROKEN if validation.broken else 0


def _read_inputs(options: argparse.Namespace, network: MeasuredNetwork) -> Inputs:
    chosen = {"workload": network.workload, "batch": network.batch, "layers": None, "mapping": []}
    inputs = read_inputs(argparse.Namespace(**vars(options) | chosen))
    if inputs.table.unit != "pJ":
        raise InputError.located(
            "--cost-table",
            wrong=f"the chip's energy is in joules, cost table {inputs.table.name} in {inputs.table.unit}",
            allowed="use a cost table in pJ such as eyeriss-65nm",
        )
    if not options.mapper:
        return inputs
    return replace(inputs, layers=tuple(replace(layer, mapping=None) for layer in inputs.layers))


def _check_targets(options: argparse.Namespace) -> dict[str, Path]:
    """Make sure that every file asked for can be written, and that no two are one; give them by option."""
    if options.plot is not None:
        check_plot(Path(options.plot), suffixes=SUFFIXES)
    return check_targets(options, ("json", "csv", "plot"))


def _run_all(inputs: Sequence[Inputs], *, seed: int, quiet: bool) -> dict[str, list[LayerResult]]:
    """Run every network's layers, with a progress bar on a terminal."""
    planned = [Planner(one.machine, one.table, one.batch).plan(one.layers) for one in inputs]
    results: dict[str, list[LayerResult]] = {network.key: [] for network in NETWORKS}
    with layer_progress(sum(map(len, planned)), quiet=quiet) as done:
        for network, one, layers in zip(NETWORKS, inputs, planned, strict=True):
            runner = Runner(one.machine, one.table, CycleModel(one.machine), one.batch, seed)
            for layer in runner.run(layers):
                results[network.key].append(layer)
                done(f"{network.title} {layer.name}")
    if sum(map(len, results.values())) < sum(map(len, planned)):
        raise KeyboardInterrupt
    return results


def _hand_over(
    validation: Validation, inputs: Sequence[Inputs], targets: dict[str, Path], options: argparse.Namespace
) -> None:
    """Make all contents, then write them, then show the tables; they make way for what goes to standard output."""
    contents = {option: _content(option, target, validation, inputs, options) for option, target in targets.items()}
    write_contents(contents, targets)
    if not options.quiet:
        console = make_console(to_stderr=STDOUT in targets.values())
        show_validation(validation, console, machine=inputs[0].machine.name, table=inputs[0].table)


def _content(
    option: str, target: Path, validation: Validation, inputs: Sequence[Inputs], options: argparse.Namespace
) -> str | bytes:
    if option == "csv":
        return as_csv(validation)
    if option == "json":
        found = validation.as_dict()
        chosen = {"mapper": True} if options.mapper else {}
        for network, one in zip(found["networks"], inputs, strict=True):
            network["provenance"] = provenance_of(one, model="cycle", seed=options.seed, options=chosen)
        return json.dumps(found, indent=1, allow_nan=False) + "\n"
    title = f"Cycle model over the measured chip: {inputs[0].machine.name}, cost table {inputs[0].table.name}"
    return draw_parity(validation, suffix=target.suffix, title=title)


def as_csv(validation: Validation) -> str:
    """Write one row a cell, with its unit; what has no bound has empty fields."""
    rows = validation.as_rows()
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _field(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _field(value: Any) -> Any:
    """Write truth in the words that spreadsheets and data frames read."""
    return str(value).lower() if isinstance(value, bool) else value


def add_validate(commands: Commands) -> None:
    """Add `validate`."""
    validate = commands.add_parser(
        "validate",
        help="hold the cycle model against the measured chip",
        description="Run AlexNet and VGG-16 as they were measured on the chip; print every published figure "
        "beside ours (JSSC 2017, Tables V and VI), and which bounds are broken. The status is 1 where one is.",
    )
    add_arch(validate)
    validate.add_argument(
        "--cost-table", default=None, metavar="NAME|FILE", help="energy costs, in pJ (default: the machine's)"
    )
    validate.add_argument(
        "--mapper", action="store_true", help="let the mapper choose, instead of the mappings stated for these runs"
    )
    add_drawn(validate, json_help="write all cells, columns, totals and broken bounds")
    validate.add_argument("--csv", metavar="FILE", help="write the cells, one a row; - for standard output")
    validate.add_argument(
        "--plot", metavar="FILE.svg|FILE.png|FILE.pdf", help="draw ours over published (needs matplotlib)"
    )
