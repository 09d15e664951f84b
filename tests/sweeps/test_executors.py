"""Who evaluates: how points are cut into chunks, when processes are worth it, and how fast it is said to go."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from sim.commands.pace import Pace
from sim.sweeps.chunks import Deal, chunks, in_order
from sim.sweeps.executors import executor_for
from sim.sweeps.local import InProcess, LocalProcesses, cores
from sim.sweeps.points import Study
from sim.sweeps.spec import read_study

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


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_all_points_are_dealt_once_whoever_is_slow(workers: int, count: int) -> None:
    now, busy_until, dealt = 0.0, [0.0] * workers, list[int]()
    deal = Deal(np.arange(count), workers, clock=lambda: now)
    while True:
        worker = min(range(workers), key=lambda one: busy_until[one])
        now = busy_until[worker]
        chunk = deal.next_for(worker)
        if not chunk:
            break
        busy_until[worker] += len(chunk) * (0.1 if worker == 0 else 0.01)
        dealt += chunk
    assert sorted(dealt) == list(range(count))
    if count == 1000 and workers > 1:
        assert max(busy_until) - min(busy_until) < 0.5
        fair = 1000 / (10 + 100 * (workers - 1))
        assert max(busy_until) < 1.25 * fair


def test_a_worker_keeps_to_its_stretch_and_its_chunks_take_half_a_second() -> None:
    now = 0.0
    deal = Deal(np.arange(2000), 2, clock=lambda: now)
    first, sizes = [], []
    for _ in range(20):
        chunk = deal.next_for(0)
        first += chunk
        sizes.append(len(chunk))
        now += len(chunk) / 64
    assert first == list(range(len(first)))
    assert sizes[:7] == [1, 2, 4, 8, 16, 32, 32]


def test_the_number_of_workers_chooses_the_executor() -> None:
    assert executor_for(1) == InProcess()
    assert executor_for(3) == LocalProcesses(3)
    assert executor_for("all") == (LocalProcesses(cores()) if cores() > 1 else InProcess())
    assert executor_for(None) == LocalProcesses(cores(), fewest_points=64)


def test_few_points_are_not_worth_processes(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def here(self: InProcess, study: Study, numbers: list[int]) -> Any:
        yield from numbers

    monkeypatch.setattr(InProcess, "run", here)
    monkeypatch.setattr("sim.sweeps.local.ProcessPoolExecutor", None)
    study = read_study(small)
    assert len(list(LocalProcesses(4).run(study, [5]))) == 1
    assert len(list(LocalProcesses(4, fewest_points=64).run(study, range(12)))) == 12
    with pytest.raises(TypeError):  # for more there would be a pool
        list(LocalProcesses(4, fewest_points=12).run(study, range(12)))


def test_the_pace_is_that_of_late_and_holds_still() -> None:
    now = 0.0
    pace = Pace(10_000, clock=lambda: now)
    said = []
    for second in range(200):  # 8 points at once, every second, and after a minute every fourth second
        now = float(second)
        if second < 60 or second % 4 == 0:
            said.append([pace.step() for _ in range(8)])
    assert all(len(set(chunk)) == 1 for chunk in said)
    assert [chunk[0] for chunk in said[:4]] == ["", "", "", "8 points/s, 20:47 left"]
    assert said[59][0] == "8 points/s, 19:51 left"
    assert said[-1][0] == "2 points/s, 1:17:04 left"
