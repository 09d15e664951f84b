"""Power cuts: a sweep killed at any moment, with its workers, goes on to the very same result."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.paths import ROOT
from support.patience import patient, wait_until
from support.sweep_commands import ATTEMPTS, command, points_in, run

from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store.store import Store


def cut(words: list[str], store: Path, *, after: int, delay_s: float) -> bool:
    """Start a sweep, and kill it and all its workers once it has kept so many points more; those are there after.

    Return whether it could be cut before it ended.
    """
    before = points_in(store, busy_s=patient(5))
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_until(lambda: points_in(store) >= before + after or process.poll() is not None)
    time.sleep(delay_s)
    if process.poll() is not None:
        assert process.returncode == 0
        return False
    os.killpg(process.pid, signal.SIGKILL)
    status = process.wait()
    assert points_in(store, busy_s=patient(5)) >= before + after
    return status == -signal.SIGKILL


def content(spec: Path, store: Path, sets: tuple[str, ...]) -> list[tuple[object, ...]]:
    """Read all rows of a store."""
    with Store(str(store), read_study(spec, sets)) as found:
        return list(found.rows())


def hold_against_whole(spec: Path, folder: Path, draw: random.Random, cuts: int, clocks: int) -> None:
    """Cut a sweep short so many times, spread over its points, and hold it against one that ran through."""
    whole = folder / "whole.sqlite"
    # Banks share searches, clocks don't: the sweep is slow enough to be caught.
    sets = ("glb.fmap_banks=[1, 25]", "link.clock=41..60:1 MHz", f"core.clock=100..{99 + clocks}:1 MHz")
    points = 40 * clocks * 2
    run(command(spec, whole, "--csv", f"{whole}.csv", "--quiet", sets=sets))
    for number in range(ATTEMPTS):
        broken = folder / f"broken{number}.sqlite"
        if cut_often(spec, broken, draw, cuts, sets, points) and points // 10 < points_in(broken) < points:
            break
    else:
        pytest.fail(f"the sweep ended {ATTEMPTS} times before it could be cut so often")
    run(command(spec, broken, "--csv", f"{broken}.csv", "--quiet", sets=sets))
    assert content(spec, broken, sets) == content(spec, whole, sets)
    assert Path(f"{broken}.csv").read_bytes() == Path(f"{whole}.csv").read_bytes()


def cut_often(spec: Path, store: Path, draw: random.Random, cuts: int, sets: tuple[str, ...], points: int) -> bool:
    """Cut one sweep short so many times; return whether it was always cut before it ended."""
    for _ in range(cuts):
        words = command(spec, store, "--workers", draw.choice(["1", "2"]), "--quiet", sets=sets)
        after = draw.randrange(points // (2 * cuts))  # 0 is before the first point, or before there is a store
        if not cut(words, store, after=after, delay_s=draw.uniform(0, 0.02 if after else 0.5)):
            return False
    return True


def test_four_power_cuts_change_nothing(spec: Path, tmp_path: Path) -> None:
    hold_against_whole(spec, tmp_path, random.Random(1), cuts=4, clocks=20)


@pytest.mark.slow
def test_twenty_power_cuts_change_nothing(spec: Path, tmp_path: Path) -> None:
    hold_against_whole(spec, tmp_path, random.Random(20), cuts=20, clocks=100)
