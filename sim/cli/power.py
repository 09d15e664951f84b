"""`sim power`: the chip's mean power by component, beside what was published of the measured layers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping as Dict
from pathlib import Path

from sim.chips.eyeriss.silicon.power import PowerReport, power_csv, power_report
from sim.cli.exit_status import INTERRUPTED
from sim.cli.inputs import read_inputs, show_notes
from sim.cli.options import add_drawn, add_inputs, add_no_reuse, add_operating_point
from sim.cli.outputs import STDOUT, check_targets, write_contents
from sim.cli.overrides import at_operating_point
from sim.cli.parser import Commands
from sim.cli.run import simulate
from sim.errors import InputError
from sim.runs.request import Inputs
from sim.views.console import make_console
from sim.views.power_table import show_power


def run(options: argparse.Namespace) -> int:
    """Run `power`: everything that can be wrong with the input is found before the first layer runs."""
    inputs = at_operating_point(read_inputs(options), options)
    _demand_joules(inputs)
    targets = check_targets(options, ("json", "csv"))
    result = simulate(inputs, options)
    if not options.quiet:
        show_notes(inputs, to_stderr=STDOUT in targets.values())
    _hand_over(power_report(result), targets, status=inputs.table.status, quiet=options.quiet)
    return 0 if result.complete else INTERRUPTED


def _demand_joules(inputs: Inputs) -> None:
    if inputs.table.unit != "pJ":
        raise InputError.located(
            "--cost-table",
            wrong=f"power takes joules, cost table {inputs.table.name} is in units of one {inputs.table.unit}",
            allowed="use a cost table in pJ such as eyeriss-65nm",
        )


def _hand_over(report: PowerReport, targets: Dict[str, Path], *, status: str, quiet: bool) -> None:
    contents = {option: power_csv(report) if option == "csv" else _as_json(report) for option in targets}
    write_contents(contents, targets)
    if not quiet:
        show_power(report, make_console(to_stderr=STDOUT in targets.values()), status=status)


def _as_json(report: PowerReport) -> str:
    return json.dumps(report.as_dict(), indent=1, allow_nan=False) + "\n"


def add_power(commands: Commands) -> None:
    """Add `power`."""
    power = commands.add_parser(
        "power",
        help="break the chip's power down by component",
        description="Simulate a network layer by layer; print the chip's mean power by component, in mW and per cent, "
        "and beside the measured layers what was published of them (JSSC 2017, Fig. 16).",
    )
    add_inputs(power)
    add_operating_point(power)
    add_drawn(power, json_help="write power by layer and component")
    power.add_argument("--csv", metavar="FILE", help="write the same as CSV; - for standard output")
    add_no_reuse(power)
