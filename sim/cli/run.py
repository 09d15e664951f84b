"""`sim run`: simulate a network cycle by cycle, show it, and write the result file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Dict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sim import __version__
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.expected import code_of
from sim.chips.parts.probes import Probes
from sim.cli.exit_status import INTERRUPTED
from sim.cli.given_values import with_values
from sim.cli.goals import read_goals
from sim.cli.inputs import read_inputs, show_notes
from sim.cli.options import add_bits, add_drawn, add_inputs, add_no_reuse, add_operating_point
from sim.cli.outputs import STDOUT, as_json, check_targets, write_whole, writing_whole
from sim.cli.overrides import at_operating_point, point_choices, point_of, read_bits
from sim.cli.parser import Commands
from sim.cli.progress import layer_progress
from sim.errors import InputError
from sim.files.text import shown_path
from sim.ledger.energy import CostTable
from sim.ledger.results import LayerResult, NetworkResult
from sim.networks.layer import with_data
from sim.runs.provenance import choices_of, provenance_of
from sim.runs.request import Inputs
from sim.runs.runner import Planned, Planner, Runner
from sim.runs.timeline import Draft, Timeline
from sim.views.console import make_console
from sim.views.pages.run_page import check_report, page_of
from sim.views.run_table import show_run

_NONE: Dict[str, Any] = MappingProxyType({})


def run(options: argparse.Namespace) -> int:
    """Run `run`: everything that can be wrong with the input is found before the first layer runs."""
    bits = read_bits(options.bits)
    given = at_operating_point(read_inputs(options), options)
    targets = _check_targets(options)
    inputs = replace(given, layers=tuple(with_data(layer, bits, {}) for layer in given.layers))
    inputs = with_values(inputs, options.workload, options.inputs, batch=options.batch)
    with _timeline(targets.get("trace"), inputs, options) as timeline:
        choices = {"bits": bits} if bits else {}
        result = simulate(inputs, options, check=options.check, choices=choices, timeline=timeline)
        if timeline is not None:
            timeline.close(complete=result.complete)
    if not options.quiet:
        show_notes(inputs, to_stderr=targets.get("json") == STDOUT, drawn_with=options.seed)
    _hand_over(result, inputs.table, targets, quiet=options.quiet)
    return 0 if result.complete else INTERRUPTED


def _check_targets(options: argparse.Namespace) -> dict[str, Path]:
    """Make sure that all files can be written; a trace may have to be cut back, so that it needs a file."""
    if options.report is not None:
        check_report(Path(options.report))
    if options.trace == str(STDOUT):
        raise InputError.located("--trace", wrong="'-' is no file", allowed="name a file")
    targets = check_targets(options, ("json", "trace", "report"))
    if "trace" in targets and targets["trace"].exists() and not targets["trace"].is_file():
        raise InputError.located(shown_path(options.trace), wrong="is a pipe or a device", allowed="name a file")
    return targets


@contextmanager
def _timeline(target: Path | None, inputs: Inputs, options: argparse.Namespace) -> Iterator[Timeline | None]:
    """Return what writes the trace, where one is asked for; the file appears whole when the block ends."""
    if target is None:
        yield None
        return
    about = {
        "version": __version__,
        "workload": inputs.workload.name,
        "arch": inputs.machine.name,
        "batch": inputs.batch,
        "seed": None if inputs.values else options.seed,
    }
    with writing_whole(target) as stream:
        draft = Draft(stream, compressed=target.suffix == ".gz")
        yield Timeline(draft, inputs.machine, about)


def simulate(
    inputs: Inputs,
    options: argparse.Namespace,
    *,
    check: bool = False,
    choices: Dict[str, Any] = _NONE,
    timeline: Timeline | None = None,
) -> NetworkResult:
    """Map and run all layers; keep what is finished when interrupted, raise KeyboardInterrupt where nothing is.

    `check` computes the ofmaps; raise ModelError where one differs from the reference convolution. `choices` are
    options to be named in the provenance; `timeline` is told what happens when.
    """
    goal_of = read_goals(options, inputs.layers, code_of(inputs.machine))
    planned = Planner(inputs.machine, inputs.table, inputs.batch, goal_of).plan(inputs.layers)
    probes = Probes([timeline.observe] if timeline else [])
    model = CycleModel(inputs.machine, reuse=not options.no_reuse, check=check, probes=probes)
    give = inputs.values.give if inputs.values else None
    runner = Runner(inputs.machine, inputs.table, model, inputs.batch, options.seed, filters=check, give_tensors=give)
    finish = timeline.finish_layer if timeline else None
    finished = run_layers(runner, planned, quiet=options.quiet, finish=finish)
    if not finished:
        raise KeyboardInterrupt
    return NetworkResult(
        provenance=provenance_of(
            inputs,
            model=model.name,
            seed=None if inputs.values else options.seed,
            options={
                **choices_of(options),
                **point_choices(options),
                **choices,
                "reuse": not options.no_reuse,
                **({"check": True} if check else {}),
            },
        )
        | inputs.origin,
        layers=tuple(finished),
        batch=inputs.batch,
        complete=len(finished) == len(planned),
        operating_point=point_of(inputs.machine),
    )


def run_layers(
    runner: Runner,
    planned: Sequence[Planned],
    *,
    quiet: bool,
    finish: Callable[[LayerResult], None] | None = None,
) -> list[LayerResult]:
    """Run the layers with a progress bar on a terminal; keep what is finished when interrupted.

    `finish` is called with each layer before it counts as finished.
    """
    finished: list[LayerResult] = []
    with layer_progress(len(planned), quiet=quiet) as done:
        for layer in runner.run(planned):
            if finish is not None:
                finish(layer)
            finished.append(layer)
            done(layer.name)
    return finished


def _hand_over(result: NetworkResult, table: CostTable, targets: Dict[str, Path], *, quiet: bool) -> None:
    to_stdout = targets.get("json") == STDOUT
    if to_stdout:
        sys.stdout.write(as_json(result))
    elif "json" in targets:
        write_whole(targets["json"], as_json(result))
    if "report" in targets:
        write_whole(targets["report"], page_of(result, status=table.status))
    if not quiet:
        show_run(result, make_console(to_stderr=to_stdout), status=table.status)


def add_run(commands: Commands) -> None:
    """Add `run`."""
    run = commands.add_parser(
        "run",
        help="simulate a network, cycle by cycle",
        description="Simulate a network layer by layer; print latency, accesses and energy.",
    )
    add_inputs(run)
    add_operating_point(run)
    add_drawn(run, json_help="write the result file")
    add_no_reuse(run)
    add_bits(run)
    run.add_argument(
        "--inputs",
        metavar="IMAGES.npy|IMAGES.npz",
        help="run a .onnx on these images with onnxruntime, and simulate its own values in fixed point; "
        "the images are the batch",
    )
    run.add_argument(
        "--trace",
        metavar="FILE.json[.gz]",
        help="write what each component does when, as a Chrome trace for ui.perfetto.dev; .gz compresses it",
    )
    run.add_argument(
        "--report", metavar="FILE.html", help="write a page with charts, which opens offline (needs matplotlib)"
    )
    run.add_argument(
        "--check", action="store_true", help="compute the ofmaps too, and hold each value against a plain convolution"
    )
