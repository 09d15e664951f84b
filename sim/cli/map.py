"""`sim map`: the best mappings of each layer, and why the runner-up lost."""

from __future__ import annotations

import argparse

from rich.console import Group
from rich.markup import escape

from sim.chips.eyeriss.expected import FmapCode, code_of
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.search import Findings, Goal, find_mappings
from sim.cli.goals import read_goals
from sim.cli.inputs import read_inputs, show_notes
from sim.cli.options import add_code, add_inputs
from sim.cli.parser import Commands, positive
from sim.networks.layer import Layer
from sim.runs.request import Inputs
from sim.views.console import make_console
from sim.views.mapping_table import Mapped, _layer_table, _notes


def run(options: argparse.Namespace) -> int:
    """Run `map`: search every layer before the first line is printed."""
    inputs = read_inputs(options)
    code = FmapCode(options.code) if options.code else code_of(inputs.machine)
    goal_of = read_goals(options, inputs.layers, code)
    mapped = [_search(layer, inputs, goal_of(layer), top=options.top) for layer in inputs.layers]
    show_notes(inputs, to_stderr=False)
    console = make_console()
    heading = f"[bold]{escape(inputs.workload.name)}[/bold] on {escape(inputs.machine.name)}, batch {inputs.batch}"
    console.print(f"{heading}: least {options.objective}, cost table {escape(inputs.table.name)}, fmaps in {code}")
    for one in mapped:
        console.print(Group("", _layer_table(one, inputs), *_notes(one, inputs)))
    legal, evaluated = sum(one.findings.legal for one in mapped), sum(one.findings.evaluated for one in mapped)
    console.print(f"\n{legal:,} legal mappings; {evaluated:,} evaluated, the others excluded by bounds")
    return 0


def _search(layer: Layer, inputs: Inputs, goal: Goal, *, top: int) -> Mapped:
    folded = fold(layer.shape, inputs.machine)
    findings = find_mappings(
        layer, folded, inputs.machine, inputs.table, batch=inputs.batch, goal=goal, top=max(top, 2)
    )
    return Mapped(layer, folded, goal, Findings(findings.candidates[: max(top, 2)], findings.legal, findings.evaluated))


def add_map(commands: Commands) -> None:
    """Add `map`."""
    mapping = commands.add_parser(
        "map",
        help="find the best mappings of each layer",
        description="Search the whole mapping space of each layer; show the best mappings and why the second lost.",
    )
    add_inputs(mapping)
    mapping.add_argument("--top", type=positive, default=5, metavar="K", help="how many mappings to show (default: 5)")
    add_code(mapping, default=None)
