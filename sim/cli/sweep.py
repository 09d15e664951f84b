"""`sim sweep`: evaluate a grid of machines and networks, keep every point at once, go on where it was stopped."""

from __future__ import annotations

import argparse
import io
import shlex
import sys
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.chips.eyeriss.mapping.search import Objective
from sim.cli.exit_status import INTERRUPTED
from sim.cli.outputs import STDOUT, check_targets, writing_whole
from sim.cli.parser import Commands, workers
from sim.cli.progress import point_progress
from sim.errors import InputError
from sim.formats.any_network import read_network
from sim.studies.sweeps.evaluation.rows import DONE, IMPOSSIBLE, edp_column, energy_column
from sim.studies.sweeps.run import fill, open_store
from sim.studies.sweeps.spec.paths import COSTS
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store.store import Store
from sim.studies.sweeps.store.stored import StoredSweep
from sim.studies.sweeps.store.tables import require_parquet, write_csv, write_parquet
from sim.studies.sweeps.workers.executors import Executor, executor_for
from sim.views.console import make_console, plain
from sim.views.scale import Scale, scale_for

_NO_SPEC = "sweep"  # names the store


def run(options: argparse.Namespace) -> int:
    """Run `sweep`: the spec, the store and the workers are checked before the first point runs."""
    study = read_study({"schema": 1} if options.spec is None else options.spec, options.set, read_network)
    if options.store is None:
        options.store = f"{Path(options.spec or _NO_SPEC).stem}.sqlite"
    targets = _check_targets(options)
    executor = executor_for(options.workers, options.scheduler)
    with open_store(options.store, study, executor) as store:
        best = _Best(study)
        for total in store.totals():
            best.look_at(total)
        complete = _evaluate(store, study, executor, best, quiet=options.quiet) and _export(store, targets)
        if not options.quiet or not complete:
            to_stderr = targets.get("csv") == STDOUT or not complete
            _summarise(store, best, study.count(), options, complete=complete, to_stderr=to_stderr)
    return 0 if complete else INTERRUPTED


def _check_targets(options: argparse.Namespace) -> dict[str, Path]:
    """Make sure that store and tables can be written, and are different files; give the tables' by option."""
    for option in ("store", "parquet"):
        if getattr(options, option) == str(STDOUT):
            raise InputError.located(f"--{option}", wrong="'-' is no file", allowed="name a file")
    if options.parquet is not None:
        require_parquet()
    targets = check_targets(options, ("store", "csv", "parquet"))
    del targets["store"]
    return targets


def _evaluate(store: Store, study: Study, executor: Executor, best: _Best, *, quiet: bool) -> bool:
    """Evaluate what is missing, with a progress bar on a terminal; tell whether it came to its end."""
    missing = len(store.missing())
    outcomes = fill(store, study, executor)
    with point_progress(missing, quiet=quiet) as done:
        try:
            for outcome in outcomes:
                found = best.look_at(outcome.total)
                done(f"best {found}" if found else "points")
        finally:
            outcomes.close()  # type: ignore[attr-defined]
    return not store.missing()


def _measure(objective: Objective) -> Callable[[Dict[str, Any], str], float]:
    """Return what the objective makes least, from a total's row and its energy unit."""
    return {
        Objective.ENERGY: lambda row, unit: float(row[energy_column(unit, "system")]),
        Objective.DELAY: lambda row, unit: float(row["latency_s"]),
        Objective.EDP: lambda row, unit: float(row[edp_column(unit)]),
        Objective.DRAM: lambda row, unit: float(row["dram_bits"]),
    }[objective]


@dataclass(slots=True)
class _Best:
    """The best point for each network, batch, cost table and cost: others are not to be compared."""

    study: Study
    lines: dict[tuple[object, ...], tuple[float, int, str]] = field(default_factory=dict)
    _costs: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._costs = [axis.column for axis in self.study.grid.axes if axis.path.startswith(COSTS)]

    def look_at(self, total: Dict[str, Any]) -> str:
        """Take note of a point's total; give the line of the best of its kind, or nothing."""
        kind = (total["workload"], total["batch"], total["cost_table"], *(total[column] for column in self._costs))
        if total["status"] == DONE:
            unit = self.study.tables[str(total["cost_table"])].unit
            value = _measure(self.study.objective)(total, unit)
            new = (value, int(total["point"]), self._line(total, value, unit))
            self.lines[kind] = min(self.lines.get(kind, new), new)  # by number where equal, in any order of arrival
        return self.lines[kind][2] if kind in self.lines else ""

    def _line(self, total: Dict[str, Any], value: float, unit: str) -> str:
        objective, point = self.study.objective, self.study.point(int(total["point"]))
        scale = (
            scale_for(unit, value, below=1000) if objective is Objective.ENERGY else Scale(1.0, _unit(objective, unit))
        )
        one = {axis.path for axis in self.study.grid.axes if len(axis.values) == 1}
        choices = " ".join(f"{path}={written}" for path, written in point.written.items() if path not in one)
        return (
            f"{objective} {value / scale.factor:.4g} {scale.name} at point {point.number}{choices and f': {choices}'}"
        )


