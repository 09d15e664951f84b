"""The command line: `python -m sim run WORKLOAD`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from sim import __version__
from sim.errors import InputError, ModelError, printable, quoted

FAILED, INPUT_ERROR, MODEL_ERROR, INTERRUPTED = 1, 2, 3, 130


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
    return parser


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 1 to 4096")
    return int(text)


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 0 to 10**18 - 1")
    return int(text)


def _add_run(commands: argparse._SubParsersAction[_Parser]) -> None:
    run = commands.add_parser(
        "run",
        help="simulate a network, cycle by cycle",
        description="Simulate a network layer by layer; print latency, accesses and energy.",
    )
    run.add_argument("workload", metavar="WORKLOAD", help="a workload file, or the name of a shipped one (googlenet)")
    run.add_argument("--arch", default="eyeriss", metavar="NAME|FILE", help="machine (default: eyeriss)")
    run.add_argument("--cost-table", metavar="NAME|FILE", help="energy costs (default: the machine's)")
    run.add_argument("--batch", type=_positive, metavar="N", help="images (default: the workload's)")
    run.add_argument(
        "--layers", metavar="NAMES", help="only these layers: names or patterns, by commas (CONV1,fire2/*)"
    )
    run.add_argument(
        "--mapping",
        action="append",
        default=[],
        metavar="LAYER:m=..,n=..,e=..,p=..,q=..,r=..,t=..",
        help="use this mapping for a layer; may be given again",
    )
    run.add_argument("--seed", type=_seed, default=0, metavar="S", help="seed of the drawn tensors (default: 0)")
    run.add_argument("--json", metavar="FILE", help="write the result file; - for standard output")
    run.add_argument("--no-reuse", action="store_true", help="step every pass, also those of equal shape")
    run.add_argument("--quiet", action="store_true", help="print no table and no progress")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit status.

    0; 1 where output fails; 2 for bad input; 3 for a broken law; 130 when interrupted.
    """
    options = build_parser().parse_args(arguments)
    try:
        from sim.commands.run import run  # the simulator's imports are slow; --help does without them

        status = run(options)
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
