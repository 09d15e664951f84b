"""The command line: `python -m sim run WORKLOAD` and the other commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from sim import __version__
from sim.errors import InputError, ModelError, did_you_mean, printable, quoted

FAILED, INPUT_ERROR, MODEL_ERROR, INTERRUPTED = 1, 2, 3, 130
_SWEEP_PLOT = "sweep plot"  # a command of two words
_WORKLOAD = (
    "a workload file, the name of a shipped one (googlenet), a .onnx, a .txt of the online energy-estimation tool, "
    "a .csv of SCALE-Sim, or a problem file of Timeloop or a folder of them"
)


class _Parser(argparse.ArgumentParser):
    """Parse a command line, and refuse a wrong one on a single line."""

    def error(self, message: str) -> NoReturn:
        self.exit(INPUT_ERROR, f"{self.prog}: {printable(message)}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = _Parser(prog="sim", description="Cycle-level simulator and energy model of the Eyeriss CNN accelerator.")
    parser.add_argument("--version", action="version", version=f"sim {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_power(commands)
    _add_compare(commands)
    _add_estimate(commands)
    _add_convert(commands)
    _add_map(commands)
    _add_validate(commands)
    _add_calibrate(commands)
    _add_trace(commands)
    _add_compress(commands)
    _add_sweep(commands)
    _add_sweep_plot(commands)
    return parser


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 1 to 4096")
    return int(text)


def _workers(text: str) -> int | str:
    return text if text == "all" else _positive(text)


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 0 to 10**18 - 1")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"no choice {quoted(text)}; {did_you_mean(text, words)}")
        return text

    return read


def _add_inputs(command: argparse.ArgumentParser, *, cost_table: str | None = None) -> None:
    """Add what read_inputs reads; `cost_table` is the default, None for the machine's."""
    command.add_argument("workload", metavar="WORKLOAD", help=_WORKLOAD)
    command.add_argument("--arch", default="eyeriss", metavar="NAME|FILE", help="machine (default: eyeriss)")
    command.add_argument(
        "--cost-table",
        default=cost_table,
        metavar="NAME|FILE",
        help="energy costs (default: " + (cost_table or "the machine's") + ")",
    )
    command.add_argument("--batch", type=_positive, metavar="N", help="images (default: the workload's)")
    _add_shape(command)
    command.add_argument(
        "--layers", metavar="NAMES", help="only these layers: names or patterns, by commas (CONV1,fire2/*)"
    )
    command.add_argument(
        "--mapping",
        action="append",
        default=[],
        metavar="LAYER:m=..,n=..,e=..,p=..,q=..,r=..,t=..",
        help="use this mapping for a layer; may be given again",
    )
    command.add_argument(
        "--objective",
        type=_one_of("energy", "delay", "edp", "dram"),
        default="energy",
        metavar="energy|delay|edp|dram",
        help="what the mapper makes least (default: energy)",
    )
    command.add_argument(
        "--constrain",
        action="append",
        default=[],
        metavar="[LAYERS:]PARAMETER=VALUE",
        help="limit a mapping parameter: n=1, p=4..16, m=all, 'CONV*:n=1'; may be given again",
    )


def _add_shape(command: argparse.ArgumentParser) -> None:
    """Add what gives an ONNX file's inputs the dimensions that it leaves free."""
    command.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="INPUT=1x3x224x224",
        help="shape of a .onnx file's input that leaves dimensions free; may be given again",
    )


def _add_code(command: argparse.ArgumentParser, *, default: str | None) -> None:
    """Add the code that the analytic model assumes; None stands for the machine's own."""
    command.add_argument(
        "--code",
        type=_one_of("rlc", "significance_map", "none"),
        default=default,
        metavar="rlc|significance_map|none",
        help="code of fmaps in DRAM (default: " + (default or "what the machine has") + ")",
    )


def _add_drawn(command: argparse.ArgumentParser, *, json_help: str) -> None:
    """Add what commands that draw tensors have in common."""
    command.add_argument("--seed", type=_seed, default=0, metavar="S", help="seed of the drawn tensors (default: 0)")
    command.add_argument("--json", metavar="FILE", help=json_help + "; - for standard output")
    command.add_argument("--quiet", action="store_true", help="print no table and no progress")


def _add_run(commands: argparse._SubParsersAction[_Parser]) -> None:
    run = commands.add_parser(
        "run",
        help="simulate a network, cycle by cycle",
        description="Simulate a network layer by layer; print latency, accesses and energy.",
    )
    _add_inputs(run)
    _add_operating_point(run)
    _add_drawn(run, json_help="write the result file")
    _add_no_reuse(run)
    _add_bits(run)
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


