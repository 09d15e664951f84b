"""Sweeps as processes of their own: their command line, and what they have kept so far."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Banks share searches, clocks don't: a sweep is slow enough to be caught in the middle.
SETS = ("glb.fmap_banks=[1, 25]", "link.clock=41..60:1 MHz", "core.clock=100..250:10 MHz")
POINTS = 2 * 20 * 16 * 2


def command(spec: Path, store: Path, *more: str, sets: tuple[str, ...] = SETS) -> list[str]:
    """Return a sweep's command line, of POINTS points."""
    words = [sys.executable, "-m", "sim", "sweep", str(spec)]
    return [*words, *(word for text in sets for word in ("--set", text)), "--store", str(store), *more]


def run(words: list[str]) -> None:
    """Run a command line to its end."""
    subprocess.run(words, cwd=ROOT, check=True, timeout=300)


def start(words: list[str]) -> subprocess.Popen[str]:
    """Start a command line, and catch what it says."""
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def points_in(store: Path) -> int:
    """Count the points that are in a store, which may not be there yet, or be busy: then 0."""
    if not store.exists():
        return 0
    connection = sqlite3.connect(store, timeout=0.05)
    try:
        return int(connection.execute("SELECT count(*) FROM points").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def wait_until(ready: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.005)
