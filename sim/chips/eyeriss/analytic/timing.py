"""Cycles of a mapped layer in closed form, from the kernels that the mapper uses as well."""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.contract import Job
from sim.chips.eyeriss.kernels.layer_facts import Parameters
from sim.chips.eyeriss.kernels.layer_time import time_layer
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.facts import facts_of, stored_per_channel, transfers_of
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.codes.expected import FmapCode


@dataclass(frozen=True, slots=True)
class LayerCycles:
    """A layer's core cycles without and with the waits for fmaps, and with the configuration."""

    processing: int
    total: int


def layer_cycles(job: Job[MappedLayer], machine: Machine, code: FmapCode) -> LayerCycles:
    """Bound every pass, add them up, and add the waits."""
    folded, mapping = job.plan.folded, job.plan.mapping
    facts = facts_of(job.layer, folded, machine, job.batch)
    transfers = transfers_of(job.layer, machine, batch=job.batch, code=code)
    stored = stored_per_channel(job.layer, folded, mapping.e)
    total, processing = time_layer(facts, transfers, Parameters(*mapping.as_tuple()), stored)
    return LayerCycles(round(processing), round(total))
