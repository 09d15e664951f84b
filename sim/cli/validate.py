"""`sim validate`: a chip's model against the measured chip, cell by cell, with the bounds it must keep."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.options import add_arch, add_drawn
from sim.cli.parser import Commands

if TYPE_CHECKING:
    from sim.studies.measured import MeasuredRequests
    from sim.studies.validation import Validation

BOUND_BROKEN = 1


def add_validate(commands: Commands) -> None:
    """Add `validate`."""
    validate = commands.add_parser(
        "validate",
        help="hold the cycle model against the measured chip",
        description="Run the networks that were measured on the machine's chip (Eyeriss: AlexNet and VGG-16; JSSC "
        "2017, Tables V and VI); print every published figure beside ours, and which bounds are broken. The status is "
        "1 where one is.",
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
    validate.add_argument("--markdown", metavar="FILE", help="write the columns and totals as a Markdown table")
    validate.add_argument(
        "--plot", metavar="FILE.svg|FILE.png|FILE.pdf", help="draw ours over published (needs matplotlib)"
    )


def run(options: argparse.Namespace) -> int:
    """Run `validate`: part of it would say nothing about means and totals, so that an interrupt leaves nothing."""
    from sim.cli.choices import choices_of, progress_of
    from sim.studies.measured import measured_requests, validate_requests

    requests = measured_requests(choices_of(options), by_mapper=options.mapper)
    targets = _check_targets(options)
    found = validate_requests(requests, seed=options.seed, progress=progress_of(options))
    _hand_over(found, requests, targets, options)
    return BOUND_BROKEN if found.broken else 0


def _check_targets(options: argparse.Namespace) -> dict[str, Path]:
    """Make sure that every file asked for can be written, and that no two are one; give them by option."""
    from sim.cli.outputs import check_targets

    if options.plot is not None:
        from sim.views.charts.parity import SUFFIXES
        from sim.views.charts.picture import check_plot

        check_plot(Path(options.plot), suffixes=SUFFIXES)
    return check_targets(options, ("json", "csv", "markdown", "plot"))


def _hand_over(
    found: Validation, requests: MeasuredRequests, targets: dict[str, Path], options: argparse.Namespace
) -> None:
    """Make all contents, then write them, then show the tables; they make way for what goes to standard output."""
    from sim.cli.outputs import STDOUT, write_contents
    from sim.views.console import make_console
    from sim.views.validation_table import show_validation

    contents = {option: _content(option, target, found, requests, options) for option, target in targets.items()}
    write_contents(contents, targets)
    if not options.quiet:
        console, request = make_console(to_stderr=STDOUT in targets.values()), requests[0][1]
        show_validation(found, console, machine=request.machine.name, table=request.table)


def _content(
    option: str, target: Path, found: Validation, requests: MeasuredRequests, options: argparse.Namespace
) -> str | bytes:
    from sim.files.text import json_text
    from sim.runs.provenance import provenance_of

    if option == "csv":
        return found.as_csv()
    if option == "markdown":
        from sim.views.validation_markdown import validation_markdown

        return validation_markdown(found)
    if option == "json":
        chosen = {"mapper": True} if options.mapper else {}
        content = found.as_dict()
        for network, (_, request) in zip(content["networks"], requests, strict=True):
            network["provenance"] = provenance_of(
                request, model=request.chip.models[0], seed=options.seed, options=chosen
            )
        return json_text(content)
    from sim.views.charts.parity import draw_parity

    request = requests[0][1]
    title = f"Cycle model over the measured chip: {request.machine.name}, cost table {request.table.name}"
    return draw_parity(found, suffix=target.suffix, title=title)
