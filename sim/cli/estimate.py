"""`sim estimate`: estimate a network's energy in closed form, without tensors, as the online tool does."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from sim.chips.eyeriss.analytic.coding import FmapCode
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.cli.goals import read_goals
from sim.cli.inputs import read_inputs, show_notes
from sim.cli.options import add_bits, add_code, add_inputs, add_operating_point
from sim.cli.outputs import STDOUT, as_json, check_targets, write_contents
from sim.cli.overrides import at_operating_point, point_choices, point_of, read_bits, read_zeros, with_gating
from sim.cli.parser import Commands, one_of
from sim.errors import InputError
from sim.formats.online_tool.table import tool_table
from sim.ledger.estimate import Estimate, estimate_of
from sim.ledger.results import NetworkResult
from sim.networks.layer import with_data
from sim.runs.provenance import choices_of, provenance_of
from sim.runs.request import Inputs
from sim.runs.runner import Planner, Runner
from sim.views.charts.estimate import draw
from sim.views.charts.picture import check_plot
from sim.views.estimate_table import show_estimate

NO_SEED = 0  # nothing is drawn


def run(options: argparse.Namespace) -> int:
    """Run `estimate`: everything that can be wrong is found before the first file is written."""
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


def add_estimate(commands: Commands) -> None:
    """Add `estimate`."""
    estimate = commands.add_parser(
        "estimate",
        help="estimate a network's energy in milliseconds",
        description="Estimate a network's energy in closed form, from its shapes, bitwidths and zero fractions alone; "
        "print it per image, by layer and kind of data.",
    )
    add_inputs(estimate, cost_table="normalized-65nm")
    add_operating_point(estimate)
    add_bits(estimate)
    estimate.add_argument(
        "--zeros", metavar="ifmap=0.5,filter=0.3,ofmap=0.4", help="zero fractions, in place of all layers' own"
    )
    estimate.add_argument(
        "--skip",
        type=one_of("ifmap", "either", "none"),
        default="either",
        metavar="ifmap|either|none",
        help="MACs left out: with a zero ifmap value, with either operand zero, or none (default: either)",
    )
    add_code(estimate, default="significance_map")
    estimate.add_argument(
        "--output", metavar="FILE", help="write the online tool's table, per image in MACs; - for standard output"
    )
    estimate.add_argument(
        "--json", metavar="FILE", help="write the result file, of the whole batch; - for standard output"
    )
    estimate.add_argument("--plot", metavar="FILE.svg|FILE.png", help="draw the layers' energies (needs matplotlib)")
    estimate.add_argument("--quiet", action="store_true", help="print no table")
