"""Dense networks: with no zeros but the padding's, both models count every word and every live MAC alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import read_machine
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.energy import read_cost_table
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, with_drawn_tensors

NETWORKS = (
    "alexnet",
    "googlenet",
    "mobilenet_v1",
    "mobilenet_v1_0.5_128",
    "resnet50",
    "squeezenet_v1_0",
    "squeezenet_v1_1",
    "vgg16",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_count_is_equal(name: str) -> None:
    machine = read_machine(find_machine("eyeriss"))
    table = read_cost_table(find_cost_table("eyeriss-65nm"))
    layers = [replace(layer, ifmap_zeros=0.0) for layer in read_workload(find_workload(name)).layers]
    for planned in Planner(Eyeriss(), machine, table, batch=1).plan(layers):
        job = Job(planned.layer, planned.plan, batch=1)
        model = CycleModel(machine)
        cycle = model.run(with_drawn_tensors(job, seed=0, needs=model.needs))
        analytic = AnalyticModel(machine).run(job)
        assert np.array_equal(cycle.ledger.words, analytic.ledger.words), planned.layer.name
        for count in ("macs", "macs_performed", "zero_buffer_reads"):
            assert getattr(cycle.ledger, count) == getattr(analytic.ledger, count), (planned.layer.name, count)
        assert (cycle.passes, cycle.active_pes) == (analytic.passes, analytic.active_pes)
