"""Who evaluates the points: this process, or several on this machine. The outcomes are the same, their order not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import Protocol

from sim.errors import InputError
from sim.sweep.evaluate import Evaluator, Outcome
from sim.sweep.points import Study

_IN_FLIGHT_PER_WORKER = 3  # enough that none waits, few enough that memory stays flat


class Executor(Protocol):
    """Evaluate points of a study."""

    def run(self, study: Study, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield each point's outcome as soon as it is there, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class InProcess:
    """Evaluate points here, one after another."""

    def run(self, study: Study, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield each point's outcome, in order."""
        evaluator = Evaluator(study)
        yield from map(evaluator.evaluate, numbers)


@dataclass(frozen=True, slots=True)
class LocalProcesses:
    """Evaluate points in `workers` fresh processes. Where the block ends early, points in flight are given up."""

    workers: int

    def run(self, study: Study, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield each point's outcome as soon as a worker has it; raise InputError where one is killed."""
        pool = ProcessPoolExecutor(
            self.workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(study,)
        )
        left, running = iter(numbers), set[Future[Outcome]]()
        try:
            while True:
                for number in left:
                    running.add(pool.submit(_evaluate, number))
                    if len(running) >= _IN_FLIGHT_PER_WORKER * self.workers:
                        break
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        except BrokenProcessPool as error:
            allowed = "run the same again: what is in the store is kept"
            raise InputError.located("workers", wrong="a worker process was killed", allowed=allowed) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def executor_for(workers: int) -> Executor:
    """Choose this process for one worker, processes of their own for more."""
    return InProcess() if workers == 1 else LocalProcesses(workers)


_evaluators: list[Evaluator] = []


def _start_worker(study: Study) -> None:
    """Make the worker's evaluator; the terminal's Ctrl-C is the parent's business, and the parent's end is ours."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _evaluators[:] = [Evaluator(study)]


def _end_with_parent() -> None:
    """End this process when its parent was killed; the queue between them would never tell."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _evaluate(number: int) -> Outcome:
    return _evaluators[0].evaluate(number)
