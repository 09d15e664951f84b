"""`sim power`: the chip's mean power by component, beside what was published of the measured layers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sim.cli.options import add_drawn, add_inputs, add_no_reuse, add_operating_point, add_set
from sim.cli.parser import Commands

if TYPE_CHECKING:
    from sim.runs.request import Request


def add_power(commands: Commands) -> None:
    """Add `power`."""
    power = commands.add_parser(
        "power",
        help="break the chip's power down by component",
        description="Simulate a network layer by layer; print the chip's mean power by component, in mW and per cent, "
        "and beside the measured layers what was published of them (JSSC 2017, Fig. 16).",
    )
    add_inputs(power)
    add_set(power)
    add_operating_point(power)
    add_drawn(power, json_help="write power by layer and component")
    power.add_argument("--csv", metavar="FILE", help="write the same as CSV; - for standard output")
    add_no_reuse(power)


def run(options: argparse.Namespace) -> int:
    """Run `power`: everything that can be wrong with the input is found before the first layer runs."""
    from sim.cli.choices import choices_of, progress_of, show_notes
    from sim.cli.exit_status import INTERRUPTED
    from sim.cli.outputs import STDOUT, check_targets, write_contents
    from sim.files.text import json_text
    from sim.runs.request import read_request
    from sim.runs.run import RunOptions, run_network, run_options
    from sim.studies.power import power_csv, power_report
    from sim.views.console import make_console
    from sim.views.power_table import show_power

    choices = choices_of(options)
    request = read_request(choices)
    _demand_joules(request)
    targets = check_targets(options, ("json", "csv"))
    reuse = not options.no_reuse
    how = RunOptions(seed=options.seed, reuse=reuse, options=run_options(choices, reuse=reuse))
    result = run_network(request, how, progress_of(options))
    to_stderr = STDOUT in targets.values()
    if not options.quiet:
        show_notes(request, to_stderr=to_stderr)
    report = power_report(result, request.chip)
    contents = {option: power_csv(report) if option == "csv" else json_text(report.as_dict()) for option in targets}
    write_contents(contents, targets)
    if not options.quiet:
        show_power(report, make_console(to_stderr=to_stderr), status=request.table.status)
    return 0 if result.complete else INTERRUPTED


def _demand_joules(request: Request) -> None:
    from sim.errors import InputError

    if request.table.unit != "pJ":
        raise InputError.located(
            "--cost-table",
            wrong=f"power takes joules, cost table {request.table.name} is in units of one {request.table.unit}",
            allowed="use a cost table in pJ such as eyeriss-65nm",
        )
