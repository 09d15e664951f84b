"""`sim trace`: run a network cycle by cycle and write the DRAM link's requests for a memory simulator."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sim.cli.options import add_inputs, add_operating_point
from sim.cli.parser import Commands, one_of, positive, seed

if TYPE_CHECKING:
    from sim.chips.parts.requests import TraceLayout
    from sim.runs.request import Request


def add_trace(commands: Commands) -> None:
    """Add `trace`."""
    trace = commands.add_parser(
        "trace",
        help="write the DRAM link's requests for a memory simulator",
        description="Simulate a network layer by layer and write what its link asks of DRAM, a line a burst: "
        "'0xADDR READ|WRITE CYCLE' for DRAMsim3, 'LD|ST 0xADDR' for Ramulator 2. Each layer's ifmap, filter and ofmap "
        "regions follow one another; streams lie in the order in which they are first moved; CYCLE is when a burst's "
        "first word is on the link.",
    )
    add_inputs(trace)
    add_operating_point(trace)
    trace.add_argument(
        "--format", type=one_of("dramsim3", "ramulator2"), required=True, metavar="dramsim3|ramulator2", help="format"
    )
    trace.add_argument("--output", required=True, metavar="FILE", help="file to write; - for standard output")
    trace.add_argument(
        "--burst-bytes", type=positive, default=64, metavar="B", help="bytes of a request, aligned (default: 64)"
    )
    trace.add_argument("--memory-clock", metavar="HZ", help="clock of CYCLE, such as '800 MHz' (default: the link's)")
    trace.add_argument("--seed", type=seed, default=0, metavar="S", help="seed of the drawn tensors (default: 0)")
    trace.add_argument("--quiet", action="store_true", help="print no table and no progress")


def run(options: argparse.Namespace) -> int:
    """Run `trace`: the file appears whole when the last layer is done; nothing of it is held in memory."""
    import sys

    from sim.chips.parts.requests import TraceFormat
    from sim.cli.choices import choices_of, progress_of
    from sim.cli.outputs import STDOUT, check_target
    from sim.files.whole import writing_whole
    from sim.runs.memory_trace import write_requests
    from sim.runs.request import read_request
    from sim.runs.run import plan_layers
    from sim.views.console import make_console
    from sim.views.requests_table import requests_table

    request = read_request(choices_of(options))
    layout = _read_layout(request, options)
    target = check_target(options.output, "--output") or STDOUT
    form, planned, progress = TraceFormat(options.format), plan_layers(request), progress_of(options)
    if target == STDOUT:
        layers = write_requests(sys.stdout.buffer, form, layout, request, planned, seed=options.seed, progress=progress)
    else:
        with writing_whole(target) as stream:
            layers = write_requests(stream, form, layout, request, planned, seed=options.seed, progress=progress)
    if not options.quiet:
        make_console(to_stderr=target == STDOUT).print(requests_table(layers))
    return 0


def _read_layout(request: Request, options: argparse.Namespace) -> TraceLayout[Any]:
    """Read bursts and clock; raise InputError for what can't be meant."""
    from sim.chips.parts.requests import TraceLayout, words_in_burst
    from sim.errors import FieldFault, InputError
    from sim.runs.operating_point import read_clock

    clock = request.machine.link.clock
    if options.memory_clock is not None:
        clock = read_clock(options.memory_clock, "--memory-clock")
    try:
        words_in_burst(options.burst_bytes, request.machine.link.width)
    except FieldFault as fault:
        raise InputError.located("--burst-bytes", wrong=fault.wrong, allowed=fault.allowed) from fault
    return TraceLayout(request.machine, request.batch, options.burst_bytes, clock)
