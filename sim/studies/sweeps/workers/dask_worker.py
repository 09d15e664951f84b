"""What runs in a Dask cluster's workers. Needs `distributed`, so it is imported only where that is used."""

from __future__ import annotations

import logging
import pickle
import threading
from dataclasses import dataclass

from distributed import Worker, WorkerPlugin, get_worker

from sim.errors import SimError
from sim.studies.sweeps.evaluation.code_version import code_version
from sim.studies.sweeps.evaluation.evaluate import Evaluator, Outcome
from sim.studies.sweeps.spec.points import Study


@dataclass(frozen=True, slots=True)
class Reply:
    """What a worker answers to a chunk.

    `outcomes` is None where it lacks the study, runs other code, or had a `fault`, which is said in words.
    """

    worker: str
    code: str
    outcomes: tuple[Outcome, ...] | None = None
    fault: str = ""


class StudyOnWorker(WorkerPlugin):
    """A study brought to every worker once; the scheduler hands it to those that join later or start again."""

    def __init__(self, study: Study) -> None:
        self._pickled = pickle.dumps(study)  # read only where the code is known to be the same

    def setup(self, worker: Worker) -> None:
        """Make room for an evaluator for each of the worker's threads."""
        self._own = threading.local()

    def evaluator(self) -> Evaluator:
        """Return this thread's evaluator."""
        if not hasattr(self._own, "evaluator"):
            self._own.evaluator = Evaluator(pickle.loads(self._pickled))
        found: Evaluator = self._own.evaluator
        return found


def evaluate_chunk(study: str, code: str, chunk: tuple[int, ...]) -> Reply:
    """Evaluate a chunk of the study of that name, with that code and no other."""
    worker, here = get_worker(), code_version()
    plugin = worker.plugins.get(study)
    if here != code or not isinstance(plugin, StudyOnWorker):
        return Reply(worker.address, here)
    try:
        evaluator = plugin.evaluator()
        return Reply(worker.address, here, tuple(map(evaluator.evaluate, chunk)))
    except SimError:
        raise
    except Exception as error:  # one that can't be pickled would never arrive
        logging.getLogger(__name__).exception("the points %s", chunk)
        return Reply(worker.address, here, fault=f"{type(error).__name__}: {' '.join(str(error).split())}")
