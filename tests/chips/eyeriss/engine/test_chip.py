"""The chip as a whole: what its switches do, and what its probes see."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sim.chips.contract import Job
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import Gating
from sim.chips.parts.probes import Activity
from sim.files.catalogue import find_machine, find_workload
from sim.ledger.counts import Direction, Tensor
from sim.ledger.results import LayerRun
from sim.networks.drawn_tensors import draw_ifmap, draw_ofmap
from sim.networks.layer import Layer
from sim.networks.workload import read_workload
from sim.runs.runner import with_drawn_tensors

EYERISS = read_machine(find_machine("eyeriss"))
# CONV5 of AlexNet as on the chip, with fewer filters and channels.
CONV5 = read_workload(find_workload("alexnet_jssc2017")).layers[4]
SMALL = replace(CONV5, shape=replace(CONV5.shape, G=1, M=64, C=24), ifmap_zeros=0.5)
MAPPING = Mapping(m=32, n=2, e=13, p=16, q=3, r=2, t=2)


def job(layer: Layer = SMALL, mapping: Mapping = MAPPING) -> Job[MappedLayer]:
    """Make the job of a layer at batch 2."""
    return Job(
        layer=layer,
        plan=MappedLayer(fold(layer.shape, EYERISS), mapping),
        batch=2,
        ifmap=draw_ifmap(layer, batch=2, seed=3),
        ofmap=draw_ofmap(layer, batch=2, seed=3),
    )


def run(machine: Machine = EYERISS, layer: Layer = SMALL) -> LayerRun:
    """Run the layer."""
    return CycleModel(machine).run(job(layer))


def part(name: str, **changed: object) -> Machine:
    """Return the chip with one part changed."""
    return EYERISS.model_copy(update={name: getattr(EYERISS, name).model_copy(update=changed)})


def test_overlapped_fmap_traffic_shortens_the_total_and_leaves_counts_alone() -> None:
    plain, overlapped = run(), run(part("overlap", fmaps=True))
    assert overlapped.total_cycles < plain.total_cycles
    assert overlapped.total_cycles >= overlapped.processing_cycles
    assert np.array_equal(plain.ledger.words, overlapped.ledger.words)


def test_filters_that_are_not_preloaded_lengthen_processing() -> None:
    assert run(part("overlap", filters=False)).processing_cycles > run().processing_cycles


def test_gating_saves_accesses_and_no_cycle() -> None:
    gated, ungated = run(), run(part("pe", gating=Gating.OFF))
    assert gated.processing_cycles == ungated.processing_cycles
    assert gated.total_cycles == ungated.total_cycles
    assert ungated.ledger.macs_performed == ungated.ledger.macs > gated.ledger.macs_performed
    assert gated.ledger.count(Level.SPAD, Tensor.IFMAP, Direction.READ) == gated.ledger.macs


def test_zero_flags_can_stand_for_ifmap_spad_reads() -> None:
    ledger = run(part("pe", gated_mac_reads_ifmap_spad=False)).ledger
    assert ledger.count(Level.SPAD, Tensor.IFMAP, Direction.READ) == ledger.macs_performed
    assert ledger.zero_buffer_reads == ledger.macs


def test_without_the_code_dram_moves_whole_words() -> None:
    ledger = run(part("rlc", enabled=False)).ledger
    assert np.array_equal(ledger.bits, 16 * ledger.words)


def test_a_raw_ifmap_is_not_coded_unless_the_machine_codes_its_input() -> None:
    raw = replace(SMALL, coded_ifmap=False)
    entry = (Level.DRAM, Tensor.IFMAP, Direction.READ)
    assert run(layer=raw).ledger.bits[entry] == 16 * run(layer=raw).ledger.words[entry]
    assert run(part("rlc", codes_network_input=True), raw).ledger.bits[entry] == run().ledger.bits[entry]


def test_a_faster_link_shortens_only_the_waits() -> None:
    slow, fast = run(), run(part("link", clock=90_000_000))
    assert fast.total_cycles < slow.total_cycles
    assert fast.processing_cycles <= slow.processing_cycles


def test_configuration_is_part_of_the_total() -> None:
    slower = part("scan_chain", clock=10_000_000)
    assert run(slower).total_cycles - run().total_cycles == 1794 * 10  # 200 MHz over 10 MHz, less 200 over 20


@pytest.mark.parametrize("component", ["link", "loader", "array", "writer"])
def test_probes_see_each_component_work_one_thing_at_a_time(component: str) -> None:
    seen: list[Activity] = []
    model = CycleModel(EYERISS)
    model.probes.subscribe(seen.append)
    model.run(job())
    own = [activity for activity in seen if activity.component == component]
    assert own
    assert all(activity.start < activity.end for activity in own)
    assert all(before.end <= after.start for before, after in pairwise(own))


def test_the_array_rests_while_fmaps_move() -> None:
    seen: list[Activity] = []
    model = CycleModel(EYERISS)
    model.probes.subscribe(seen.append)
    model.run(job())
    working = [(a.start, a.end) for a in seen if a.component == "array"]
    moving = [(a.start, a.end) for a in seen if a.component == "link" and a.what != "filter_preload"]
    assert not [1 for begin, end in working for start, stop in moving if begin < stop and start < end]


def test_either_zero_skips_products_with_a_zero_weight() -> None:
    sparse = replace(SMALL, filter_zeros=0.4)
    machine = part("pe", gating=Gating.EITHER_ZERO)
    both = with_drawn_tensors(job(sparse), seed=3, needs=CycleModel(machine).needs)
    assert both.ifmap is not None and both.filters is not None
    ledger = CycleModel(machine).run(both).ledger
    shape = sparse.shape
    expected = 0
    for c, r, s in np.ndindex(shape.C, shape.R, shape.S):
        windows = both.ifmap[:, c, r : r + shape.E, s : s + shape.F]
        expected += np.count_nonzero(windows) * np.count_nonzero(both.filters[:, c, r, s])
    assert ledger.macs_performed == expected
    assert run(machine=part("pe", gating=Gating.IFMAP_ZERO)).ledger.macs_performed > expected
