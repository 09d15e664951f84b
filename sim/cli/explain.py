"""`sim explain`: what a figure means, in which unit it is, and where it is worked out."""

from __future__ import annotations

import argparse

from sim.cli.parser import Commands


def add_explain(commands: Commands) -> None:
    """Add `explain`."""
    explain = commands.add_parser(
        "explain",
        help="say what a figure means",
        description="Say what a figure of the tables, files and pages means, its unit, and where it is worked out; "
        "a level (glb, spad) is told entry by entry, as the chips count it. Without a name, list all figures.",
    )
    explain.add_argument("figure", nargs="?", metavar="FIGURE", help="a figure's or level's name, e.g. dram, live, glb")


def run(options: argparse.Namespace) -> int:
    """Run `explain`."""
    from sim.studies.explanation import explain
    from sim.views.console import make_console
    from sim.views.explanation_table import show_explanation

    show_explanation(explain(options.figure), make_console())
    return 0
