"""The analytic model's cycles and energies against the cycle model's, on the shipped networks with seeded tensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from sim.chips.contract import Planned
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.components import sort_by_part
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.codes.expected import FmapCode
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.counts import Direction, Tensor
from sim.ledger.energy import CostTable, Timed, energy_of, read_cost_table
from sim.ledger.results import LayerRun
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, Runner

WORKLOADS = (
    "alexnet",
    "googlenet",
    "squeezenet_v1_1",
    "mobilenet_v1_0.5_128",
    pytest.param("vgg16", marks=pytest.mark.slow),
    pytest.param("resnet50", marks=pytest.mark.slow),
    pytest.param("mobilenet_v1", marks=pytest.mark.slow),
    pytest.param("squeezenet_v1_0", marks=pytest.mark.slow),
)
COST_TABLES = ("eyeriss-65nm", "normalized-65nm")
PROCESSING_PCT = {"network": 2.0, "layer": 6.0}
ENERGY_PCT = {"network": 1.0, "layer": 3.0}


@cache
def machine() -> Machine:
    """Read the published chip."""
    return read_machine(find_machine("eyeriss"))


@cache
def cost_table(name: str) -> CostTable:
    """Read a shipped cost table."""
    return read_cost_table(find_cost_table(name))


@dataclass(frozen=True)
class Pair:
    """A layer, with its mapping, as both models ran it."""

    planned: Planned[MappedLayer]
    cycle: LayerRun
    analytic: LayerRun


@cache
def pairs(workload: str, batch: int = 1) -> tuple[Pair, ...]:
    """Run a network once on both models, with the mappings for the machine's own cost table."""
    table = cost_table(machine().cost_table)
    planned = Planner(Eyeriss(), machine(), table, batch).plan(read_workload(find_workload(workload)).layers)
    models = CycleModel(machine()), AnalyticModel(machine(), FmapCode.RLC)
    cycle, analytic = (Runner(Eyeriss(), machine(), table, model, batch, 0).run(planned) for model in models)
    return tuple(Pair(one, ours.run, theirs.run) for one, ours, theirs in zip(planned, cycle, analytic, strict=True))


def assert_close(figures: dict[str, tuple[float, float]], bounds_pct: dict[str, float]) -> None:
    """Print how far the analytic figure, the second, is from the first, and bound it for the network and each layer."""
    ours, theirs = (sum(figure[which] for figure in figures.values()) for which in (0, 1))
    network_pct = 100 * (theirs / ours - 1)
    layers_pct = {name: 100 * (theirs / ours - 1) for name, (ours, theirs) in figures.items()}
    worst = max(layers_pct, key=lambda name: abs(layers_pct[name]))
    print(f"network {network_pct:+.2f} %, worst layer {worst} {layers_pct[worst]:+.2f} %")
    assert abs(network_pct) <= bounds_pct["network"]
    assert {name: pct for name, pct in layers_pct.items() if abs(pct) > bounds_pct["layer"]} == {}


@pytest.mark.parametrize("workload", WORKLOADS)
def test_processing_cycles(workload: str) -> None:
    figures = {
        pair.planned.layer.name: (pair.cycle.processing_cycles, pair.analytic.processing_cycles)
        for pair in pairs(workload)
    }
    assert_close(figures, PROCESSING_PCT)


@pytest.mark.parametrize("table", COST_TABLES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_energy(workload: str, table: str) -> None:
    def joules(pair: Pair, run: LayerRun) -> float:
        bits, timed = pair.planned.layer.bits, Timed(run.total_cycles, machine().core.clock, run.active_pes)
        return energy_of(run.ledger, cost_table(table), bits=bits, timed=timed, sort_by_part=sort_by_part).system

    figures = {
        pair.planned.layer.name: (joules(pair, pair.cycle), joules(pair, pair.analytic)) for pair in pairs(workload)
    }
    assert_close(figures, ENERGY_PCT)


def test_a_pass_of_several_images_is_no_faster_than_the_ifmap_bus() -> None:
    """Take 3 x 3 depthwise passes of four images: 6 x 6 ifmap words each, at a word a cycle."""
    (pair,) = (pair for pair in pairs("mobilenet_v1_0.5_128", 4) if pair.planned.layer.name == "Conv2d_13_depthwise")
    words = pair.cycle.ledger.count(Level.GIN, Tensor.IFMAP, Direction.READ)
    assert (pair.planned.plan.mapping.n, words) == (4, 4 * 512 * 6 * 6)
    assert pair.cycle.processing_cycles >= words
    assert pair.analytic.processing_cycles >= words
    assert abs(pair.analytic.processing_cycles / pair.cycle.processing_cycles - 1) <= PROCESSING_PCT["layer"] / 100


@pytest.mark.parametrize("workload", WORKLOADS)
def test_nothing_but_live_macs_differs_in_words(workload: str) -> None:
    """Spad reads and psum writes follow the MACs performed; every other word is counted alike."""
    for pair in pairs(workload):
        live = pair.analytic.ledger.macs_performed - pair.cycle.ledger.macs_performed
        words = pair.analytic.ledger.words - pair.cycle.ledger.words
        assert set(words.reshape(-1).tolist()) <= {0, live}, pair.planned.layer.name
        assert (words != 0).sum() == (3 if live else 0), pair.planned.layer.name
