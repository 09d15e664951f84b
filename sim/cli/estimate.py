"""`sim estimate`: estimate a network's energy in closed form, without tensors, as the online tool does."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.options import add_bits, add_code, add_inputs, add_operating_point, add_set
from sim.cli.parser import Commands, one_of

if TYPE_CHECKING:
    from sim.ledger.results import NetworkResult
    from sim.runs.request import Request


def add_estimate(commands: Commands) -> None:
    """Add `estimate`."""
    estimate = commands.add_parser(
        "estimate",
        help="estimate a network's energy in milliseconds",
        description="Estimate a network's energy in closed form, from its shapes, bitwidths and zero fractions alone; "
        "print it per image, by layer and kind of data.",
    )
    add_inputs(estimate, cost_table="normalized-65nm")
    add_set(estimate)
    add_operating_point(estimate)
    add_bits(estimate)
    estimate.add_argument(
        "--zeros", metavar="ifmap=0.5,filter=0.3,ofmap=0.4", help="zero fractions, in place of all layers' own"
    )
    estimate.add_argument(
        "--skip",
        type=one_of("ifmap", "either", "none"),
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


def run(options: argparse.Namespace) -> int:
    """Run `estimate`: everything that can be wrong is found before the first file is written."""
    from sim.cli.choices import choices_of, show_notes
    from sim.cli.outputs import STDOUT
    from sim.runs.request import read_request
    from sim.runs.run import estimate_network, estimate_options

    choices = choices_of(options, methodology=True)
    request = read_request(choices)
    targets = _check_targets(options, request)
    result = estimate_network(request, estimate_options(request))
    if not options.quiet:
        show_notes(request, to_stderr=STDOUT in targets.values())
    _hand_over(result, targets, status=request.table.status, quiet=options.quiet)
    return 0


def _check_targets(options: argparse.Namespace, request: Request) -> dict[str, Path]:
    from sim.cli.outputs import check_targets
    from sim.errors import InputError

    if options.output is not None and request.table.unit != "MAC":
        table = request.table
        raise InputError.located(
            "--output",
            wrong=f"the tool's table is in units of one MAC, cost table {table.name} in {table.unit}",
            allowed="use a cost table such as normalized-65nm",
        )
    if options.plot is not None:
        from sim.views.charts.picture import check_plot

        check_plot(Path(options.plot))
    return check_targets(options, ("output", "json", "plot"))


def _hand_over(result: NetworkResult, targets: Mapping[str, Path], *, status: str, quiet: bool) -> None:
    """Make all contents, then write them, then show the table; it makes way for what goes to standard output."""
    from sim.cli.outputs import STDOUT, write_contents
    from sim.views.estimate_table import show_estimate

    contents = {option: _content(option, target, result) for option, target in targets.items()}
    write_contents(contents, targets)
    if not quiet:
        show_estimate(result, status=status, to_stderr=STDOUT in targets.values())


def _content(option: str, target: Path, result: NetworkResult) -> str | bytes:
    from sim.cli.outputs import as_json
    from sim.ledger.estimate import estimate_of

    if option == "json":
        return as_json(result)
    estimate = estimate_of(result)
    if option == "output":
        from sim.formats.online_tool.table import tool_table

        return tool_table(estimate)
    from sim.views.charts.estimate import draw

    origin = result.provenance
    title = f"{origin['workload']} on {origin['arch']}, batch {result.batch}, cost table {origin['cost_table']}"
    return draw(estimate, suffix=target.suffix, title=title)
