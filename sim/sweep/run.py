"""A sweep from start to end: what is missing is evaluated and kept; and its results as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.sweep.evaluate import Outcome
from sim.sweep.executors import Executor, Workers, executor_for
from sim.sweep.points import Study
from sim.sweep.spec import read_study
from sim.sweep.store import MEMORY, Store
from sim.sweep.tables import as_frame, require_pandas

if TYPE_CHECKING:
    import pandas as pd


def open_store(name: str, study: Study, executor: Executor) -> Store:
    """Open a store; a new one is made only where the executor says that it can work."""
    if name != MEMORY and not Path(name).exists():
        executor.check()
    return Store(name, study)


def fill(store: Store, study: Study, executor: Executor) -> Iterator[Outcome]:
    """Evaluate the points that a store lacks; yield each when it is kept."""
    outcomes = executor.run(study, store.missing())
    with closing(outcomes):  # type: ignore[type-var]
        for outcome in outcomes:
            store.add(outcome)
            yield outcome


def sweep(
    spec: Path | str | Dict[str, Any],
    workers: Workers = 1,
    *,
    scheduler: str | None = None,
    store: Path | str | None = None,
) -> pd.DataFrame:
    """Run a sweep; give one row for each point and layer, and one for each point's total, units in column names.

    `spec` is a file or the same as data. With `store`, points go to that SQLite file, and those there are not done
    again. `workers` is a number of processes, "all" for one a core, or None for that where points are many; `scheduler`
    is the address of a Dask cluster in their place. More than one worker start fresh processes, so a script needs its
    `if __name__ == "__main__"`. Needs pandas; raises InputError for what is wrong with spec, store or cluster.
    """
    require_pandas()
    study, executor = read_study(spec), executor_for(workers, scheduler)
    with open_store(MEMORY if store is None else str(store), study, executor) as kept:
        for _outcome in fill(kept, study, executor):
            pass
        return as_frame(kept)
