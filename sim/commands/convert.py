"""`sim convert`: write a network in the online tool's text format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sim.commands.inputs import read_network
from sim.commands.outputs import STDOUT, check_target, write_whole
from sim.errors import InputError
from sim.importers.tool_text import write_tool_file
from sim.text_source import shown_path


def run(options: argparse.Namespace) -> int:
    """Do `convert`: a file of the tool's own comes out aligned and without comments."""
    workload = read_network(options.workload)
    target = _check_text_file(options.out)
    text = write_tool_file(workload, options.batch or workload.batch)
    if target == STDOUT:
        sys.stdout.write(text)
    else:
        write_whole(target, text)
    return 0


def _check_text_file(name: str) -> Path:
    """Make sure that the target can be written and is not named like a workload file."""
    if Path(name).suffix.lower() in {".yaml", ".yml"}:
        raise InputError.located(
            shown_path(name), wrong="the tool's text format is no YAML", allowed="give a name that ends in .txt"
        )
    return check_target(name) or STDOUT
