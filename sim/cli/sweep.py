"""`sim sweep`: evaluate a grid of machines and networks, keep every point at once, go on where it was stopped."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.parser import Commands, workers

if TYPE_CHECKING:
    from sim.studies.sweeps.spec.points import Study
    from sim.studies.sweeps.store.store import Store
    from sim.studies.sweeps.workers.executors import Executor
    from sim.views.sweep_summary import BestPoints

_NO_SPEC = "sweep"  # names the store


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


def run(options: argparse.Namespace) -> int:
    """Run `sweep`: the spec, the store and the workers are checked before the first point runs."""
    from sim.cli.exit_status import INTERRUPTED
    from sim.cli.outputs import STDOUT
    from sim.formats.any_network import read_network
    from sim.studies.sweeps.run import open_store
    from sim.studies.sweeps.spec.spec import read_study
    from sim.studies.sweeps.workers.executors import executor_for
    from sim.views.sweep_summary import BestPoints

    study = read_study({"schema": 1} if options.spec is None else options.spec, options.set, read_network)
    if options.store is None:
        options.store = f"{Path(options.spec or _NO_SPEC).stem}.sqlite"
    targets = _check_targets(options)
    executor = executor_for(options.workers, options.scheduler)
    with open_store(options.store, study, executor) as store:
        best = BestPoints(study)
        for total in store.totals():
            best.look_at(total)
        complete = _evaluate(store, study, executor, best, quiet=options.quiet) and _export(store, targets)
        if not options.quiet or not complete:
            to_stderr = targets.get("csv") == STDOUT or not complete
            _summarise(store, best, study.count(), options, complete=complete, to_stderr=to_stderr)
    return 0 if complete else INTERRUPTED


def _check_targets(options: argparse.Namespace) -> dict[str, Path]:
    """Make sure that store and tables can be written, and are different files; give the tables' by option."""
    from sim.cli.outputs import STDOUT, check_targets
    from sim.errors import InputError
    from sim.studies.sweeps.store.tables import require_parquet

    for option in ("store", "parquet"):
        if getattr(options, option) == str(STDOUT):
            raise InputError.located(f"--{option}", wrong="'-' is no file", allowed="name a file")
    if options.parquet is not None:
        require_parquet()
    targets = check_targets(options, ("store", "csv", "parquet"))
    del targets["store"]
    return targets


def _evaluate(store: Store, study: Study, executor: Executor, best: BestPoints, *, quiet: bool) -> bool:
    """Evaluate what is missing, with a progress bar on a terminal; tell whether it came to its end."""
    from sim.cli.progress import point_bar
    from sim.runs.progress import layers_done
    from sim.studies.sweeps.run import fill

    outcomes = fill(store, study, executor)
    with layers_done(point_bar(quiet=quiet), len(store.missing())) as done:
        try:
            for outcome in outcomes:
                found = best.look_at(outcome.total)
                done(f"best {found}" if found else "points")
        finally:
            outcomes.close()  # type: ignore[attr-defined]
    return not store.missing()


def _export(store: Store, targets: Mapping[str, Path]) -> bool:
    """Write all rows as the tables asked for; tell whether it came to its end."""
    import io
    import sys

    from sim.cli.outputs import STDOUT
    from sim.files.whole import writing_whole
    from sim.studies.sweeps.store.tables import write_csv, write_parquet

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
    store: Store, best: BestPoints, points: int, options: argparse.Namespace, *, complete: bool, to_stderr: bool
) -> None:
    """State what there is, what was best, and how to go on after an interrupt."""
    from sim.views.console import make_console, plain
    from sim.views.sweep_summary import summary_lines

    lines = summary_lines(store, best, points, options.store)
    if not complete:
        lines = ["interrupted: what is finished is kept", *lines, f"to go on: {_command_line(options)}"]
    make_console(to_stderr=to_stderr).print(*map(plain, lines), sep="\n", soft_wrap=True)


def _command_line(options: argparse.Namespace) -> str:
    """Return the command that does the rest: the one that was given."""
    import shlex

    words = ["python", "-m", "sim", "sweep", *([] if options.spec is None else [options.spec])]
    for text in options.set:
        words += ["--set", text]
    for option in ("store", "csv", "parquet", "workers", "scheduler"):
        if getattr(options, option) is not None:
            words += [f"--{option}", str(getattr(options, option))]
    return shlex.join([*words, "--quiet"] if options.quiet else words)
