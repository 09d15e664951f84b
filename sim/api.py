"""What scripts and notebooks call: `import sim; sim.sweep(...)`."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.formats.any_network import read_network
from sim.studies.sweeps.run import fill, open_store
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store.store import MEMORY
from sim.studies.sweeps.store.tables import as_frame, require_pandas
from sim.studies.sweeps.workers.executors import Workers, executor_for

if TYPE_CHECKING:
    import pandas as pd


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
    study, executor = read_study(spec, read_network=read_network), executor_for(workers, scheduler)
    with open_store(MEMORY if store is None else str(store), study, executor) as kept:
        for _outcome in fill(kept, study, executor):
            pass
        return as_frame(kept)
