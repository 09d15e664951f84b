"""Measure a sweep as a whole process: points a second, scaling over workers, and memory as it goes on.

    python benchmarks/sweep_speed.py [--workers 1 2] [--points 10000]

Needs /proc (Linux). Kernels are compiled before anything is measured, and all stores must hold the same rows. Exit
status 1 where they don't; speeds are reported, with their targets, but machines vary.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

SPEC = Path(__file__).with_suffix(".yaml")
LOOKS = 5  # times at which memory is shown
TARGET = 50  # points a second and core
SCALING = 1.8  # from one worker to two


@dataclass(slots=True)
class Run:
    """What was seen of one sweep: its wall time, and MB in use by share of the points that were done."""

    workers: int
    seconds: float = 0.0
    memory_mb: dict[int, float] = field(default_factory=dict)


def command(store: Path, workers: int, points: int) -> list[str]:
    """Return the command line of a sweep over the first so many points, in whole columns of the buffer's axis."""
    found = [sys.executable, "-m", "sim", "sweep", str(SPEC), "--store", str(store), "--quiet"]
    found += ["--workers", str(workers)]
    if points < 10_000:
        found += ["--set", "link.clock=60 MHz", "--set", "batch=1"]
    return found


def memory_mb(process: int) -> float:
    """Return the memory of a process and of all under it, shared pages counted once for each."""
    total = 0.0
    for status in Path(f"/proc/{process}").glob("status"):
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        total += int(lines.get("VmRSS", "0 kB").split()[0]) / 1000
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        total += sum(memory_mb(int(child)) for child in children.read_text().split())
    return total


def points_in(store: Path) -> int:
    """Count the points that a store has by now."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60)) as connection:
            return int(connection.execute("SELECT count(*) FROM points").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # not there yet


def measure(store: Path, workers: int, points: int) -> Run:
    """Run a sweep to its end and watch it."""
    found, start = Run(workers), time.perf_counter()
    process = subprocess.Popen(command(store, workers, points))
    while process.poll() is None:
        time.sleep(0.5)
        share = points_in(store) * LOOKS // points
        try:
            seen = memory_mb(process.pid)
        except (OSError, ProcessLookupError):
            continue  # a process ended while it was looked at
        if process.poll() is None:
            found.memory_mb[share] = seen
    found.seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"the sweep ended with status {process.returncode}")
    return found


def content(store: Path) -> str:
    """Return a digest of all rows."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(store)) as connection:
        for row in connection.execute("SELECT * FROM rows ORDER BY point, place"):
            digest.update(repr(row).encode())
    return digest.hexdigest()


def main() -> int:
    """Read the options, run the sweeps, compare and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--points", type=int, choices=(1000, 10_000), default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warm = ["--set", "link.clock=60 MHz", "--set", "batch=1", "--set", "array.rows=12", "--set", "array.columns=14"]
        subprocess.run([*command(Path(folder, "warm.sqlite"), 1, 10_000), *warm], check=True)
        runs, contents = [], set[str]()
        for workers in options.workers:
            store = Path(folder, f"{workers}.sqlite")
            run = measure(store, workers, options.points)
            runs.append(run)
            contents.add(content(store))
            rate = options.points / run.seconds
            print(f"{workers} worker(s): {run.seconds:.1f} s, {rate:.1f} points/s, target {TARGET} a core", flush=True)
            at = ", ".join(f"{mb:.0f} MB at {100 * share // LOOKS} %" for share, mb in sorted(run.memory_mb.items()))
            print(f"    memory of all processes: {at}; store {store.stat().st_size / 1e6:.0f} MB", flush=True)
    for run in runs[1:]:
        print(f"scaling from {runs[0].workers} to {run.workers}: {runs[0].seconds / run.seconds:.2f}, target {SCALING}")
    print("all stores hold the same rows" if len(contents) == 1 else "THE STORES DIFFER")
    return 0 if len(contents) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