def _unit(objective: Objective, unit: str) -> str:
    """Name the unit of what is made least, with the cost table's for energy."""
    return {Objective.DELAY: "s", Objective.EDP: f"{unit} s", Objective.DRAM: "bits"}[objective]


def _export(store: Store, targets: Dict[str, Path]) -> bool:
    """Write all rows as the tables asked for; tell whether it came to its end."""
    try:
        for option, target in targets.items():
            if target == STDOUT:
                write_csv(store, sys.stdout)
                continue
            with writing_whole(target) as stream:
                if option == "parquet":
                    write_parquet(store, stream)
                    continue
                text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
                write_csv(store, text)
                text.flush()
                text.detach()
    except KeyboardInterrupt:
        return False
    return True


def _summarise(
    store: Store, best: _Best, points: int, options: argparse.Namespace, *, complete: bool, to_stderr: bool
) -> None:
    """State what there is, what was best, and how to go on after an interrupt."""
    done, impossible = store.count(DONE), store.count(IMPOSSIBLE)
    lines = [f"{done + impossible} of {points} points are in {options.store}, {impossible} of them impossible"]
    found = sorted(best.lines.items(), key=lambda one: one[1][1])  # in the points' order, whichever came first
    lines += [f"best of {kind[0]}, batch {kind[1]}, {kind[2]}: {line[2]}" for kind, line in found]
    for one in StoredSweep(options.store).differences():
        lines.append(
            f"analytic against cycle, {one.figure}: layers {one.layers_mean:.2f} % on average, "
            f"{one.layers_worst:.2f} % at most; networks {one.networks_mean:.2f} and {one.networks_worst:.2f} %"
        )
    if not complete:
        lines.insert(0, "interrupted: what is finished is kept")
        lines.append(f"to go on: {_command_line(options)}")
    make_console(to_stderr=to_stderr).print(*map(plain, lines), sep="\n", soft_wrap=True)


def _command_line(options: argparse.Namespace) -> str:
    """Return the command that does the rest: the one that was given."""
    words = ["python", "-m", "sim", "sweep", *([] if options.spec is None else [options.spec])]
    for text in options.set:
        words += ["--set", text]
    for option in ("store", "csv", "parquet", "workers", "scheduler"):
        if getattr(options, option) is not None:
            words += [f"--{option}", str(getattr(options, option))]
    return shlex.join([*words, "--quiet"] if options.quiet else words)


def add_sweep(commands: Commands) -> None:
    """Add `sweep`."""
    sweep = commands.add_parser(
        "sweep",
        help="evaluate a grid of machines and networks",
        description="Evaluate every point of a sweep, each layer with its best mapping, by the analytic model, the "
        "cycle-level engine or both. A finished point is kept at once; the same command goes on where it was stopped. "
        "A point whose machine or mapping can't be is a result too, with its reason.",
    )
    sweep.epilog = "'sim sweep plot STORE' draws what a store holds, while a sweep fills it, too."
    sweep.add_argument(
        "spec", nargs="?", metavar="SPEC.yaml", help="the sweep: machine, networks, axes (default: what --set gives)"
    )
    sweep.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUES",
        help="another axis, or another's values: workload=googlenet, glb.fmap_banks=[12,25,50], array.rows=8..16:2, "
        "'glb.size=[54,108] KiB'; may be given again",
    )
    sweep.add_argument(
        "--store",
        metavar="FILE.sqlite",
        help="file that keeps the points (default: the spec's name with .sqlite, here)",
    )
    sweep.add_argument(
        "--csv", metavar="FILE", help="write all rows, one a point and layer, when all are there; - for standard output"
    )
    sweep.add_argument(
        "--parquet",
        metavar="FILE",
        help="write the same as Parquet (needs pyarrow); of a finished store, both are written at once",
    )
    sweep.add_argument(
        "--workers",
        type=workers,
        metavar="N|all",
        help="processes (default: one for each core where 64 points or more are missing, else one)",
    )
    sweep.add_argument(
        "--scheduler",
        metavar="tcp://HOST:8786",
        help="evaluate in the workers of this Dask cluster instead (needs distributed)",
    )
    sweep.add_argument("--quiet", action="store_true", help="print no summary and no progress")
