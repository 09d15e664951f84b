"""Points evaluated on this machine: in this process, or in several fresh ones."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.synchronize import Event
from typing import Any

from sim.errors import InputError
from sim.studies.sweeps.evaluation.evaluate import Evaluator, Outcome
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.workers.chunks import Deal, in_order

_IN_FLIGHT_PER_WORKER = 2  # enough that none waits, few enough that memory stays flat


def cores() -> int:
    """Count the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class InProcess:
    """An executor that evaluates points here, one after another."""

    def check(self, study: Study) -> None:
        """Find nothing wrong: this process is there."""

    def run(self, study: Study, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield each point's outcome as soon as it is there."""
        yield from map(Evaluator(study).evaluate, in_order(study, numbers).tolist())


@dataclass(frozen=True, slots=True)
class LocalProcesses:
    """An executor that evaluates points in `workers` fresh processes; in this one where there are fewer than
    `fewest_points`.
    """

    workers: int
    fewest_points: int = 2

    def check(self, study: Study) -> None:
        """Find nothing wrong: processes are made when there is work."""

    def run(self, study: Study, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield outcomes as soon as a worker has done its chunk; raise InputError where one is killed."""
        workers = min(self.workers, len(numbers))
        if len(numbers) < self.fewest_points or workers < 2:
            yield from InProcess().run(study, numbers)
            return
        context = get_context("spawn")
        stop = context.Event()
        pools = [
            ProcessPoolExecutor(1, mp_context=context, initializer=_start_worker, initargs=(study, stop))
            for _ in range(workers)
        ]
        try:
            yield from _outcomes(pools, Deal(in_order(study, numbers), workers))
        except BrokenProcessPool as error:
            allowed = "run the same again: what is in the store is kept"
            raise InputError.located("workers", wrong="a worker process was killed", allowed=allowed) from error
        finally:
            stop.set()
            for pool in pools:
                pool.shutdown(wait=False, cancel_futures=True)
            for pool in pools:
                pool.shutdown(wait=True)


def _outcomes(pools: Sequence[ProcessPoolExecutor], deal: Deal) -> Iterator[Outcome]:
    """Keep all workers in work until there is none left; each is a pool of its own, so that it keeps its stretch."""
    running: dict[Future[list[Outcome]], int] = {}

    def hand(worker: int) -> None:
        chunk = deal.next_for(worker)
        if chunk:
            running[pools[worker].submit(_evaluate, chunk)] = worker

    for worker in list(range(len(pools))) * _IN_FLIGHT_PER_WORKER:
        hand(worker)
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for one in done:
            worker = running.pop(one)
            deal.done(worker)
            hand(worker)
            yield from one.result()


# What follows runs in the workers: one evaluator and one sign to stop for each process.
_own: dict[str, Any] = {}


def _start_worker(study: Study, stop: Event) -> None:
    """Make the worker's evaluator; the terminal's Ctrl-C is the parent's business, and the parent's end is ours."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _own.update(evaluator=Evaluator(study), stop=stop)


def _end_with_parent() -> None:
    """End this process when its parent was killed; the queue between them would never tell."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _evaluate(chunk: tuple[int, ...]) -> list[Outcome]:
    """Evaluate a chunk; nobody waits for the rest once the parent stops."""
    found: list[Outcome] = []
    for number in chunk:
        if _own["stop"].is_set():
            break
        found.append(_own["evaluator"].evaluate(number))
    return found
