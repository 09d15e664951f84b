"""What commands are given: machine, cost table, workload, and the layers and mappings chosen on the command line."""

from __future__ import annotations

import argparse
import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.arch import Machine, read_machine
from sim.catalogue import find_cost_table, find_machine, find_workload
from sim.energy import CostTable, read_cost_table
from sim.errors import InputError, did_you_mean, quoted
from sim.importers.tool_text import read_tool_file
from sim.layer import Layer
from sim.schema import validate_data
from sim.text_source import shown_path
from sim.workload import MappingEntry, Workload, read_workload

_MAPPING_EXAMPLE = "write e.g. CONV3:m=64,n=4,e=13,p=16,q=3,r=2,t=2"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hold what a command works on; `layers` are those chosen, with the mappings of the command line.

    `table` holds the costs at the machine's voltage.
    """

    machine: Machine
    table: CostTable
    workload: Workload
    layers: tuple[Layer, ...]
    batch: int


def read_inputs(options: argparse.Namespace) -> Inputs:
    """Read and check all that the options name; raise InputError for the first thing wrong."""
    machine_file = find_machine(options.arch)
    machine = read_machine(machine_file)
    workload = read_network(options.workload)
    table = read_cost_table(_cost_table_file(options.cost_table, machine, machine_file))
    table = table.scaled_to(machine.core.voltage)
    layers = _with_mappings(_select(workload, options.layers), options.mapping)
    return Inputs(machine, table, workload, tuple(layers), options.batch or workload.batch)


def read_network(name: str) -> Workload:
    """Read a workload file, a shipped workload, or a file of the online tool, which the suffix .txt tells."""
    if Path(name).suffix.lower() == ".txt":
        return read_tool_file(name)
    return read_workload(find_workload(name))


def _cost_table_file(name: str | None, machine: Machine, machine_file: Path) -> Path:
    """Find the cost table that was asked for, else the machine's own."""
    if name is not None:
        return find_cost_table(name)
    try:
        return find_cost_table(machine.cost_table)
    except InputError as error:
        raise InputError(f"{shown_path(machine_file)}: cost_table: {error}") from error


def _select(workload: Workload, patterns: str | None) -> list[Layer]:
    """Pick layers by names or patterns, in the network's order."""
    if patterns is None:
        return list(workload.layers)
    names = [layer.name for layer in workload.layers]
    wanted: set[str] = set()
    for pattern in patterns.split(","):
        matched = fnmatch.filter(names, pattern.strip())
        if not matched:
            raise InputError.located(
                "--layers",
                wrong=f"no layer '{pattern.strip()}' in {workload.name}",
                allowed=did_you_mean(pattern.strip(), names),
            )
        wanted.update(matched)
    return [layer for layer in workload.layers if layer.name in wanted]


def _with_mappings(layers: Sequence[Layer], texts: Sequence[str]) -> list[Layer]:
    """Give layers the mappings of the command line."""
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
