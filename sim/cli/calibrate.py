"""`sim calibrate`: fit the chip's costs to AlexNet's published figures, show the fit, write the cost table."""

from __future__ import annotations

import argparse
import json

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.silicon.calibrated_table import as_yaml
from sim.chips.eyeriss.silicon.calibration import calibrate
from sim.chips.eyeriss.silicon.published import NETWORKS
from sim.cli.inputs import read_inputs
from sim.cli.options import add_arch, add_drawn
from sim.cli.outputs import STDOUT, check_targets, write_contents
from sim.cli.parser import Commands
from sim.cli.run import run_layers
from sim.errors import InputError
from sim.runs.runner import Planner, Runner
from sim.views.calibration_table import show_calibration
from sim.views.console import make_console


def run(options: argparse.Namespace) -> int:
    """Run `calibrate`: the layers are run first, then nothing but the fit and its files is made."""
    _demand_scipy()
    targets = check_targets(options, ("json", "output"))
    chosen = {"workload": NETWORKS[0].workload, "batch": NETWORKS[0].batch, "layers": None, "mapping": []}
    inputs = read_inputs(argparse.Namespace(**vars(options) | chosen))
    planned = Planner(inputs.machine, inputs.table, inputs.batch).plan(inputs.layers)
    runner = Runner(inputs.machine, inputs.table, CycleModel(inputs.machine), inputs.batch, options.seed)
    results = run_layers(runner, planned, quiet=options.quiet)
    if len(results) < len(planned):
        raise KeyboardInterrupt
    found = calibrate(results)
    contents = {"json": json.dumps(found.as_dict(), indent=1) + "\n", "output": as_yaml(found)}
    write_contents({option: contents[option] for option in targets}, targets)
    if not options.quiet:
        show_calibration(found, make_console(to_stderr=STDOUT in targets.values()))
    return 0


def _demand_scipy() -> None:
    try:
        import scipy  # noqa: F401
    except ImportError as error:
        raise InputError.located(
            "calibrate", wrong="the package scipy is missing", allowed="pip install 'sim[calibrate]'"
        ) from error


def add_calibrate(commands: Commands) -> None:
    """Add `calibrate`."""
    fit = commands.add_parser(
        "calibrate",
        help="fit the chip's energy costs to AlexNet's published figures",
        description="Run AlexNet as it was measured and fit the costs of a table to its power and the shares of the "
        "chip's parts (JSSC 2017, Table V and Fig. 16); needs scipy. No other network takes part.",
    )
    add_arch(fit)
    fit.add_argument("--output", metavar="FILE.yaml", help="write the cost table; - for standard output")
    add_drawn(fit, json_help="write costs, intervals and residuals")
    fit.set_defaults(cost_table=None)
