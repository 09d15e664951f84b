"""Who evaluates: how points are cut into chunks, and when processes are worth it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.workers.chunks import Deal, chunks, in_order
from sim.studies.sweeps.workers.executors import executor_for
from sim.studies.sweeps.workers.local import InProcess, LocalProcesses, cores

CAPACITIES = {"glb.fmap_banks": [20, 25, 30], "link.clock": ["60 MHz", "80 MHz"], "pe_array.rows": [8, 12]}


@pytest.mark.parametrize("workers", [1, 2, 7, 64])
@pytest.mark.parametrize("count", [0, 1, 5, 12])
def test_chunks_hold_every_point_once_and_get_small(small: dict[str, Any], count: int, workers: int) -> None:
    study = read_study({**small, "axes": CAPACITIES})
    found = list(chunks(study, range(count), workers))
    assert list(itertools.chain.from_iterable(found)) == list(in_order(study, range(count)))
    sizes = [len(chunk) for chunk in found]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes, default=1) <= 16
    if count >= 2 * workers:
        assert sizes[-workers:] == [1] * workers  # to the end, none works while the others wait


def test_points_of_a_setting_stand_together_larger_capacities_first(small: dict[str, Any]) -> None:
    study = read_study({**small, "axes": CAPACITIES})
    found = [study.point(number).written for number in in_order(study, range(12)[::-1])]
    assert found == [
        {"glb.fmap_banks": banks, "link.clock": clock, "pe_array.rows": rows}
        for clock in ("60 MHz", "80 MHz")
        for banks in (30, 25, 20)
        for rows in (12, 8)
    ]
    engine = read_study({**small, "axes": CAPACITIES, "model": "cycle"})
    assert list(in_order(engine, [3, 1, 2])) == [3, 1, 2]


def test_axes_that_move_together_are_capacities_together_or_not(small: dict[str, Any]) -> None:
    pairs = [{"glb.fmap_banks": [20, 25], "pe_array.rows": [12, 8]}, {"glb.filter_banks": [1, 2], "batch": [1, 2]}]
    study = read_study({**small, "axes": {}, "paired": pairs})
    assert list(in_order(study, range(4))) == [2, 0, 3, 1]


@dataclass
class Pretended:
    """Workers that hold two chunks each, and take so many seconds a point."""

    deal: Deal
    seconds: list[float]
    now: float = 0.0
    held: list[list[tuple[int, ...]]] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def run(self) -> list[list[tuple[int, ...]]]:
        """Deal until nothing is left; give each worker's chunks in their order."""
        done: list[list[tuple[int, ...]]] = [[] for _ in self.seconds]
        self.held, self.ends = [[] for _ in self.seconds], [0.0 for _ in self.seconds]
        for worker in [*range(len(self.seconds))] * 2:
            self._hand(worker)
        while any(self.held):
            worker = min((one for one in range(len(self.seconds)) if self.held[one]), key=self._end)
            self.now = self.ends[worker] = self._end(worker)
            done[worker].append(self.held[worker].pop(0))
            self.deal.done(worker)
            self._hand(worker)
        return done

    def _end(self, worker: int) -> float:
        return self.ends[worker] + len(self.held[worker][0]) * self.seconds[worker]

    def _hand(self, worker: int) -> None:
        chunk = self.deal.next_for(worker)
        if chunk:
            self.held[worker].append(chunk)


def pretended(count: int, seconds: list[float]) -> Pretended:
    """Make workers that share so many points."""
    found = Pretended(Deal(np.arange(count), len(seconds)), seconds)
    found.deal.clock = lambda: found.now
    return found


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_all_points_are_dealt_once_whoever_is_slow(workers: int, count: int) -> None:
    seconds = [0.1, *[0.01] * (workers - 1)]
    crew = pretended(count, seconds)
    done = crew.run()
    assert sorted(itertools.chain(*itertools.chain(*done))) == list(range(count))
    if count == 1000 and workers > 1:
        fair = count / sum(1 / one for one in seconds)
        assert crew.now < fair + 2 * 0.25  # the slow one may hold two chunks when the points run out


def test_a_worker_keeps_to_its_stretch_and_its_chunks_take_a_quarter_of_a_second() -> None:
    first, second = pretended(4000, [1 / 128, 1 / 128]).run()
    points = list(itertools.chain(*first))
    assert points[:1500] == list(range(1500))
    assert [len(chunk) for chunk in first[:9]] == [1, 1, 2, 4, 8, 16, 32, 32, 32]
    assert next(itertools.chain(*second)) == 2000


def test_the_number_of_workers_chooses_the_executor() -> None:
    assert executor_for(1) == InProcess()
    assert executor_for(3) == LocalProcesses(3)
    assert executor_for("all") == (LocalProcesses(cores()) if cores() > 1 else InProcess())
    assert executor_for(None) == LocalProcesses(cores(), fewest_points=64)


def test_few_points_are_not_worth_processes(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def here(self: InProcess, study: Study, numbers: list[int]) -> Any:
        yield from numbers

    monkeypatch.setattr(InProcess, "run", here)
    monkeypatch.setattr("sim.studies.sweeps.workers.local.ProcessPoolExecutor", None)
    study = read_study(small)
    assert len(list(LocalProcesses(4).run(study, [5]))) == 1
    assert len(list(LocalProcesses(4, fewest_points=64).run(study, range(12)))) == 12
    with pytest.raises(TypeError):  # for more there would be a pool
        list(LocalProcesses(4, fewest_points=12).run(study, range(12)))
