"""`sim map`: the best mappings of each layer, and why the runner-up lost."""

from __future__ import annotations

import argparse

from sim.cli.options import add_code, add_inputs, add_set
from sim.cli.parser import Commands, positive


def add_map(commands: Commands) -> None:
    """Add `map`."""
    mapping = commands.add_parser(
        "map",
        help="find the best mappings of each layer",
        description="Search the whole mapping space of each layer; show the best mappings and why the second lost.",
    )
    add_inputs(mapping)
    add_set(mapping)
    mapping.add_argument("--top", type=positive, default=5, metavar="K", help="how many mappings to show (default: 5)")
    add_code(mapping, default=None)


def run(options: argparse.Namespace) -> int:
    """Run `map`: search every layer before the first line is printed."""
    from sim.cli.choices import choices_of, show_notes
    from sim.runs.request import read_request
    from sim.studies.mapping import map_layers
    from sim.views.console import make_console
    from sim.views.mapping_table import show_mappings

    request = read_request(choices_of(options))
    found = map_layers(request, top=options.top)
    show_notes(request, to_stderr=False)
    show_mappings(found, make_console())
    return 0
