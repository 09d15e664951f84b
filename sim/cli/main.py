"""The command line: `python -m sim run WORKLOAD` and the other commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from sim import __version__
from sim.cli import calibrate, compare, compress, convert, estimate, map, power, run, sweep, sweep_plot, trace, validate
from sim.cli.exit_status import FAILED, INPUT_ERROR, INTERRUPTED, MODEL_ERROR
from sim.cli.parser import Commands, Parser
from sim.errors import InputError, ModelError

_COMMANDS: tuple[Callable[[Commands], None], ...] = (
    run.add_run,
    power.add_power,
    compare.add_compare,
    estimate.add_estimate,
    convert.add_convert,
    map.add_map,
    validate.add_validate,
    calibrate.add_calibrate,
    trace.add_trace,
    compress.add_compress,
    sweep.add_sweep,
    sweep_plot.add_sweep_plot,
)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = Parser(prog="sim", description="Cycle-level simulator and energy model of the Eyeriss CNN accelerator.")
    parser.add_argument("--version", action="version", version=f"sim {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in _COMMANDS:
        add(commands)
    return parser


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Import a command; the simulator's imports are slow, and --help does without them."""
    module = import_module(f"sim.cli.{name.replace(' ', '_')}")
    run: Callable[[argparse.Namespace], int] = module.run
    return run


def _words(arguments: Sequence[str]) -> list[str]:
    """Join the two words of a command; a spec that is called plot has to be given as ./plot."""
    first = sweep_plot.SWEEP_PLOT.split()
    joined = [sweep_plot.SWEEP_PLOT] if list(arguments[: len(first)]) == first else []
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
