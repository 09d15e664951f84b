"""`sim run`: simulate a network, show it, and write the result file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.options import add_bits, add_drawn, add_inputs, add_no_reuse, add_operating_point, add_set
from sim.cli.parser import Commands, one_of

if TYPE_CHECKING:
    from sim.ledger.results import NetworkResult
    from sim.runs.request import Request
    from sim.runs.timeline import Timeline


def add_run(commands: Commands) -> None:
    """Add `run`."""
    command = commands.add_parser(
        "run",
        help="simulate a network, cycle by cycle",
        description="Simulate a network layer by layer; print latency, accesses and energy.",
    )
    add_inputs(command)
    add_set(command)
    add_operating_point(command)
    add_drawn(command, json_help="write the result file")
    command.add_argument(
        "--model",
        type=one_of("cycle", "analytic"),
        metavar="cycle|analytic",
        help="which of the chip's models (default: its first)",
    )
    add_no_reuse(command)
    add_bits(command)
    command.add_argument(
        "--inputs",
        metavar="IMAGES.npy|IMAGES.npz",
        help="run a .onnx on these images with onnxruntime, and simulate its own values in fixed point; "
        "the images are the batch",
    )
    command.add_argument(
        "--trace",
        metavar="FILE.json[.gz]",
        help="write what each component does when, as a Chrome trace for ui.perfetto.dev; .gz compresses it",
    )
    command.add_argument(
        "--report", metavar="FILE.html", help="write a page with charts, which opens offline (needs matplotlib)"
    )
    command.add_argument(
        "--check", action="store_true", help="compute the ofmaps too, and hold each value against a plain convolution"
    )
    command.add_argument(
        "--ofmaps", metavar="FOLDER", help="write the ofmaps that --check computed, a .npy (N, M, E, F) a layer"
    )


def run(options: argparse.Namespace) -> int:
    """Run `run`: everything that can be wrong with the input is found before the first layer runs."""
    from sim.cli.choices import choices_of, progress_of, show_notes
    from sim.cli.exit_status import INTERRUPTED
    from sim.cli.ofmaps import check_ofmaps, write_ofmaps
    from sim.cli.outputs import STDOUT, check_unread
    from sim.runs.request import read_request
    from sim.runs.run import RunOptions, run_network, run_options

    choices = choices_of(options)
    targets = _check_targets(options)
    ofmaps = check_ofmaps(options.ofmaps, check=options.check, targets=targets)
    request = read_request(choices)
    check_unread(targets)
    reuse = not options.no_reuse
    with _timeline(targets.get("trace"), request, options) as timeline:
        how = RunOptions(
            model=options.model,
            seed=options.seed,
            reuse=reuse,
            check=options.check,
            observers=[timeline.observe] if timeline else [],
            finish=timeline.finish_layer if timeline else None,
            options=run_options(choices, reuse=reuse, check=options.check),
        )
        result = run_network(request, how, progress_of(options))
        if timeline is not None:
            timeline.close(complete=result.complete)
    if not options.quiet:
        show_notes(request, to_stderr=targets.get("json") == STDOUT, drawn_with=options.seed)
    if ofmaps is not None:
        write_ofmaps(ofmaps, result)
    _hand_over(result, request.table.status, targets, quiet=options.quiet)
    return 0 if result.complete else INTERRUPTED


def _check_targets(options: argparse.Namespace) -> dict[str, Path]:
    """Make sure that all files can be written; a trace may have to be cut back, so that it needs a file."""
    from sim.cli.outputs import STDOUT, check_targets
    from sim.errors import InputError
    from sim.files.text import shown_path

    if options.report is not None:
        from sim.views.pages.run_page import check_report

        check_report(Path(options.report))
    if options.trace == str(STDOUT):
        raise InputError.located("--trace", wrong="'-' is no file", allowed="name a file")
    targets = check_targets(options, ("json", "trace", "report"))
    if "trace" in targets and targets["trace"].exists() and not targets["trace"].is_file():
        raise InputError.located(shown_path(options.trace), wrong="is a pipe or a device", allowed="name a file")
    return targets


@contextmanager
def _timeline(target: Path | None, request: Request, options: argparse.Namespace) -> Iterator[Timeline | None]:
    """Return what writes the trace, where one is asked for; the file appears whole when the block ends."""
    if target is None:
        yield None
        return
    from sim.files.whole import writing_whole
    from sim.package import VERSION
    from sim.runs.timeline import Draft, Timeline

    about = {
        "version": VERSION,
        "workload": request.workload.name,
        "arch": request.machine.name,
        "batch": request.batch,
        "seed": None if request.values else options.seed,
    }
    if not request.chip.tracks:
        request.chip.refuse("--trace", "what each component does when")
    with writing_whole(target) as stream:
        draft = Draft(stream, compressed=target.suffix == ".gz")
        yield Timeline(draft, request.chip, request.machine, about)


def _hand_over(result: NetworkResult, status: str, targets: Mapping[str, Path], *, quiet: bool) -> None:
    from sim.cli.outputs import STDOUT, as_json, write_out
    from sim.views.console import make_console
    from sim.views.run_table import show_run

    if "json" in targets:
        write_out(targets["json"], as_json(result))
    if "report" in targets:
        from sim.files.whole import write_whole
        from sim.views.pages.run_page import page_of

        write_whole(targets["report"], page_of(result, status=status))
    if not quiet:
        show_run(result, make_console(to_stderr=targets.get("json") == STDOUT), status=status)
