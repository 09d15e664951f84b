"""Commands that hold the simulator against the chip as it was published."""

from __future__ import annotations

from sim.options.shared import add_arch, add_drawn
from sim.options.values import Commands


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
