"""`sim trace`: run a network cycle by cycle and write the DRAM link's requests for a memory simulator."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from pydantic import Field
from rich.table import Table

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.expected import code_of
from sim.chips.eyeriss.memory_trace import LayerTrace, Layout, Request, TraceFormat, words_in_burst
from sim.chips.parts.description import ClockRate
from sim.chips.parts.probes import Probes
from sim.cli.goals import read_goals
from sim.cli.inputs import read_inputs
from sim.cli.options import add_inputs, add_operating_point
from sim.cli.outputs import STDOUT, check_target, writing_whole
from sim.cli.overrides import at_operating_point
from sim.cli.parser import Commands, one_of, positive, seed
from sim.cli.progress import layer_progress
from sim.errors import FieldFault, InputError
from sim.files.schema import Document, validate_data
from sim.runs.request import Inputs
from sim.runs.runner import Planned, Planner, Runner
from sim.views.console import make_console, plain


class _Clock(Document):
    """The memory controller's clock as the option gives it."""

    memory_clock: ClockRate = Field(alias="--memory-clock")


@dataclass(slots=True)
class LayerRequests:
    """What a layer's trace came to: the first addresses of its regions, and its bursts."""

    name: str
    bases: tuple[int, ...]
    reads: int = 0
    writes: int = 0


def run(options: argparse.Namespace) -> int:
    """Run `trace`: the file appears whole when the last layer is done; nothing of it is held in memory."""
    inputs = at_operating_point(read_inputs(options), options)
    layout = _read_layout(inputs, options)
    target = check_target(options.output) or STDOUT
    form = TraceFormat(options.format)
    goal_of = read_goals(options, inputs.layers, code_of(inputs.machine))
    planned = Planner(inputs.machine, inputs.table, inputs.batch, goal_of).plan(inputs.layers)
    if target == STDOUT:
        layers = _write(sys.stdout.buffer, form, layout, inputs, planned, options)
    else:
        with writing_whole(target) as stream:
            layers = _write(stream, form, layout, inputs, planned, options)
    if not options.quiet:
        make_console(to_stderr=target == STDOUT).print(_table(layers))
    return 0


def _read_layout(inputs: Inputs, options: argparse.Namespace) -> Layout:
    """Read bursts and clock; raise InputError for what can't be meant."""
    clock = inputs.machine.link.clock
    if options.memory_clock is not None:
        clock = validate_data({"--memory-clock": options.memory_clock}, _Clock, "").memory_clock
    try:
        words_in_burst(options.burst_bytes, inputs.machine.link.width)
    except FieldFault as fault:
        raise InputError.located("--burst-bytes", wrong=fault.wrong, allowed=fault.allowed) from fault
    return Layout(inputs.machine, inputs.batch, options.burst_bytes, clock)


def _write(
    stream: BinaryIO,
    form: TraceFormat,
    layout: Layout,
    inputs: Inputs,
    planned: Sequence[Planned],
    options: argparse.Namespace,
) -> list[LayerRequests]:
    """Run the layers one after another, each from the core cycle in which the one before it ended."""
    probes = Probes()
    runner = Runner(inputs.machine, inputs.table, CycleModel(inputs.machine, probes=probes), inputs.batch, options.seed)
    finished: list[LayerRequests] = []
    base = cycle = 0
    with layer_progress(len(planned), quiet=options.quiet) as done:
        for one in planned:
            layer = LayerRequests(one.layer.name, ())
            trace = LayerTrace(one, layout, base=base, first_cycle=cycle, emit=_writer(stream, form, layer))
            layer.bases = tuple(region.base for region in trace.regions.values())
            probes.observers[:] = [trace.observe]
            cycle += sum(result.run.total_cycles for result in runner.run([one]))
            base = trace.stop
            finished.append(layer)
            done(layer.name)
    if len(finished) < len(planned):
        raise KeyboardInterrupt
    return finished


def _writer(stream: BinaryIO, form: TraceFormat, layer: LayerRequests) -> Callable[[Request], None]:
    """Return a function that writes a request and counts it."""

    def emit(request: Request) -> None:
        stream.write(request.line(form).encode("ascii"))
        if request.writes:
            layer.writes += 1
        else:
            layer.reads += 1

    return emit


def _table(layers: Sequence[LayerRequests]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("layer", no_wrap=True)
    for head in ("ifmap at", "filter at", "ofmap at", "bursts\nread", "bursts\nwritten"):
        table.add_column(head, justify="right", no_wrap=True)
    for layer in layers:
        addresses = (f"0x{base:X}" for base in layer.bases)
        table.add_row(plain(layer.name), *addresses, str(layer.reads), str(layer.writes))
    return table


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
