"""The command line: `python -m sim run WORKLOAD` and the other commands."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from sim.cli import (
    calibrate,
    catalogue,
    compare,
    compress,
    convert,
    estimate,
    explain,
    map,
    power,
    run,
    schema,
    sweep,
    sweep_plot,
    trace,
    validate,
)
from sim.cli.exit_status import FAILED, INPUT_ERROR, INTERRUPTED, MODEL_ERROR
from sim.cli.parser import Commands, Parser
from sim.errors import InputError, ModelError
from sim.files.opened import forget_opened
from sim.package import VERSION

_COMMANDS: tuple[tuple[str, Callable[[Commands], None], Callable[[argparse.Namespace], int]], ...] = (
    ("run", run.add_run, run.run),
    ("power", power.add_power, power.run),
    ("compare", compare.add_compare, compare.run),
    ("estimate", estimate.add_estimate, estimate.run),
    ("convert", convert.add_convert, convert.run),
    ("map", map.add_map, map.run),
    ("validate", validate.add_validate, validate.run),
    ("calibrate", calibrate.add_calibrate, calibrate.run),
    ("trace", trace.add_trace, trace.run),
    ("compress", compress.add_compress, compress.run),
    ("sweep", sweep.add_sweep, sweep.run),
    (sweep_plot.SWEEP_PLOT, sweep_plot.add_sweep_plot, sweep_plot.run),
    ("explain", explain.add_explain, explain.run),
    ("list", catalogue.add_list, catalogue.run_list),
    ("show", catalogue.add_show, catalogue.run_show),
    ("new", catalogue.add_new, catalogue.run_new),
    ("schema", schema.add_schema, schema.run),
)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = Parser(prog="sim", description="Cycle-level simulator and energy model of the Eyeriss CNN accelerator.")
    parser.add_argument("--version", action="version", version=f"sim {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for _, add, _ in _COMMANDS:
        add(commands)
    return parser


def _words(arguments: Sequence[str]) -> list[str]:
    """Join the two words of a command; a spec that is called plot has to be given as ./plot."""
    first = sweep_plot.SWEEP_PLOT.split()
    joined = [sweep_plot.SWEEP_PLOT] if list(arguments[: len(first)]) == first else []
    return [*joined, *arguments[len(first) if joined else 0 :]]


def _show_warning(message: Warning | str, *where: Any, **how: Any) -> None:
    """Say a warning in a line, without the place in the code that people at a terminal can't do anything about."""
    print(f"warning: {message}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit status.

    0; 1 where output fails or a bound of validate is broken; 2 for bad input; 3 for a broken law; 130 when interrupted.
    """
    warnings.showwarning = _show_warning
    options = build_parser().parse_args(_words(sys.argv[1:] if arguments is None else arguments))
    forget_opened()
    try:
        status = {name: do for name, _, do in _COMMANDS}[options.command](options)
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
