"""`sim convert`: write a network in the online tool's text format, or an imported one as a workload file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sim.cli.options import WORKLOAD, add_shape
from sim.cli.parser import Commands, one_of, positive

_YAML = frozenset({".yaml", ".yml"})
_FOREIGN = frozenset({".csv", ".onnx", ".txt"})


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


def run(options: argparse.Namespace) -> int:
    """Run `convert`: a .txt of the tool's own comes out aligned and without comments.

    The notes on an ONNX file are a workload file's head; with other formats they go to standard error.
    """
    from sim.cli.foreign import foreign_format, write_foreign
    from sim.cli.outputs import write_out
    from sim.errors import printable
    from sim.formats.any_network import find_network
    from sim.formats.online_tool.text import write_tool_file
    from sim.formats.workload_yaml import write_workload

    network = find_network(options.workload, options.shape)
    form = foreign_format(options.format, options.out)
    if form is not None:
        write_foreign(network.workload, options.batch or network.workload.batch, form, options.out)
        _tell(network.notes)
        return 0
    target = _check_target(options.out, options.workload)
    batch = options.batch or network.workload.batch
    if target.suffix.lower() in _YAML:
        source = f"converted from {printable(Path(options.workload).name)}"
        text = write_workload(network.workload, batch, source=source, comments=network.notes)
    else:
        text = write_tool_file(network.workload, batch)
        _tell(network.notes)
    write_out(target, text)
    return 0


def _tell(notes: Sequence[str]) -> None:
    """Print notes where they don't mix with what is written."""
    import sys

    for note in notes:
        print(note, file=sys.stderr)


def _check_target(name: str, workload: str) -> Path:
    """Make sure that the target can be written; a workload file comes only of what is none yet.

    A text file of the tool's own may be put in order in place.
    """
    from sim.cli.outputs import STDOUT, check_target
    from sim.errors import InputError
    from sim.files.opened import forget_opened
    from sim.files.text import shown_path

    is_foreign = Path(workload).suffix.lower() in _FOREIGN
    if Path(name).suffix.lower() in _YAML and not is_foreign:
        raise InputError.located(
            shown_path(name), wrong="the tool's text format is no YAML", allowed="give a name that ends in .txt"
        )
    if Path(name).suffix.lower() == Path(workload).suffix.lower() == ".txt":
        forget_opened()
    return check_target(name, "OUT") or STDOUT
