"""`sim sweep`: evaluate a grid of machines and networks, keep every point at once, go on where it was stopped."""

from __future__ import annotations

import argparse
import csv
import io
import shlex
import sys
import time
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from sim.commands.outputs import STDOUT, check_targets, writing_whole
from sim.commands.progress import layer_progress
from sim.errors import InputError
from sim.mapping.search import Objective
from sim.report import make_console, plain
from sim.sweep.evaluate import DONE, IMPOSSIBLE
from sim.sweep.executors import executor_for
from sim.sweep.points import Study
from sim.sweep.rows import edp_column, energy_column
from sim.sweep.run import fill
from sim.sweep.spec import read_study
from sim.sweep.store import Store

INTERRUPTED = 130


def run(options: argparse.Namespace) -> int:
    """Do `sweep`: the spec and the store are checked before the first point runs."""
    study = read_study(options.spec, options.set)
    target = _check_targets(options)
    with Store(options.store, study) as store:
        best = _Best(study)
        for total in store.totals():
            best.look_at(total)
        complete = _evaluate(store, study, best, options)
        if complete and target is not None:
            _export(store, target)
        if not options.quiet or not complete:
            _summarise(store, best, len(study), options, to_stderr=target == STDOUT or not complete)
    return 0 if complete else INTERRUPTED


def _check_targets(options: argparse.Namespace) -> Path | None:
    """Make sure that store and CSV can be written, and are two files; give the CSV's."""
    if options.store == str(STDOUT):
        raise InputError.located("--store", wrong="'-' is no file", allowed="name a file")
    return check_targets(options, ("store", "csv")).get("csv")


def _evaluate(store: Store, study: Study, best: _Best, options: argparse.Namespace) -> bool:
    """Evaluate what is missing, with a progress bar on a terminal; tell whether it came to its end."""
    missing = len(store.missing())
    outcomes = fill(store, study, executor_for(options.workers))
    started, finished = time.monotonic(), 0
    with layer_progress(missing, quiet=options.quiet) as done:
        try:
            for outcome in outcomes:
                finished += 1
                shown = best.look_at(outcome.total)
                done(_pace(finished, missing, time.monotonic() - started) + (f", best {shown}" if shown else ""))
        finally:
            outcomes.close()  # type: ignore[attr-defined]
    return not store.missing()


def _pace(finished: int, missing: int, elapsed_s: float) -> str:
    """Say how fast points are finished and how long the rest will take."""
    rate = finished / max(elapsed_s, 1e-9)
    minutes, seconds = divmod(round((missing - finished) / rate), 60)
    return f"{rate:.3g} points/s, {minutes}:{seconds:02d} left"


def _measure(objective: Objective) -> Callable[[Dict[str, Any], str], float]:
    """Give what the objective makes least, from a total's row and its energy unit."""
    return {
        Objective.ENERGY: lambda row, unit: float(row[energy_column(unit, "system")]),
        Objective.DELAY: lambda row, unit: float(row["latency_s"]),
        Objective.EDP: lambda row, unit: float(row[edp_column(unit)]),
        Objective.DRAM: lambda row, unit: float(row["dram_bits"]),
    }[objective]


@dataclass(slots=True)
class _Best:
    """Keep the best point for each network, batch and cost table: others are not to be compared."""

    study: Study
    lines: dict[tuple[object, ...], tuple[float, int, str]] = field(default_factory=dict)

    def look_at(self, total: Dict[str, Any]) -> str:
        """Take note of a point's total; give the line of the best of its kind, or nothing."""
        kind = (total["workload"], total["batch"], total["cost_table"])
        if total["status"] == DONE:
            unit = self.study.tables[str(total["cost_table"])].unit
            value = _measure(self.study.objective)(total, unit)
            new = (value, int(total["point"]), self._line(total, value, unit))
            self.lines[kind] = min(self.lines.get(kind, new), new)  # by number where equal, in any order of arrival
        return self.lines[kind][2] if kind in self.lines else ""

    def _line(self, total: Dict[str, Any], value: float, unit: str) -> str:
        objective = self.study.objective
        units = {Objective.ENERGY: unit, Objective.DELAY: "s", Objective.EDP: f"{unit} s", Objective.DRAM: "bits"}
        point = self.study.point(int(total["point"]))
        choices = " ".join(f"{path}={written}" for path, written in point.written.items())
        return f"{objective} {value:.4g} {units[objective]} at point {point.number}: {choices}"


def _export(store: Store, target: Path) -> None:
    """Write all rows as CSV, by point and layer."""
    if target == STDOUT:
        _write_rows(store, sys.stdout)
        return
    with writing_whole(target) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        _write_rows(store, text)
        text.flush()
        text.detach()


def _write_rows(store: Store, stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(store.columns)
    writer.writerows(store.rows())


def _summarise(store: Store, best: _Best, points: int, options: argparse.Namespace, *, to_stderr: bool) -> None:
    """Say what there is, what was best, and how to go on where points are missing."""
    done, impossible = store.count(DONE), store.count(IMPOSSIBLE)
    lines = [f"{done + impossible} of {points} points are in {options.store}, {impossible} of them impossible"]
    lines += [f"best of {kind[0]}, batch {kind[1]}, {kind[2]}: {line[2]}" for kind, line in best.lines.items()]
    if done + impossible < points:
        lines.insert(0, "interrupted: what is finished is kept")
        lines.append(f"to go on: {_command_line(options)}")
    make_console(to_stderr=to_stderr).print(*map(plain, lines), sep="\n", soft_wrap=True)


def _command_line(options: argparse.Namespace) -> str:
    """Give the command that does the rest."""
    words = ["python", "-m", "sim", "sweep", options.spec]
    for text in options.set:
        words += ["--set", text]
    words += ["--store", options.store]
    if options.csv is not None:
        words += ["--csv", options.csv]
    return shlex.join([*words, "--workers", str(options.workers)])