def _add_power(commands: argparse._SubParsersAction[_Parser]) -> None:
    power = commands.add_parser(
        "power",
        help="break the chip's power down by component",
        description="Simulate a network layer by layer; print the chip's mean power by component, in mW and per cent, "
        "and beside the measured layers what was published of them (JSSC 2017, Fig. 16).",
    )
    _add_inputs(power)
    _add_operating_point(power)
    _add_drawn(power, json_help="write power by layer and component")
    power.add_argument("--csv", metavar="FILE", help="write the same as CSV; - for standard output")
    _add_no_reuse(power)


def _add_bits(command: argparse.ArgumentParser) -> None:
    command.add_argument("--bits", metavar="ifmap=8,filter=8,psum=16", help="bitwidths, in place of all layers' own")


def _add_no_reuse(command: argparse.ArgumentParser) -> None:
    command.add_argument("--no-reuse", action="store_true", help="step every pass, also those of equal shape")


def _add_operating_point(command: argparse.ArgumentParser) -> None:
    """Add what replaces the machine's voltage and clocks."""
    command.add_argument("--voltage", metavar="V", help="core supply, such as '0.82 V' (default: the machine's)")
    command.add_argument("--clock", metavar="HZ", help="core clock, such as '100 MHz' (default: the machine's)")
    command.add_argument("--link-clock", metavar="HZ", help="clock of the DRAM link (default: the machine's)")


def _add_map(commands: argparse._SubParsersAction[_Parser]) -> None:
    mapping = commands.add_parser(
        "map",
        help="find the best mappings of each layer",
        description="Search the whole mapping space of each layer; show the best mappings and why the second lost.",
    )
    _add_inputs(mapping)
    mapping.add_argument("--top", type=_positive, default=5, metavar="K", help="how many mappings to show (default: 5)")
    _add_code(mapping, default=None)


def _add_compare(commands: argparse._SubParsersAction[_Parser]) -> None:
    compare = commands.add_parser(
        "compare",
        help="hold the analytic model against the cycle model",
        description="Run both models on the same mappings and tensors; print where they differ, most energy first.",
    )
    _add_inputs(compare)
    _add_code(compare, default=None)
    _add_drawn(compare, json_help="write both results and the differences")


def _add_estimate(commands: argparse._SubParsersAction[_Parser]) -> None:
    estimate = commands.add_parser(
        "estimate",
        help="estimate a network's energy in milliseconds",
        description="Estimate a network's energy in closed form, from its shapes, bitwidths and zero fractions alone; "
        "print it per image, by layer and kind of data.",
    )
    _add_inputs(estimate, cost_table="normalized-65nm")
    _add_operating_point(estimate)
    _add_bits(estimate)
    estimate.add_argument(
        "--zeros", metavar="ifmap=0.5,filter=0.3,ofmap=0.4", help="zero fractions, in place of all layers' own"
    )
    estimate.add_argument(
        "--skip",
        type=_one_of("ifmap", "either", "none"),
        default="either",
        metavar="ifmap|either|none",
        help="MACs left out: with a zero ifmap value, with either operand zero, or none (default: either)",
    )
    _add_code(estimate, default="significance_map")
    estimate.add_argument(
        "--output", metavar="FILE", help="write the online tool's table, per image in MACs; - for standard output"
    )
    estimate.add_argument(
        "--json", metavar="FILE", help="write the result file, of the whole batch; - for standard output"
    )
    estimate.add_argument("--plot", metavar="FILE.svg|FILE.png", help="draw the layers' energies (needs matplotlib)")
    estimate.add_argument("--quiet", action="store_true", help="print no table")


def _add_convert(commands: argparse._SubParsersAction[_Parser]) -> None:
    convert = commands.add_parser(
        "convert",
        help="write a network in another format",
        description="Write a network in the online energy-estimation tool's text format, a line a layer, "
        "or a .onnx or .txt as a workload file, which the suffix .yaml tells.",
    )
    convert.add_argument("workload", metavar="WORKLOAD", help=_WORKLOAD)
    convert.add_argument("out", nargs="?", default="-", metavar="OUT", help="file to write (default: standard output)")
    convert.add_argument(
        "--format",
        type=_one_of("tool", "scalesim", "timeloop"),
        metavar="tool|scalesim|timeloop",
        help="format (default: by OUT's name; .csv is SCALE-Sim's, a folder takes Timeloop's problem files)",
    )
    convert.add_argument("--batch", type=_positive, metavar="N", help="images (default: the workload's)")
    _add_shape(convert)


