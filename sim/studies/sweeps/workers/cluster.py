"""Points evaluated by the workers of a Dask cluster that is there already: Dask schedules, and no code of ours."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sim.errors import SimError, listed
from sim.files.text import shown_path
from sim.studies.sweeps.evaluation.evaluate import Outcome
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.workers.chunks import chunks
from sim.studies.sweeps.workers.scheduler import Scheduler

if TYPE_CHECKING:
    from sim.studies.sweeps.workers.dask_worker import Reply

_IN_FLIGHT_PER_THREAD = 3  # enough that none waits, few enough that the scheduler's and our memory stay flat
_LOOK_S = 2.0  # how often the workers are counted
_GATHER_S = 5.0
_KEPT = "run the same again: what is in the store is kept"
_SAME_CODE = "install the same version of sim on scheduler and workers"


class DaskCluster(Scheduler):
    """An executor that evaluates points in a cluster; a worker that is lost costs no point, and one that joins gets its
    share.
    """

    __slots__ = ()

    def check(self, study: Study) -> None:
        """Raise InputError where the scheduler doesn't answer or has no workers, or they lack files of the study."""
        self._check_files(study)
        with self.connected():
            pass

    def run(self, study: Study, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield outcomes as soon as a worker has done its chunk.

        Raises InputError where the cluster can't be reached, is lost, has other code, or dies of a chunk.
        """
        if numbers:
            self._check_files(study)
            with self.connected() as client:
                yield from _SentChunk(client, study, self).outcomes(numbers)

    def _check_files(self, study: Study) -> None:
        files = study.tensor_files()
        if files:
            wrong = f"the values of {shown_path(files[0])} are on this machine only"
            raise self.error(wrong, "leave out --scheduler, or the tensors of the workload's layers")


@dataclass(slots=True)
class _SentChunk:
    """A run of a study on a cluster: what is in flight, what is to be sent again, how many threads there are."""

    client: Any
    study: Study
    scheduler: Scheduler
    running: dict[Any, tuple[int, ...]] = field(default_factory=dict)
    again: deque[tuple[int, ...]] = field(default_factory=deque)
    finished: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    threads: int = 0
    looked_s: float = 0.0
    staffed_s: float = 0.0

    def outcomes(self, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Keep all threads of the cluster in work until there is none left."""
        try:
            self._hand_out_study()
            self._count_threads()
            work = chunks(self.study, numbers, max(self.threads, 1))
            while True:
                self._submit(work)
                if not self.running:
                    return
                yield from self._next()
                self._count_threads()
        except (CancelledError, OSError) as error:
            raise self.scheduler.error(f"the scheduler was lost: {type(error).__name__}", _KEPT) from error
        finally:
            with suppress(OSError, CancelledError, ValueError):  # the study may have gone with another sweep of it
                self.client.cancel(list(self.running), force=True)
                self._ask("unregister_worker_plugin", name=self._name())

    def _ask(self, question: str, **words: object) -> Any:
        """Ask the scheduler; raise TimeoutError where it doesn't answer in time."""
        ask = getattr(self.client.scheduler, question)
        return self.client.sync(ask, callback_timeout=self.scheduler.connect_s, **words)

    def _name(self) -> str:
        return f"sim-sweep-{self.study.digest()}"

    def _hand_out_study(self) -> None:
        from sim.studies.sweeps.workers.dask_worker import StudyOnWorker

        try:
            self.client.register_plugin(StudyOnWorker(self.study), name=self._name())
        except (ImportError, AttributeError) as error:
            raise self.scheduler.error(f"a worker can't take the study: {error}", _SAME_CODE) from error

    def _submit(self, work: Iterator[tuple[int, ...]]) -> None:
        from sim.studies.sweeps.evaluation.code_version import code_version
        from sim.studies.sweeps.workers.dask_worker import evaluate_chunk

        while len(self.running) < _IN_FLIGHT_PER_THREAD * max(self.threads, 1):
            chunk = self.again.popleft() if self.again else next(work, None)
            if chunk is None:
                return
            key = f"sim-sweep-{uuid4()}"
            future = self.client.submit(evaluate_chunk, self._name(), code_version(), chunk, key=key, pure=False)
            self.running[future] = chunk
            future.add_done_callback(self.finished.put)

    def _next(self) -> Iterator[Outcome]:
        """Yield the outcomes of the next chunk that is done; nothing where none is for a while."""
        try:
            future = self.finished.get(timeout=_LOOK_S)
        except Empty:
            return
        try:
            reply = self._reply(future)
        except TimeoutError:  # its worker was lost before it could tell, and no other took over yet
            self.finished.put(future)
            return
        chunk = self.running.pop(future)
        if reply.outcomes is None:  # another sweep of the same study has ended, and taken it along
            self.again.append(chunk)
            self._hand_out_study()
            return
        yield from reply.outcomes

    def _reply(self, future: Any) -> Reply:
        """Fetch a reply; raise InputError for one of other code, and where there will be none."""
        from sim.studies.sweeps.evaluation.code_version import code_version

        if future.status == "error":
            raise self._fault(future) from future.exception(timeout=_GATHER_S)
        reply: Reply = future.result(timeout=_GATHER_S)
        if reply.code != code_version():
            wrong = f"the worker {reply.worker} runs other code: {reply.code}, not {code_version()}"
            raise self.scheduler.error(wrong, _SAME_CODE)
        if reply.fault:
            wrong = f"the points {self._points(future)} fail on {reply.worker}: {reply.fault}"
            raise self.scheduler.error(wrong, "see that worker's log")
        return reply

    def _fault(self, future: Any) -> SimError:
        """State why the cluster could not evaluate a chunk; our own errors stay as they are."""
        from distributed import KilledWorker

        error = future.exception(timeout=_GATHER_S)
        if isinstance(error, SimError):
            return error
        if isinstance(error, KilledWorker):
            wrong = f"workers die again and again, the last with the points {self._points(future)}"
            return self.scheduler.error(wrong, "see their logs, and what memory they have")
        return self.scheduler.error(f"can't run our code: {' '.join(str(error).split())}", _SAME_CODE)

    def _points(self, future: Any) -> str:
        return listed(map(str, self.running[future]))

    def _count_threads(self) -> None:
        """Count the cluster's threads now and then; raise InputError where there have been none for too long."""
        now = time.monotonic()
        if now - self.looked_s < _LOOK_S and self.threads:
            return
        self.threads, self.looked_s = sum(self._ask("ncores").values()), now
        if self.threads or not self.staffed_s:
            self.staffed_s = now
        if now - self.staffed_s > self.scheduler.patience_s:
            raise self.scheduler.no_workers()
