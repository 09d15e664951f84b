"""Who evaluates: how points are cut into chunks, when processes are worth it, and how fast it is said to go."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from sim.commands.pace import Pace
from sim.sweep.chunks import chunks
from sim.sweep.executors import executor_for
from sim.sweep.local import InProcess, LocalProcesses, cores
from sim.sweep.points import Study
from sim.sweep.spec import read_study


@pytest.mark.parametrize("workers", [1, 2, 7, 64])
@pytest.mark.parametrize("count", [0, 1, 5, 100, 1001])
def test_chunks_hold_every_point_once_in_order(small: dict[str, Any], count: int, workers: int) -> None:
    numbers = range(3, 3 + 2 * count, 2)
    found = list(chunks(read_study(small), numbers, workers))
    assert list(itertools.chain.from_iterable(found)) == list(numbers)
    sizes = [len(chunk) for chunk in found]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes, default=1) <= 8
    if count >= 2 * workers:
        assert sizes[-workers:] == [1] * workers  # to the end, none works while the others wait


def test_the_number_of_workers_chooses_the_executor() -> None:
    assert executor_for(1) == InProcess()
    assert executor_for(3) == LocalProcesses(3)
    assert executor_for("all") == (LocalProcesses(cores()) if cores() > 1 else InProcess())
    assert executor_for(None) == LocalProcesses(cores(), fewest_points=64)


def test_few_points_are_not_worth_processes(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def here(self: InProcess, study: Study, numbers: list[int]) -> Any:
        yield from numbers

    monkeypatch.setattr(InProcess, "run", here)
    monkeypatch.setattr("sim.sweep.local.ProcessPoolExecutor", None)
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
