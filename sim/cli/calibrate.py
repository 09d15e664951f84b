"""`sim calibrate`: fit the chip's costs to what was published of it, show the fit, write the cost table."""

from __future__ import annotations

import argparse

from sim.cli.options import add_arch, add_drawn
from sim.cli.parser import Commands


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


def run(options: argparse.Namespace) -> int:
    """Run `calibrate`: the layers are run first, then nothing but the fit and its files is made."""
    from sim.cli.choices import choices_of, progress_of
    from sim.cli.outputs import STDOUT, check_targets, write_contents
    from sim.files.text import json_text
    from sim.studies.measured import calibrate_request, calibration_request
    from sim.views.calibration_table import show_calibration
    from sim.views.console import make_console

    _demand_scipy()
    request = calibration_request(choices_of(options))
    targets = check_targets(options, ("json", "output"))
    found, chip = calibrate_request(request, seed=options.seed, progress=progress_of(options))
    contents = {"json": json_text(found.as_dict()), "output": chip.calibrated_table(found)}
    write_contents({option: contents[option] for option in targets}, targets)
    if not options.quiet:
        show_calibration(found, make_console(to_stderr=STDOUT in targets.values()))
    return 0


def _demand_scipy() -> None:
    from sim.errors import InputError

    try:
        import scipy  # noqa: F401
    except ImportError as error:
        raise InputError.located(
            "calibrate", wrong="the package scipy is missing", allowed="pip install 'sim[calibrate]'"
        ) from error
