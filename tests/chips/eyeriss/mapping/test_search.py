"""The mapper: legal for every shipped layer, no worse than stated mappings, clear where nothing is legal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.components import sort_by_part
from sim.chips.eyeriss.kernels.loop_cuts import cut_filters
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.facts import facts_of
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping, even_shares, tiles
from sim.chips.eyeriss.mapping.search import find_mapping, find_mappings
from sim.chips.eyeriss.mapping.space import image_counts_that_matter, strip_widths_that_matter
from sim.chips.goals import Bounds, Goal, Objective
from sim.codes.expected import FmapCode
from sim.errors import InputError
from sim.files import catalogue
from sim.files.catalogue import find_cost_table, find_machine, find_workload, names
from sim.ledger.energy import Timed, energy_of, read_cost_table
from sim.networks.layer import Layer
from sim.networks.workload import read_workload

MACHINES = {name: read_machine(find_machine(name)) for name in names(catalogue.MACHINES)}
TABLES = {name: read_cost_table(find_cost_table(name)) for name in names(catalogue.COST_TABLES)}
WORKLOADS = names(catalogue.WORKLOADS)


def layers(workload: str) -> tuple[Layer, ...]:
    """Return a shipped workload's layers."""
    return read_workload(find_workload(workload)).layers


def found(layer: Layer, machine: Machine, *, table: str, batch: int) -> Mapping:
    """Let the mapper choose."""
    return find_mapping(layer, fold(layer.shape, machine), machine, TABLES[table], batch=batch)


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("machine", sorted(MACHINES))
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_shipped_layer_gets_a_legal_mapping(workload: str, machine: str, table: str) -> None:
    chip = MACHINES[machine]
    for layer in layers(workload):
        mapping = found(layer, chip, table=table, batch=3)
        assert violations(Case(fold(layer.shape, chip), 3, layer.bits, mapping, chip)) == ()


def estimate(layer: Layer, machine: Machine, table: str, mapping: Mapping, batch: int) -> float:
    """Return the system energy that the analytic model finds for a mapping."""
    folded = fold(layer.shape, machine)
    run = AnalyticModel(machine, FmapCode.RLC).run(Job(layer, MappedLayer(folded, mapping), batch))
    timed = Timed(run.total_cycles, machine.core.clock, run.active_pes)
    return energy_of(run.ledger, TABLES[table], bits=layer.bits, timed=timed, sort_by_part=sort_by_part).system


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("workload", ["alexnet_jssc2017", "vgg16_jssc2017"])
def test_found_mappings_are_estimated_no_worse_than_the_stated_ones(workload: str, table: str) -> None:
    machine = MACHINES["eyeriss"]
    network = read_workload(find_workload(workload))
    for layer in network.layers:
        assert layer.mapping is not None
        stated = Mapping(**dict(layer.mapping))
        chosen = found(layer, machine, table=table, batch=network.batch)
        assert estimate(layer, machine, table, chosen, network.batch) <= estimate(
            layer, machine, table, stated, network.batch
        )


def test_the_cuts_of_the_filters_are_those_of_the_pass_list() -> None:
    """Tails in the estimate are those of the passes that will be run."""
    machine = MACHINES["eyeriss"]
    for layer in layers("squeezenet_v1_1"):
        folded = fold(layer.shape, machine)
        mapping = found(layer, machine, table="eyeriss-65nm", batch=3)
        listed = list(tiles(folded.shape, mapping, batch=3, run_filters=folded.filters_per_run))
        facts = facts_of(layer, folded, machine, 3)
        groups, passes, at_work = cut_filters(facts, mapping.m, mapping.p, mapping.t)
        first = [tile for tile in listed if (tile.images.start, tile.rows.start, tile.channels.start) == (0, 0, 0)]
        spans = [span for tile in first for span in tile.passes]
        assert (groups, passes) == (len(first), len(spans))
        assert at_work == sum(len(even_shares(span.size, mapping.p)) for span in spans)


def test_sizes_that_matter_are_the_smallest_for_each_count() -> None:
    assert image_counts_that_matter(7, Bounds(1, 7)).tolist() == [7, 4, 3, 2, 1]
    assert strip_widths_that_matter(7, Bounds(3, 6), columns=None).tolist() == [4, 3]
    for total in range(1, 40):
        counts = {-(-total // size) for size in range(1, total + 1)}
        assert {-(-total // size) for size in image_counts_that_matter(total, Bounds(1, total))} == counts


def test_strip_widths_differ_where_segments_of_their_sets_do() -> None:
    """30 rows on 14 columns: 15 + 15 rows take 2 + 2 segments, 28 + 2 rows 2 + 1, though both are two strips."""
    assert strip_widths_that_matter(30, Bounds(15, 29), columns=14).tolist() == [29, 16, 15]
    assert strip_widths_that_matter(30, Bounds(15, 29), columns=None).tolist() == [15]


def test_a_layer_that_fits_nowhere_names_the_broken_rules() -> None:
    machine = MACHINES["eyeriss"]
    wide = replace(layers("alexnet")[0], name="wide", shape=replace(layers("alexnet")[0].shape, S=33))
    with pytest.raises(InputError) as error:
        found(wide, machine, table="eyeriss-65nm", batch=1)
    assert str(error.value) == (
        "layer wide: no legal mapping on eyeriss; native_limits: S=33; at most 32 on this machine; "
        "ifmap_spad: q S = 33 words; at most 12; "
        "zero_buffer: q S = 33 words; at most the zero buffer's 12 flags while gating is on; "
        "with limits.filter_width: 33, pe.ifmap_spad.words: 33, pe.zero_buffer: 33 there would be one"
    )


def test_each_objective_is_best_served_by_its_own_winner() -> None:
    machine, table = MACHINES["eyeriss"], TABLES["eyeriss-65nm"]
    measures = {
        Objective.ENERGY: lambda one: one.energy,
        Objective.DELAY: lambda one: one.cycles,
        Objective.EDP: lambda one: one.energy * one.cycles,
        Objective.DRAM: lambda one: one.dram_bits,
    }
    distinct = set()
    for layer in layers("alexnet"):
        folded = fold(layer.shape, machine)
        winners = {
            objective: find_mappings(
                layer, folded, machine, table, batch=4, goal=Goal(objective=objective), top=1
            ).candidates[0]
            for objective in Objective
        }
        for objective, measure in measures.items():
            assert measure(winners[objective]) == min(measure(winner) for winner in winners.values())
        distinct.add(len({winner.plan for winner in winners.values()}))
    assert max(distinct) > 1
