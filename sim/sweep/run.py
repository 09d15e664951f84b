"""A sweep from start to end: what is missing is evaluated and kept; and its results as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.sweep.evaluate import Outcome
from sim.sweep.executors import Executor, LocalProcesses, executor_for
from sim.sweep.points import Study
from sim.sweep.spec import read_study
from sim.sweep.store import MEMORY, Store

if TYPE_CHECKING:
    import pandas as pd


def fill(store: Store, study: Study, executor: Executor) -> Iterator[Outcome]:
    """Evaluate the points that a store lacks; yield each when it is kept."""
    numbers = store.missing()
    if len(numbers) < 2 and isinstance(executor, LocalProcesses):
        executor = executor_for(1)  # not worth another process
    outcomes = executor.run(study, numbers)
    with closing(outcomes):  # type: ignore[type-var]
        for outcome in outcomes:
            store.add(outcome)
            yield outcome


def sweep(spec: Path | str | Dict[str, Any], workers: int = 1, *, store: Path | str | None = None) -> pd.DataFrame:
    """Run a sweep; give one row for each point and layer, and one for each point's total, units in column names.

    `spec` is a file or the same as data. With `store`, points go to that SQLite file, and those there are not done
    again. More than one worker start fresh processes, so a script needs its `if __name__ == "__main__"`. Needs pandas;
    raises InputError for what is wrong with the spec or the store.
    """
    try:
        import pandas as pd
    except ImportError as error:
        allowed = "install it: pip install 'sim[sweep]'"
        raise InputError.located("sweep", wrong="needs pandas, which is missing", allowed=allowed) from error
    study = read_study(spec)
    with Store(MEMORY if store is None else str(store), study) as kept:
        for _outcome in fill(kept, study, executor_for(workers)):
            pass
        return pd.DataFrame(list(kept.rows()), columns=list(kept.columns))
