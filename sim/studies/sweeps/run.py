"""A sweep from start to end: what a store lacks is evaluated and kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sim.studies.sweeps.evaluation.evaluate import Outcome
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.store.store import MEMORY, Store
from sim.studies.sweeps.workers.executors import Executor


def open_store(name: str, study: Study, executor: Executor) -> Store:
    """Open a store; a new one is made only where the executor says that it can work."""
    if name != MEMORY and not Path(name).exists():
        executor.check(study)
    return Store(name, study)


def fill(store: Store, study: Study, executor: Executor) -> Iterator[Outcome]:
    """Evaluate the points that a store lacks; yield each when it is kept."""
    outcomes = executor.run(study, store.missing())
    with closing(outcomes):  # type: ignore[type-var]
        for outcome in outcomes:
            store.add(outcome)
            yield outcome
