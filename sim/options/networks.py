"""Commands that turn a network into something else: another format, a memory trace, a look at its code."""

from __future__ import annotations

from sim.options.shared import WORKLOAD, add_drawn, add_inputs, add_operating_point, add_shape
from sim.options.values import Commands, one_of, positive, seed


def add_convert(commands: Commands) -> None:
    """Add `convert`."""
    convert = commands.add_parser(
        "convert",
        help="write a network in another format",
        description="Write a network in the online energy-estimation tool's text format, a line a layer, "
        "or a .onnx or .txt as a workload file, which the suffix .yaml tells.",
    )
    convert.add_argument("workload", metavar="WORKLOAD", help=WORKLOAD)
    convert.add_argument("out", nargs="?", default="-", metavar="OUT", help="file to write (default: standard output)")
    convert.add_argument(
        "--format",
        type=one_of("tool", "scalesim", "timeloop"),
        metavar="tool|scalesim|timeloop",
        help="format (default: by OUT's name; .csv is SCALE-Sim's, a folder takes Timeloop's problem files)",
    )
    convert.add_argument("--batch", type=positive, metavar="N", help="images (default: the workload's)")
    add_shape(convert)


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


def add_compress(commands: Commands) -> None:
    """Add `compress`."""
    compress = commands.add_parser(
        "compress",
        help="hold the run-length code against its entropy limit",
        description="Code the fmap streams that the chip moves and print, layer by layer, their bits, the ratio and "
        "the overhead over the limit: the entropy of the zero pattern and the raw non-zero values.",
    )
    add_inputs(compress)
    compress.add_argument(
        "--cluster", type=positive, metavar="L", help="show also zeros clustered in runs of mean length L"
    )
    add_drawn(compress, json_help="write the report")
