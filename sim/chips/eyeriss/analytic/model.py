"""The analytic model on the interface of all models: a job in, counts and cycles out, in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.coding import FmapCoder
from sim.chips.eyeriss.analytic.ledger import fill_ledger
from sim.chips.eyeriss.analytic.loops import loops_of
from sim.chips.eyeriss.analytic.timing import layer_cycles
from sim.chips.eyeriss.expected import live_macs
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.placement import place
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.codes.expected import FmapCode
from sim.ledger.counts import Tensor
from sim.ledger.results import LayerRun


@dataclass(frozen=True, slots=True)
class AnalyticModel:
    """Counts in closed form. `code` says how fmaps lie in DRAM; the job's tensors are not looked at."""

    machine: Machine
    code: FmapCode = FmapCode.SIGNIFICANCE_MAP
    name: str = "analytic"

    @property
    def needs(self) -> frozenset[Tensor]:
        """No tensors: shapes and densities are enough."""
        return frozenset()

    def run(self, job: Job[MappedLayer]) -> LayerRun:
        """Estimate one layer."""
        machine, layer = self.machine, job.layer
        loops = loops_of(job.plan.folded, job.plan.mapping, job.batch, array_columns=machine.filter_reach)
        ledger = fill_ledger(
            loops,
            bits=layer.bits,
            pe=machine.pe,
            live_macs=live_macs(layer, machine.pe.gating, batch=job.batch),
            fmap_bits=FmapCoder(self.code, machine).bits(layer, loops),
        )
        cycles = layer_cycles(job, machine, self.code)
        return LayerRun(
            ledger=ledger,
            processing_cycles=cycles.processing,
            total_cycles=cycles.total,
            active_pes=place(job.plan.folded.shape.R, job.plan.mapping, machine.pe_array).active_pes,
            passes=loops.passes,
        )
