"""Options that several commands have."""

from __future__ import annotations

import argparse

from sim.cli.parser import Several, one_of, positive, seed

WORKLOAD = (
    "a workload file, the name of a shipped one (googlenet), a .onnx, a .txt of the online energy-estimation tool, "
    "a .csv of SCALE-Sim, or a problem file of Timeloop or a folder of them"
)


def add_arch(command: argparse.ArgumentParser) -> None:
    """Add the machine."""
    command.add_argument("--arch", default="eyeriss", metavar="NAME|FILE", help="machine (default: eyeriss)")


def add_machines(command: argparse.ArgumentParser) -> None:
    """Add the machine, or several to be compared."""
    command.add_argument(
        "--arch",
        action=Several,
        default="eyeriss",
        metavar="NAME|FILE",
        help="machine (default: eyeriss); given again, the machines are compared",
    )


def add_set(command: argparse.ArgumentParser) -> None:
    """Add edits of the machine and of the rest, as in a sweep."""
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="another value, as in a sweep: glb.fmap_banks=50, 'link.clock=90 MHz', cost_table.dram=400, bits.ifmap=8, "
        "mapping.n=1; may be given again",
    )


def add_inputs(
    command: argparse.ArgumentParser, *, cost_table: str | None = None, several_machines: bool = False
) -> None:
    """Add what a request is made of; `cost_table` is the default, None for the machine's."""
    command.add_argument("workload", metavar="WORKLOAD", help=WORKLOAD)
    add_machines(command) if several_machines else add_arch(command)
    command.add_argument(
        "--cost-table",
        default=cost_table,
        metavar="NAME|FILE",
        help="energy costs (default: " + (cost_table or "the machine's") + ")",
    )
    command.add_argument("--batch", type=positive, metavar="N", help="images (default: the workload's)")
    add_shape(command)
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
        type=one_of("energy", "delay", "edp", "dram"),
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


def add_shape(command: argparse.ArgumentParser) -> None:
    """Add what gives an ONNX file's inputs the dimensions that it leaves free."""
    command.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="INPUT=1x3x224x224",
        help="shape of a .onnx file's input that leaves dimensions free; may be given again",
    )


def add_code(command: argparse.ArgumentParser, *, default: str | None) -> None:
    """Add the code that the analytic model assumes; `default` says what is taken without, None the machine's own."""
    command.add_argument(
        "--code",
        type=one_of("rlc", "significance_map", "none"),
        metavar="rlc|significance_map|none",
        help="code of fmaps in DRAM (default: " + (default or "what the machine has") + ")",
    )


def add_drawn(command: argparse.ArgumentParser, *, json_help: str) -> None:
    """Add what commands that draw tensors have in common."""
    command.add_argument("--seed", type=seed, default=0, metavar="S", help="seed of the drawn tensors (default: 0)")
    command.add_argument("--json", metavar="FILE", help=json_help + "; - for standard output")
    command.add_argument("--quiet", action="store_true", help="print no table and no progress")


def add_bits(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--bits", metavar="ifmap=8,filter=8,psum=16,ofmap=8", help="bitwidths, in place of all layers' own"
    )


def add_no_reuse(command: argparse.ArgumentParser) -> None:
    command.add_argument("--no-reuse", action="store_true", help="step every pass, also those of equal shape")


def add_operating_point(command: argparse.ArgumentParser) -> None:
    """Add what replaces the machine's voltage and clocks."""
    command.add_argument("--voltage", metavar="V", help="core supply, such as '0.82 V' (default: the machine's)")
    command.add_argument("--clock", metavar="HZ", help="core clock, such as '100 MHz' (default: the machine's)")
    command.add_argument("--link-clock", metavar="HZ", help="clock of the DRAM link (default: the machine's)")
