"""`sim list`, `sim show` and `sim new`: what comes with the program, and copies of it to edit."""

from __future__ import annotations

import argparse

from sim.cli.parser import Commands, one_of

_SHELVES = ("machines", "workloads", "costs", "chips")


def add_list(commands: Commands) -> None:
    """Add `list`."""
    command = commands.add_parser(
        "list",
        help="list machines, workloads, cost tables and chips",
        description="List what comes with the program, with a line on each.",
    )
    command.add_argument(
        "what", nargs="?", type=one_of(*_SHELVES), metavar="machines|workloads|costs|chips", help="one kind only"
    )


def run_list(options: argparse.Namespace) -> int:
    """Run `list`."""
    from sim.views.catalogue_table import show_catalogue
    from sim.views.console import make_console

    show_catalogue(_SHELVES if options.what is None else (options.what,), make_console())
    return 0


def add_show(commands: Commands) -> None:
    """Add `show`."""
    command = commands.add_parser(
        "show",
        help="print a shipped file, with its comments",
        description="Print the YAML of a shipped machine, workload or cost table, with its comments.",
    )
    command.add_argument("name", metavar="NAME", help="a name that `sim list` has")


def run_show(options: argparse.Namespace) -> int:
    """Run `show`."""
    import sys

    from sim.files.shipped import find_text

    sys.stdout.write(find_text(options.name)[1])
    return 0


def add_new(commands: Commands) -> None:
    """Add `new`."""
    command = commands.add_parser(
        "new",
        help="write a copy of a shipped machine or workload, to edit",
        description="Write NAME.yaml here, a copy of a shipped machine or workload with its comments.",
    )
    command.add_argument("what", type=one_of("machine", "workload"), metavar="machine|workload", help="what to copy")
    command.add_argument("name", metavar="NAME", help="its new name; the file is NAME.yaml")
    command.add_argument(
        "--from", dest="source", metavar="NAME", help="what is copied (default: eyeriss, or alexnet for a workload)"
    )


def run_new(options: argparse.Namespace) -> int:
    """Run `new`; a file that is there already is not replaced."""
    from pathlib import Path

    from sim.cli.outputs import check_target
    from sim.errors import InputError
    from sim.files.shipped import copy_of
    from sim.files.whole import write_whole

    source = options.source or {"machine": "eyeriss", "workload": "alexnet"}[options.what]
    text = copy_of(f"{options.what}s", options.name, source)
    target = Path(f"{options.name}.yaml")
    if target.exists() or target.is_symlink():
        raise InputError.located(str(target), wrong="is there already", allowed="choose another name, or remove it")
    check_target(str(target), "NAME")
    write_whole(target, text)
    print(f"{target}: a copy of {source}, named {options.name}")
    return 0
