"""Measure speed and memory of whole runs, and of the pass kernel; assert that the work done is the work expected.

    python benchmarks/speed.py

Each run is a process of its own; CPU seconds are the system's account of it, start-up included. The first run of all
compiles every kernel into an empty cache. Counts of events, passes and cycles are asserted: a faster run that did
less would fail. Exit status 1 where a count differs; times are reported, with their targets, but machines vary.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simpy

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.search import find_mappings
from sim.chips.goals import Goal
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.energy import read_cost_table
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, Runner

EXPECTED = json.loads(Path(__file__).with_name("expected_counts.json").read_text(encoding="utf-8"))
RUNS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process used: CPU seconds, peak memory in MB, and its result file."""

    cpu_s: float
    peak_mb: float
    result: dict[str, Any]


def measure(command_name: str, arguments: list[str], *, cache: Path) -> Measured:
    """Run a command in a process of its own with kernels cached in `cache`."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "result.json"
        command = [sys.executable, "-m", "sim", command_name, *arguments, "--quiet", "--json", str(target)]
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
        process = subprocess.Popen(command, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
        result = json.loads(target.read_text(encoding="utf-8"))
    return Measured(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, result)


def report(
    name: str, arguments: list[str], *, cache: Path, runs: int, target_s: float, command: str = "run"
) -> list[str]:
    """Measure a run several times; give the complaints about its counts."""
    measured = [measure(command, arguments, cache=cache) for _ in range(runs)]
    cpu = sorted(one.cpu_s for one in measured)
    peak = max(one.peak_mb for one in measured)
    print(
        f"{name}: {cpu[len(cpu) // 2]:.2f} s of CPU (median of {runs}; {cpu[0]:.2f} to {cpu[-1]:.2f}), "
        f"target {target_s:g}; peak {peak:.0f} MB"
    )
    total = measured[0].result["total"]
    counts = {
        "passes": sum(layer["passes"] for layer in measured[0].result["layers"]),
        "processing_cycles": total["processing_cycles"],
        "macs": total["macs"],
    }
    return complaints(name, counts)


class CountingEnvironment(simpy.Environment):
    """Count the events that are scheduled."""

    def __init__(self) -> None:
        super().__init__()
        self.events = 0

    def schedule(self, *arguments: Any, **options: Any) -> None:
        """Schedule an event, and count it."""
        self.events += 1
        super().schedule(*arguments, **options)


def step_every_pass(workload: str) -> list[str]:
    """Run a workload in this process without reuse; report PE-cycles and events a second."""
    machine = read_machine(find_machine("eyeriss"))
    table = read_cost_table(find_cost_table(machine.cost_table))
    network = read_workload(find_workload(workload))
    planned = Planner(Eyeriss(), machine, table, network.batch).plan(network.layers)
    environments: list[CountingEnvironment] = []

    def make() -> simpy.Environment:
        environments.append(CountingEnvironment())
        return environments[-1]

    list(Runner(Eyeriss(), machine, table, CycleModel(machine), network.batch, 0).run(planned))  # compile
    model = CycleModel(machine, reuse=False, make_environment=make)
    start = time.process_time()
    list(Runner(Eyeriss(), machine, table, model, network.batch, 0).run(planned))
    spent_s = time.process_time() - start
    events = sum(environment.events for environment in environments)
    print(
        f"{workload}, every pass stepped: {spent_s:.2f} s of CPU, {model.pe_cycles_stepped:,} PE-cycles, "
        f"{model.pe_cycles_stepped / spent_s:.3g} a second (target 1.5e8); {events:,} events"
    )
    counts = {
        "events": events,
        "passes_stepped": model.passes_stepped,
        "cycles_stepped": model.cycles_stepped,
        "pe_cycles_stepped": model.pe_cycles_stepped,
    }
    return complaints(f"{workload}, every pass", counts)


def map_everything(workload: str, table_name: str) -> list[str]:
    """Let the mapper choose for every layer of a network; report its time and how much of the space it covered."""
    machine = read_machine(find_machine("eyeriss"))
    table = read_cost_table(find_cost_table(table_name))
    network = read_workload(find_workload(workload))

    def search() -> tuple[int, int]:
        found = [
            find_mappings(layer, fold(layer.shape, machine), machine, table, batch=network.batch, goal=Goal(), top=1)
            for layer in network.layers
        ]
        return sum(one.legal for one in found), sum(one.evaluated for one in found)

    search()  # compile
    start = time.process_time()
    legal, evaluated = search()
    spent_s = time.process_time() - start
    print(
        f"mapper, {workload}, {table_name}: {spent_s:.2f} s of CPU (target 1.5), {legal:,} legal mappings "
        f"({legal / spent_s:.3g} a second, target 5e6), {evaluated:,} evaluated, the others excluded by bounds"
    )
    return complaints(f"mapper, {workload}, {table_name}", {"legal": legal})


def complaints(name: str, counts: dict[str, int]) -> list[str]:
    """Compare counts with the expected ones."""
    expected = EXPECTED.get(name, dict.fromkeys(counts))
    return [
        f"{name}: {key} is {value}, expected {expected[key]}" for key, value in counts.items() if value != expected[key]
    ]


def main() -> int:
    """Measure everything; give the exit status."""
    vgg = ["vgg16", "--layers", "CONV*", "--batch", "3"]
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        wrong = report("GoogLeNet, first run", ["googlenet"], cache=cache, runs=1, target_s=30)
        wrong += report("GoogLeNet", ["googlenet"], cache=cache, runs=RUNS, target_s=3)
        wrong += report("GoogLeNet, estimated", ["googlenet"], cache=cache, runs=RUNS, target_s=3, command="estimate")
        wrong += report("VGG-16 CONV, N = 3", vgg, cache=cache, runs=RUNS, target_s=6)
        wrong += report("VGG-16 CONV, N = 3, published mapping", ["vgg16_jssc2017"], cache=cache, runs=RUNS, target_s=6)
    wrong += step_every_pass("alexnet_jssc2017")
    wrong += map_everything("googlenet", "eyeriss-65nm")
    wrong += map_everything("googlenet", "normalized-65nm")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