def _add_validate(commands: argparse._SubParsersAction[_Parser]) -> None:
    validate = commands.add_parser(
        "validate",
        help="hold the cycle model against the measured chip",
        description="Run AlexNet and VGG-16 as they were measured on the chip; print every published figure "
        "beside ours (JSSC 2017, Tables V and VI), and which bounds are broken. The status is 1 where one is.",
    )
    validate.add_argument("--arch", default="eyeriss", metavar="NAME|FILE", help="machine (default: eyeriss)")
    validate.add_argument(
        "--cost-table", default=None, metavar="NAME|FILE", help="energy costs, in pJ (default: the machine's)"
    )
    validate.add_argument(
        "--mapper", action="store_true", help="let the mapper choose, instead of the mappings stated for these runs"
    )
    _add_drawn(validate, json_help="write all cells, columns, totals and broken bounds")
    validate.add_argument("--csv", metavar="FILE", help="write the cells, one a row; - for standard output")
    validate.add_argument(
        "--plot", metavar="FILE.svg|FILE.png|FILE.pdf", help="draw ours over published (needs matplotlib)"
    )


def _add_calibrate(commands: argparse._SubParsersAction[_Parser]) -> None:
    fit = commands.add_parser(
        "calibrate",
        help="fit the chip's energy costs to AlexNet's published figures",
        description="Run AlexNet as it was measured and fit the costs of a table to its power and the shares of the "
        "chip's parts (JSSC 2017, Table V and Fig. 16); needs scipy. No other network takes part.",
    )
    fit.add_argument("--arch", default="eyeriss", metavar="NAME|FILE", help="machine (default: eyeriss)")
    fit.add_argument("--output", metavar="FILE.yaml", help="write the cost table; - for standard output")
    _add_drawn(fit, json_help="write costs, intervals and residuals")
    fit.set_defaults(cost_table=None)


def _add_trace(commands: argparse._SubParsersAction[_Parser]) -> None:
    trace = commands.add_parser(
        "trace",
        help="write the DRAM link's requests for a memory simulator",
        description="Simulate a network layer by layer and write what its link asks of DRAM, a line a burst: "
        "'0xADDR READ|WRITE CYCLE' for DRAMsim3, 'LD|ST 0xADDR' for Ramulator 2. Each layer's ifmap, filter and ofmap "
        "regions follow one another; streams lie in the order in which they are first moved; CYCLE is when a burst's "
        "first word is on the link.",
    )
    _add_inputs(trace)
    _add_operating_point(trace)
    trace.add_argument(
        "--format", type=_one_of("dramsim3", "ramulator2"), required=True, metavar="dramsim3|ramulator2", help="format"
    )
    trace.add_argument("--output", required=True, metavar="FILE", help="file to write; - for standard output")
    trace.add_argument(
        "--burst-bytes", type=_positive, default=64, metavar="B", help="bytes of a request, aligned (default: 64)"
    )
    trace.add_argument("--memory-clock", metavar="HZ", help="clock of CYCLE, such as '800 MHz' (default: the link's)")
    trace.add_argument("--seed", type=_seed, default=0, metavar="S", help="seed of the drawn tensors (default: 0)")
    trace.add_argument("--quiet", action="store_true", help="print no table and no progress")


def _add_compress(commands: argparse._SubParsersAction[_Parser]) -> None:
    compress = commands.add_parser(
        "compress",
        help="hold the run-length code against its entropy limit",
        description="Code the fmap streams that the chip moves and print, layer by layer, their bits, the ratio and "
        "the overhead over the limit: the entropy of the zero pattern and the raw non-zero values.",
    )
    _add_inputs(compress)
    compress.add_argument(
        "--cluster", type=_positive, metavar="L", help="show also zeros clustered in runs of mean length L"
    )
    _add_drawn(compress, json_help="write the report")


def _add_sweep(commands: argparse._SubParsersAction[_Parser]) -> None:
    sweep = commands.add_parser(
        "sweep",
        help="evaluate a grid of machines and networks",
        description="Evaluate every point of a sweep with the analytic model, best mappings layer by layer. A finished "
        "point is kept at once; the same command goes on where it was stopped. A point whose machine or mapping can't "
        "be is a result too, with its reason.",
    )
    sweep.epilog = "'sim sweep plot STORE' draws what a store holds, while a sweep fills it, too."
    sweep.add_argument("spec", metavar="SPEC.yaml", help="the sweep: machine, networks, axes")
    sweep.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUES",
        help="another axis, or another's values: glb.fmap_banks=[12,25,50], pe_array.rows=8..16:2, "
        "'core.clock=[100,200] MHz'; may be given again",
    )
    sweep.add_argument("--store", required=True, metavar="FILE.sqlite", help="file that keeps the points")
    sweep.add_argument(
        "--csv", metavar="FILE", help="write all rows, one a point and layer, when all are there; - for standard output"
    )
    sweep.add_argument(
        "--parquet",
        metavar="FILE",
        help="write the same as Parquet (needs pyarrow); of a finished store, both are written at once",
    )
    sweep.add_argument(
        "--workers",
        type=_workers,
        metavar="N|all",
        help="processes (default: one for each core where 64 points or more are missing, else one)",
    )
    sweep.add_argument(
        "--scheduler",
        metavar="tcp://HOST:8786",
        help="evaluate in the workers of this Dask cluster instead (needs distributed)",
    )
    sweep.add_argument("--quiet", action="store_true", help="print no summary and no progress")


