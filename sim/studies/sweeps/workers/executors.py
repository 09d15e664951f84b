"""Who evaluates the points: this process, several on this machine, or a Dask cluster. The outcomes are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

from sim.errors import InputError
from sim.studies.sweeps.evaluation.evaluate import Outcome
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.workers.cluster import DaskCluster
from sim.studies.sweeps.workers.local import InProcess, LocalProcesses, cores

Workers = int | Literal["all"] | None
_WORTH_PROCESSES = 64


class Executor(Protocol):
    """Who evaluates the points of a study."""

    def check(self, study: Study) -> None:
        """Raise InputError where no points can be evaluated; asked before a new store is made."""
        ...

    def run(self, study: Study, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield the points' outcomes soon after they are there, in any order; closed early, give up the rest."""
        ...


def executor_for(workers: Workers, scheduler: str | None = None) -> Executor:
    """Choose a Dask cluster by its scheduler's address, or processes here: a number, "all" cores, or None.

    None is all cores for 64 points or more, and one for fewer. Raises InputError for an address that is none, for
    several workers beside a scheduler, and where Dask is missing.
    """
    if scheduler is not None:
        if workers not in (None, 1):
            wrong = "a cluster has workers of its own"
            raise InputError.located("--scheduler", wrong=wrong, allowed="leave out --workers")
        return DaskCluster.at(scheduler)
    if workers is None:
        return LocalProcesses(cores(), fewest_points=_WORTH_PROCESSES)
    count = cores() if workers == "all" else workers
    return LocalProcesses(count) if count > 1 else InProcess()
