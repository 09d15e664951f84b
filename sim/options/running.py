"""Commands that map, run or estimate a network."""

from __future__ import annotations

from sim.options.shared import add_bits, add_code, add_drawn, add_inputs, add_no_reuse, add_operating_point
from sim.options.values import Commands, one_of, positive


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


def add_power(commands: Commands) -> None:
    """Add `power`."""
    power = commands.add_parser(
        "power",
        help="break the chip's power down by component",
        description="Simulate a network layer by layer; print the chip's mean power by component, in mW and per cent, "
        "and beside the measured layers what was published of them (JSSC 2017, Fig. 16).",
    )
    add_inputs(power)
    add_operating_point(power)
    add_drawn(power, json_help="write power by layer and component")
    power.add_argument("--csv", metavar="FILE", help="write the same as CSV; - for standard output")
    add_no_reuse(power)


def add_compare(commands: Commands) -> None:
    """Add `compare`."""
    compare = commands.add_parser(
        "compare",
        help="hold the analytic model against the cycle model",
        description="Run both models on the same mappings and tensors; print where they differ, most energy first.",
    )
    add_inputs(compare)
    add_code(compare, default=None)
    add_drawn(compare, json_help="write both results and the differences")


def add_estimate(commands: Commands) -> None:
    """Add `estimate`."""
    estimate = commands.add_parser(
        "estimate",
        help="estimate a network's energy in milliseconds",
        description="Estimate a network's energy in closed form, from its shapes, bitwidths and zero fractions alone; "
        "print it per image, by layer and kind of data.",
    )
    add_inputs(estimate, cost_table="normalized-65nm")
    add_operating_point(estimate)
    add_bits(estimate)
    estimate.add_argument(
        "--zeros", metavar="ifmap=0.5,filter=0.3,ofmap=0.4", help="zero fractions, in place of all layers' own"
    )
    estimate.add_argument(
        "--skip",
        type=one_of("ifmap", "either", "none"),
        default="either",
        metavar="ifmap|either|none",
        help="MACs left out: with a zero ifmap value, with either operand zero, or none (default: either)",
    )
    add_code(estimate, default="significance_map")
    estimate.add_argument(
        "--output", metavar="FILE", help="write the online tool's table, per image in MACs; - for standard output"
    )
    estimate.add_argument(
        "--json", metavar="FILE", help="write the result file, of the whole batch; - for standard output"
    )
    estimate.add_argument("--plot", metavar="FILE.svg|FILE.png", help="draw the layers' energies (needs matplotlib)")
    estimate.add_argument("--quiet", action="store_true", help="print no table")


def add_map(commands: Commands) -> None:
    """Add `map`."""
    mapping = commands.add_parser(
        "map",
        help="find the best mappings of each layer",
        description="Search the whole mapping space of each layer; show the best mappings and why the second lost.",
    )
    add_inputs(mapping)
    mapping.add_argument("--top", type=positive, default=5, metavar="K", help="how many mappings to show (default: 5)")
    add_code(mapping, default=None)