def _add_sweep_plot(commands: argparse._SubParsersAction[_Parser]) -> None:
    plot = commands.add_parser(
        _SWEEP_PLOT,
        help="draw what a sweep has found",
        description="Draw a sweep's store, finished or not, without its spec: an HTML page with every chart and table, "
        "which needs nothing else to be read, or one chart. Figures are per image; networks, batches and cost tables "
        "are not compared.",
    )
    plot.add_argument("store", metavar="STORE", help="the file given to sweep as --store")
    plot.add_argument(
        "--output", metavar="FILE.html|.svg|.png", help="the page, or one chart (default: the store's name with .html)"
    )
    plot.add_argument(
        "--kind",
        type=_one_of("pareto", "heat", "layers", "sensitivity"),
        metavar="pareto|heat|layers|sensitivity",
        help="which chart a .svg or .png holds (default: pareto)",
    )
    plot.add_argument(
        "--front",
        metavar="METRIC,METRIC[,METRIC]",
        help="metrics of the Pareto front, the third as colour (default: delay,energy, coloured by area)",
    )
    plot.add_argument(
        "--metric",
        type=_one_of("energy", "delay", "edp", "area", "dram"),
        metavar="energy|delay|edp|area|dram",
        help="metric of heat map and sensitivities (default: the sweep's objective; energy, delay and area)",
    )
    plot.add_argument(
        "--x", metavar="AXIS", help="axis across a heat map (default: the one that moves the metric most)"
    )
    plot.add_argument("--y", metavar="AXIS", help="axis up a heat map (default: the next one)")
    plot.add_argument("--point", type=_seed, metavar="N", help="point whose layers are shown (default: the best)")
    plot.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only these points: workload=alexnet, 'core.clock=200 MHz'; may be given again",
    )
    plot.add_argument("--quiet", action="store_true", help="print nothing")


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Import a command; the simulator's imports are slow, and --help does without them."""
    if name == "compare":
        from sim.commands.compare import run
    elif name == "estimate":
        from sim.commands.estimate import run
    elif name == "convert":
        from sim.commands.convert import run
    elif name == "map":
        from sim.commands.map import run
    elif name == "power":
        from sim.commands.power import run
    elif name == "calibrate":
        from sim.commands.calibrate import run
    elif name == "validate":
        from sim.commands.validate import run
    elif name == "trace":
        from sim.commands.trace import run
    elif name == "compress":
        from sim.commands.compress import run
    elif name == "sweep":
        from sim.commands.sweep import run
    elif name == _SWEEP_PLOT:
        from sim.commands.sweep_plot import run
    else:
        from sim.commands.run import run
    return run


def _words(arguments: Sequence[str]) -> list[str]:
    """Join the two words of a command; a spec that is called plot has to be given as ./plot."""
    first = _SWEEP_PLOT.split()
    joined = [_SWEEP_PLOT] if list(arguments[: len(first)]) == first else []
    return [*joined, *arguments[len(first) if joined else 0 :]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit status.

    0; 1 where output fails or a bound of validate is broken; 2 for bad input; 3 for a broken law; 130 when interrupted.
    """
    options = build_parser().parse_args(_words(sys.argv[1:] if arguments is None else arguments))
    try:
        status = _command(options.command)(options)
        sys.stdout.flush()  # here, where a reader that has gone is still noticed
        return status
    except InputError as error:
        print(error, file=sys.stderr)
        return INPUT_ERROR
    except ModelError as error:
        print(f"conservation law broken (please report this): {error}", file=sys.stderr)
        return MODEL_ERROR
    except KeyboardInterrupt:
        print("interrupted: nothing was finished", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody left to tell.
        sys.stderr.close()
        return FAILED
    except OSError as error:
        print(f"can't write the output: {error.strerror}", file=sys.stderr)
        return FAILED
