"""`sim schema`: JSON Schemas of the files, for editors that check YAML while it is written."""

from __future__ import annotations

import argparse

from sim.cli.parser import Commands, one_of

_FILES = ("machine", "workload", "costs", "sweep", "result")


def add_schema(commands: Commands) -> None:
    """Add `schema`."""
    command = commands.add_parser(
        "schema",
        help="print a file's JSON Schema, for editors",
        description="Print the JSON Schema of a machine (of a chip), workload, cost table, sweep or result file.",
    )
    command.add_argument("file", type=one_of(*_FILES), metavar="machine|workload|costs|sweep|result", help="which file")
    command.add_argument("--chip", default="eyeriss", metavar="NAME", help="chip of the machine (default: eyeriss)")


def run(options: argparse.Namespace) -> int:
    """Run `schema`."""
    import json

    from sim.studies.schemas import schema_of

    print(json.dumps(schema_of(options.file, options.chip), indent=2))
    return 0
