"""What the commands do: gather the inputs, run, show and write the result."""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sim import __version__
from sim.arch import Machine, read_machine
from sim.catalogue import find_cost_table, find_machine, find_workload
from sim.energy import CostTable, read_cost_table
from sim.engine.chip import CycleModel
from sim.errors import InputError, did_you_mean, printable, quoted
from sim.layer import Layer
from sim.report import make_console, show
from sim.results import LayerResult, NetworkResult
from sim.runner import Planned, Planner, Runner
from sim.schema import validate_data
from sim.text_source import shown_path
from sim.workload import MappingEntry, Workload, read_workload

INTERRUPTED = 130
_MAPPING_EXAMPLE = "write e.g. CONV3:m=64,n=4,e=13,p=16,q=3,r=2,t=2"


def run(options: argparse.Namespace) -> int:
    """Do `run`: everything that can be wrong with the input is found before the first layer runs."""
    machine = read_machine(find_machine(options.arch))
    workload = read_workload(find_workload(options.workload))
    table = read_cost_table(find_cost_table(options.cost_table or machine.cost_table))
    batch = options.batch or workload.batch
    layers = _with_mappings(_select(workload, options.layers), options.mapping)
    target = _check_target(options.json)
    planned = Planner(machine, table, batch).plan(layers)
    model = CycleModel(machine, reuse=not options.no_reuse)
    runner = Runner(machine, table, model, batch, options.seed)
    finished = _run_layers(runner, planned, quiet=options.quiet)
    result = NetworkResult(
        provenance=_provenance(options, machine, workload, table, batch),
        layers=tuple(finished),
        batch=batch,
        complete=len(finished) == len(planned),
    )
    _hand_over(result, table, target, quiet=options.quiet)
    return 0 if result.complete else INTERRUPTED


def _run_layers(runner: Runner, planned: Sequence[Planned], *, quiet: bool) -> list[LayerResult]:
    """Run the layers with a progress bar on a terminal; keep what is finished when interrupted."""
    console = make_console(to_stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = quiet or not console.is_terminal
    finished: list[LayerResult] = []
    with (
        Progress(*columns, console=console, transient=True, disable=hidden) as progress,
        suppress(KeyboardInterrupt),
    ):
        task = progress.add_task("layers", total=len(planned))
        for layer in runner.run(planned):
            finished.append(layer)
            progress.update(task, advance=1, description=printable(layer.name))
    return finished


def _hand_over(result: NetworkResult, table: CostTable, target: Path | None, *, quiet: bool) -> None:
    to_stdout = target == Path("-")
    if to_stdout:
        sys.stdout.write(_as_json(result))
    elif target is not None:
        _write(target, _as_json(result))
    if not quiet and result.layers:
        show(result, make_console(to_stderr=to_stdout), status=table.status)
    if not result.layers:
        print("interrupted: nothing was finished", file=sys.stderr)


def _as_json(result: NetworkResult) -> str:
    return json.dumps(result.as_dict(), indent=1, allow_nan=False) + "\n"


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
        entry = validate_data(_read_pairs(pairs), MappingEntry, "--mapping")
        named[name] = replace(named[name], mapping=tuple(entry.model_dump().items()))
    return list(named.values())


def _read_pairs(text: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for pair in text.split(","):
        key, _, value = pair.partition("=")
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise InputError.located(
                "--mapping",
                wrong=f"{quoted(pair)} is no parameter",
                allowed=_MAPPING_EXAMPLE,
            )
        if key.strip() in pairs:
            raise InputError.located("--mapping", [key.strip()], wrong="given twice", allowed="give it once")
        pairs[key.strip()] = int(value)
    return pairs


def _provenance(
    options: argparse.Namespace, machine: Machine, workload: Workload, table: CostTable, batch: int
) -> dict[str, Any]:
    return {
        "version": __version__,
        "git": _git_commit(),
        "arch": machine.name,
        "workload": workload.name,
        "batch": batch,
        "model": "cycle",
        "cost_table": table.name,
        "seed": options.seed,
        "options": {"layers": options.layers, "mapping": options.mapping, "reuse": not options.no_reuse},
    }


def _git_commit() -> str | None:
    """Give the checkout's commit, with -dirty if it was changed; None outside a checkout."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _check_target(name: str | None) -> Path | None:
    """Make sure, before a long run, that the result file can be written."""
    if name is None:
        return None
    target = Path(name)
    if name == "-":
        return target
    try:
        if target.is_dir():
            raise InputError.located(shown_path(name), wrong="is a folder", allowed="give the name of a file")
        if not target.parent.is_dir():
            raise InputError.located(shown_path(name), wrong="its folder is missing", allowed="make it first")
        if not os.access(target if _is_stream(target) else _followed(target).parent, os.W_OK):
            raise InputError.located(shown_path(name), wrong="its folder can't be written to", allowed="name another")
    except OSError as error:
        raise _unwritable(target, error) from error
    return target


def _is_stream(target: Path) -> bool:
    """Tell a pipe or a device, which is written to, from a file, which is replaced."""
    return target.exists() and not target.is_file()


def _followed(target: Path) -> Path:
    """Follow links, also those that lead to a file that is not there yet."""
    return Path(os.path.realpath(target))


def _unwritable(target: Path, error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    return InputError.located(shown_path(target), wrong=f"can't be written: {reason}", allowed="name another file")


def _write(target: Path, text: str) -> None:
    """Write a file whole or not at all; links are followed, pipes and devices written to."""
    try:
        if _is_stream(target):
            target.write_text(text, encoding="utf-8")
        else:
            _replace(_followed(target), text)
    except OSError as error:
        raise _unwritable(target, error) from error


def _replace(target: Path, text: str) -> None:
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".sim-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
