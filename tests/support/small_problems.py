"""Mapping problems drawn at random, so small that every legal mapping can be tried."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.components import sort_by_part
from sim.chips.eyeriss.machine import ColumnStart, FilterMulticast, Machine, read_machine
from sim.chips.eyeriss.mapping.folding import Folded, fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS, Mapping
from sim.chips.goals import Bounds, Goal, Objective
from sim.chips.parts.description import Gating
from sim.codes.expected import FmapCode
from sim.files.catalogue import find_cost_table, find_machine
from sim.ledger.energy import CostTable, Timed, energy_of, read_cost_table
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape

EYERISS = read_machine(find_machine("eyeriss"))
TABLES = [read_cost_table(find_cost_table(name)) for name in ("eyeriss-65nm", "normalized-65nm")]


@dataclass(frozen=True, slots=True)
class Problem:
    """A small mapping problem."""

    layer: Layer
    folded: Folded
    machine: Machine
    table: CostTable
    batch: int
    goal: Goal

    def legal(self) -> Iterator[Mapping]:
        """Go through every legal mapping within the constraints, the plain way."""
        shape, limits = self.folded.shape, dict(self.goal.constraints)
        loops = {
            "m": shape.M,
            "n": self.batch,
            "e": shape.E,
            "p": min(shape.M, 8),
            "q": min(shape.C, 12),
            "r": min(shape.C, 5),
            "t": min(shape.M, 20),
        }
        ranges = []
        for name in PARAMETERS:
            bounds = limits.get(name, Bounds(1, loops[name]))
            ranges.append(range(bounds.low, min(loops[name], bounds.high) + 1))
        for values in product(*ranges):
            mapping = Mapping(*values)
            if mapping.p > mapping.m or (mapping.t - 1) * mapping.p >= mapping.m:
                continue  # loop_bounds would say the same, more slowly
            if not violations(Case(self.folded, self.batch, self.layer.bits, mapping, self.machine)):
                yield mapping

    def price(self, mapping: Mapping) -> float:
        """Return a mapping's objective according to the analytic model."""
        job = Job(self.layer, MappedLayer(self.folded, mapping), self.batch)
        run = AnalyticModel(self.machine, self.goal.code).run(job)
        timed = Timed(run.total_cycles, self.machine.core.clock, run.active_pes)
        bits = self.layer.bits
        energy = energy_of(run.ledger, self.table, bits=bits, timed=timed, sort_by_part=sort_by_part).system
        return {
            Objective.ENERGY: energy,
            Objective.DELAY: float(run.total_cycles),
            Objective.EDP: energy * run.total_cycles,
            Objective.DRAM: float(run.ledger.dram_bits),
        }[self.goal.objective]


def small_machine(rng: random.Random) -> Machine:
    """Draw a machine on which a layer has some thousand legal mappings at most."""

    def part(name: str, **changed: object) -> object:
        return getattr(EYERISS, name).model_copy(update=changed)

    def memory(name: str, words: int) -> object:
        return getattr(EYERISS.pe, name).model_copy(update={"words": words})

    return EYERISS.model_copy(
        update={
            "pe_array": part("pe_array", rows=rng.randint(3, 5), columns=rng.randint(2, 4)),
            "pe": part(
                "pe",
                filter_spad=memory("filter_spad", rng.choice((6, 12, 24))),
                ifmap_spad=memory("ifmap_spad", rng.choice((3, 6, 8))),
                psum_spad=memory("psum_spad", rng.randint(2, 6)),
                column_start=rng.choice(list(ColumnStart)),
                gating=rng.choice(list(Gating)),
            ),
            "glb": part("glb", bank_words=rng.choice((4, 8, 16)), fmap_banks=rng.randint(4, 12), filter_banks=2),
            "link": part("link", clock=rng.choice((30, 60, 200)) * 1_000_000, burst_words=rng.choice((4, 64))),
            "noc": part("noc", filter_multicast=rng.choice(list(FilterMulticast))),
            "overlap": part("overlap", fmaps=rng.random() < 0.2, filters=rng.random() < 0.8, drain=rng.random() < 0.5),
            "control": part("control", pass_setup_cycles=rng.choice((0, 7, 70))),
            "limits": part("limits", filters=rng.choice((1024, 5)), channels=rng.choice((1024, 4))),
        }
    )


def small_layer(rng: random.Random) -> Layer:
    """Draw a layer."""
    R, S, U = rng.randint(1, 3), rng.randint(1, 3), rng.choice((1, 1, 2))
    shape = Shape(
        G=rng.choice((1, 1, 2)),
        M=rng.randint(1, 9),
        C=rng.randint(1, 6),
        R=R,
        S=S,
        E=rng.randint(1, 6),
        F=rng.randint(1, 6),
        Uy=U,
        Ux=U,
    )
    pad = Padding(*(rng.randint(0, min(1, size - 1)) for size in (R, R, S, S)))
    return Layer(
        name="small",
        kind=LayerKind.CONV,
        shape=shape,
        stored_height=shape.H - pad.top - pad.bottom or 1,
        stored_width=shape.W - pad.left - pad.right or 1,
        padding=pad,
        ifmap_zeros=rng.choice((0.0, 0.5, 0.9)),
        ofmap_zeros=rng.choice((0.0, 0.6)),
        coded_ifmap=rng.random() < 0.8,
        bits=rng.choice((BitWidths(), BitWidths(8, 8, 16), BitWidths(8, 8, 16, 8))),
    )


def problem(seed: int) -> Problem:
    """Draw a problem."""
    rng = random.Random(seed)
    machine, layer = small_machine(rng), small_layer(rng)
    batch = rng.randint(1, 3)
    goal = Goal(
        objective=rng.choice(list(Objective)),
        constraints=rng.choice(((), (), (("n", Bounds(1, 1)),), (("p", Bounds(2, 3)), ("e", Bounds(1, 2))))),
        code=rng.choice(list(FmapCode)),
    )
    return Problem(layer, fold(layer.shape, machine), machine, rng.choice(TABLES), batch, goal)
