"""Sweeps as processes of their own: their command line, and what they have kept so far."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.paths import ROOT
from support.patience import patient, wait_until

# Banks share searches, clocks don't: a sweep is slow enough to be caught in the middle.
SETS = ("glb.fmap_banks=[1, 25]", "link.clock=41..60:1 MHz", "core.clock=100..250:10 MHz")
POINTS = 2 * 20 * 16 * 2
ATTEMPTS = 5  # to catch something half-way


def command(spec: Path, store: Path, *more: str, sets: tuple[str, ...] = SETS) -> list[str]:
    """Return a sweep's command line, of POINTS points."""
    words = [sys.executable, "-m", "sim", "sweep", str(spec)]
    return [*words, *(word for text in sets for word in ("--set", text)), "--store", str(store), *more]


def run(words: list[str]) -> None:
    """Run a command line to its end."""
    subprocess.run(words, cwd=ROOT, check=True, timeout=patient(300))


def start(words: list[str]) -> subprocess.Popen[str]:
    """Start a command line, and catch what it says."""
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def points_in(store: Path, *, busy_s: float = 0.05) -> int:
    """Count the points that are in a store, which may not be there yet, or be busy for so long: then 0."""
    if not store.exists():
        return 0
    connection = sqlite3.connect(store, timeout=busy_s)
    try:
        return int(connection.execute("SELECT count(*) FROM points").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def interrupt(words: Callable[[Path], list[str]], folder: Path) -> tuple[Path, int, str, str]:
    """Press Ctrl-C while a sweep is under way; give its store, its status and what it said.

    A sweep that ends before it is caught is started once more, into another store.
    """
    for number in range(ATTEMPTS):
        store = folder / f"s{number}.sqlite"
        process = start(words(store))
        wait_until(lambda there=store, found=process: points_in(there) or found.poll() is not None)  # type: ignore[misc]
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=patient(30))
        if process.returncode != 0:
            return store, process.returncode, out, said
    raise AssertionError(f"the sweep ended {ATTEMPTS} times before it could be interrupted")
