"""Cycles of a mapped layer in closed form, from the kernels that the mapper uses as well."""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.contract import Job
from sim.chips.eyeriss.kernels import layer_cost
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.facts import costs_of, facts_of, stored_per_channel
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.codes.expected import FmapCode
from sim.ledger.energy import CostTable, PerTensor


@dataclass(frozen=True, slots=True)
class LayerCycles:
    """A layer's core cycles without and with the waits for fmaps, and with the configuration."""

    processing: int
    total: int


def layer_cycles(job: Job[MappedLayer], machine: Machine, code: FmapCode) -> LayerCycles:
    """Bound every pass, add them up, and add the waits; energies play no part."""
    facts = facts_of(job.layer, job.plan.folded, machine, job.batch)
    costs = costs_of(job.layer, machine, _free(), batch=job.batch, code=code)
    chosen = job.plan.mapping
    stored = stored_per_channel(job.layer, job.plan.folded, job.plan.mapping.e)
    _, total, _, processing = layer_cost.evaluate(
        facts, costs, chosen.m, chosen.n, chosen.e, chosen.p, chosen.q, chosen.r, chosen.t, stored
    )
    return LayerCycles(round(processing), round(total))


def _free() -> CostTable:
    free = PerTensor.free()
    heads = {"schema": 1, "name": "free", "source": "", "status": "published", "unit": "pJ", "word": "16 b"}
    levels = dict.fromkeys(("dram", "glb", "gin", "gon", "ln", "fifo", "spad"), free)
    return CostTable(**heads, mac=0.0, zero_buffer_read=0.0, static_power="0 W", **levels)  # type: ignore[arg-type]
