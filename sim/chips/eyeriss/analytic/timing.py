"""Cycles of a mapped layer in closed form, from the kernels that the mapper uses as well."""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.contract import Job
from sim.chips.eyeriss.expected import FmapCode
from sim.chips.eyeriss.kernels.layer_facts import Parameters
from sim.chips.eyeriss.kernels.layer_time import time_layer
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.facts import facts_of, stored_per_channel, transfers_of


@dataclass(frozen=True, slots=True)
class LayerCycles:
    """A layer's core cycles without and with the waits for fmaps, and with the configuration."""

    processing: int
    total: int


def layer_cycles(job: Job, machine: Machine, code: FmapCode) -> LayerCycles:
    """Bound every pass, add them up, and add the waits."""
    facts = facts_of(job.layer, job.folded, machine, job.batch)
    transfers = transfers_of(job.layer, machine, batch=job.batch, code=code)
    stored = stored_per_channel(job.layer, job.folded, job.mapping.e)
    total, processing = time_layer(facts, transfers, Parameters(*job.mapping.as_tuple()), stored)
    return LayerCycles(round(processing), round(total))
