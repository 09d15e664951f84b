"""`sim compare`: a chip's two models on the same mappings, or one network on several machines."""

from __future__ import annotations

import argparse

from sim.cli.options import add_code, add_drawn, add_inputs, add_set
from sim.cli.parser import Commands, one_of


def add_compare(commands: Commands) -> None:
    """Add `compare`."""
    compare = commands.add_parser(
        "compare",
        help="hold the analytic model against the cycle model, or machines against each other",
        description="Run both models on the same mappings and tensors; print where they differ, most energy first. "
        "With --arch given more than once, run the network on each machine and compare them layer by layer.",
    )
    add_inputs(compare, several_machines=True)
    add_set(compare)
    add_code(compare, default=None)
    compare.add_argument(
        "--model",
        type=one_of("cycle", "analytic"),
        metavar="cycle|analytic",
        help="model of the machines that are compared (default: analytic)",
    )
    add_drawn(compare, json_help="write the results and the differences")


def run(options: argparse.Namespace) -> int:
    """Run `compare`; a broken agreement of the models is told after all is written."""
    machines = options.arch if isinstance(options.arch, list) else [options.arch]
    return _machines(options, machines) if len(machines) > 1 else _models(options)


def _models(options: argparse.Namespace) -> int:
    """Compare both models; raise ModelError, after all is written, where counts differ that must be equal."""
    from sim.cli.choices import choices_of, progress_of
    from sim.cli.exit_status import INTERRUPTED
    from sim.cli.outputs import check_target, hand_over
    from sim.errors import InputError, ModelError
    from sim.runs.request import read_request
    from sim.studies.comparison import compare_models
    from sim.views.comparison_table import show_comparison

    if options.model is not None:
        allowed = "leave it out: both models run on one machine"
        raise InputError.located("--model", wrong="only one machine is given", allowed=allowed)
    choices = choices_of(options)
    request, target = read_request(choices), check_target(options.json, "--json")
    found = compare_models(request, seed=options.seed, options=choices.of_the_mapper(), progress=progress_of(options))
    hand_over(found.as_dict(), target, lambda console: show_comparison(found, console), quiet=options.quiet)
    if found.unequal:
        layer, count = found.unequal[0]
        raise ModelError("both models count the same", f"layer {layer}: {count}")
    return 0 if found.cycle.complete else INTERRUPTED


def _machines(options: argparse.Namespace, machines: list[str]) -> int:
    """Compare machines on one network."""
    from sim.cli.choices import choices_of, progress_of
    from sim.cli.exit_status import INTERRUPTED
    from sim.cli.outputs import check_target, hand_over
    from sim.runs.run import RunOptions
    from sim.studies.machines import compare_requests, machine_requests
    from sim.views.machines_table import show_machines

    choices = choices_of(options)
    how = RunOptions(model=options.model, seed=options.seed, options=choices.of_the_mapper())
    requests, target = machine_requests(choices, machines), check_target(options.json, "--json")
    found = compare_requests(requests, how, progress_of(options))
    hand_over(found.as_dict(), target, lambda console: show_machines(found, console), quiet=options.quiet)
    return 0 if found.complete else INTERRUPTED
