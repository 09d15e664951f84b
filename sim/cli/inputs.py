"""What commands are given: machine, cost table, workload, and the layers and mappings chosen on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.chips.eyeriss.machine import Machine, read_machine
from sim.errors import InputError, did_you_mean, quoted
from sim.files.catalogue import find_cost_table, find_machine
from sim.files.schema import validate_data
from sim.files.text import shown_path
from sim.formats.any_network import read_plain_network
from sim.formats.onnx.network import read_onnx
from sim.formats.onnx.shapes import read_shapes
from sim.ledger.energy import read_cost_table
from sim.networks.layer import Layer
from sim.networks.layer_choice import choose_layers
from sim.networks.workload import MappingEntry
from sim.runs.request import Inputs, Network
from sim.views.console import make_console, plain

if TYPE_CHECKING:  # only --inputs needs it, and it is slow to import
    pass

_MAPPING_EXAMPLE = "write e.g. CONV3:m=64,n=4,e=13,p=16,q=3,r=2,t=2"


def read_inputs(options: argparse.Namespace) -> Inputs:
    """Read and check all that the options name; raise InputError for the first thing wrong."""
    machine_file = find_machine(options.arch)
    machine = read_machine(machine_file)
    shapes = getattr(options, "shape", ())  # commands with a workload of their own have no such option
    network = find_network(options.workload, shapes)
    workload = network.workload
    table = read_cost_table(_cost_table_file(options.cost_table, machine, machine_file))
    table = table.scaled_to(machine.core.voltage)
    chosen = workload.layers
    if options.layers is not None:
        chosen = choose_layers(workload, options.layers.split(","), "--layers")
    layers = _with_mappings(chosen, options.mapping)
    return Inputs(machine, table, workload, tuple(layers), options.batch or workload.batch, network)


def find_network(name: str, shapes: Sequence[str] = ()) -> Network:
    """Read a workload file, a shipped workload, or another tool's file; its suffix tells.

    `shapes` has those of an ONNX file's free dimensions, as `name=1x3x224x224`.
    """
    given = read_shapes(shapes)
    if Path(name).suffix.lower() == ".onnx":
        imported = read_onnx(name, given)
        return Network(imported.workload, imported, tuple(shapes))
    if shapes:
        allowed = "leave it out: only an ONNX file has free dimensions"
        raise InputError.located("--shape", wrong=f"{shown_path(name)} is no ONNX file", allowed=allowed)
    return Network(read_plain_network(name))


def show_notes(inputs: Inputs, *, to_stderr: bool, drawn_with: int | None = None) -> None:
    """Print what is to be known of an imported network before its results; `drawn_with` seeded its tensors, if any."""
    lines = inputs.notes
    if lines and drawn_with is not None and inputs.values is None:
        lines.append(f"tensors: drawn with seed {drawn_with} at these zeros; --inputs takes the network's own values")
    if lines:
        make_console(to_stderr=to_stderr).print(*map(plain, lines), "", sep="\n")


def _cost_table_file(name: str | None, machine: Machine, machine_file: Path) -> Path:
    """Find the cost table that was asked for, else the machine's own."""
    if name is not None:
        return find_cost_table(name)
    try:
        return find_cost_table(machine.cost_table)
    except InputError as error:
        raise InputError(f"{shown_path(machine_file)}: cost_table: {error}") from error


def _with_mappings(layers: Sequence[Layer], texts: Sequence[str]) -> list[Layer]:
    """Hand layers the mappings of the command line."""
    named = {layer.name: layer for layer in layers}
    for text in texts:
        name, colon, pairs = text.rpartition(":")
        if not colon:
            raise InputError.located("--mapping", wrong=f"{quoted(text)} names no layer", allowed=_MAPPING_EXAMPLE)
        if name not in named:
            raise InputError.located(
                "--mapping", wrong=f"no layer '{name}' is run", allowed=did_you_mean(name, list(named))
            )
        entry = validate_data(
            read_pairs(pairs, "--mapping", whole_number, allowed=_MAPPING_EXAMPLE), MappingEntry, "--mapping"
        )
        named[name] = replace(named[name], mapping=tuple(entry.model_dump().items()))
    return list(named.values())


def read_pairs(
    text: str, option: str, read: Callable[[str], float | None], *, allowed: str, what: str = "parameter"
) -> dict[str, Any]:
    """Read `key=number,...` as an option's text; `read` gives None for what is no number of its kind."""
    pairs: dict[str, Any] = {}
    for pair in text.split(","):
        key, _, value = pair.partition("=")
        number = read(value)
        if number is None:
            raise InputError.located(option, wrong=f"{quoted(pair)} is no {what}", allowed=allowed)
        if key.strip() in pairs:
            raise InputError.located(option, [key.strip()], wrong="given twice", allowed="give it once")
        pairs[key.strip()] = number
    return pairs


def whole_number(text: str) -> int | None:
    """Read a whole number of at most nine digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
