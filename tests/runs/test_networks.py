"""Whole networks from the command line: every shipped workload runs to its end, and says the same twice."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import read_machine
from sim.cli.main import main
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.energy import read_cost_table
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, Runner

CHIP = Eyeriss()
RUNS = [
    ("alexnet", 1),
    ("alexnet", 4),
    ("vgg16", 1),
    ("vgg16", 3),
    ("googlenet", 1),
    ("squeezenet_v1_0", 1),
    ("squeezenet_v1_1", 1),
    ("resnet50", 1),
    ("mobilenet_v1", 1),
    ("mobilenet_v1_0.5_128", 1),
]


@pytest.mark.slow
@pytest.mark.parametrize(("workload", "batch"), RUNS)
def test_a_shipped_workload_runs_to_its_end(workload: str, batch: int, tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    assert (
        main(
            [
                "run",
                str(ROOT / "workloads" / f"{workload}.yaml"),
                "--batch",
                str(batch),
                "--quiet",
                "--json",
                str(target),
            ]
        )
        == 0
    )
    result = json.loads(target.read_text(encoding="utf-8"))
    layers = read_workload(find_workload(workload)).layers
    assert result["complete"]
    assert [layer["name"] for layer in result["layers"]] == [layer.name for layer in layers]
    assert result["total"]["macs"] == batch * sum(layer.shape.macs for layer in layers)


def network(workload: str, **options: Any) -> list[dict[str, Any]]:
    """Run a workload's layers and give them in the result file's form."""
    machine = read_machine(find_machine("eyeriss"))
    table = read_cost_table(find_cost_table("eyeriss-65nm"))
    read = read_workload(find_workload(workload))
    planned = Planner(CHIP, machine, table, read.batch).plan(read.layers)
    runner = Runner(CHIP, machine, table, CycleModel(machine, **options), read.batch, 0)
    return [layer.as_dict() for layer in runner.run(planned)]


@pytest.mark.slow
def test_stepping_every_pass_changes_nothing() -> None:
    for workload in ("googlenet", "mobilenet_v1_0.5_128"):
        assert network(workload, reuse=False) == network(workload)


def test_the_order_in_which_components_start_changes_nothing() -> None:
    plain = network("mobilenet_v1_0.5_128")
    for seed in range(3):

        def shuffled(processes: Sequence[Any], seed: int = seed) -> Sequence[Any]:
            return random.Random(seed).sample(processes, len(processes))

        assert network("mobilenet_v1_0.5_128", start_order=shuffled) == plain
