"""The analytic model on the interface of all models: a job in, counts and cycles out, in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

from sim.analytic.coding import FmapCode, FmapCoder, live_products
from sim.analytic.ledger import fill_ledger
from sim.analytic.loops import loops_of
from sim.analytic.timing import layer_cycles
from sim.arch import Gating, Machine
from sim.mapping.placement import place
from sim.model import Job
from sim.results import LayerRun


@dataclass(frozen=True, slots=True)
class AnalyticModel:
    """Count in closed form. `code` says how fmaps lie in DRAM; the job's tensors are not looked at."""

    machine: Machine
    code: FmapCode = FmapCode.SIGNIFICANCE_MAP
    name: str = "analytic"
    needs_tensors: bool = False

    def run(self, job: Job) -> LayerRun:
        """Estimate one layer."""
        machine, layer = self.machine, job.layer
        loops = loops_of(job.folded, job.mapping, job.batch)
        fmap_bits = FmapCoder(self.code, machine).bits(layer, loops)
        ledger = fill_ledger(loops, bits=layer.bits, pe=machine.pe, live_macs=self._live_macs(job), fmap_bits=fmap_bits)
        cycles = layer_cycles(loops, machine, layer.bits, fmap_bits)
        chain = machine.scan_chain
        configuration = job.folded.configurations * -(-chain.bits * machine.core.clock // chain.clock)
        return LayerRun(
            ledger=ledger,
            processing_cycles=cycles.processing,
            total_cycles=cycles.total + configuration,
            active_pes=place(job.folded.shape.R, job.mapping, machine.pe_array).active_pes,
            passes=loops.passes,
        )

    def _live_macs(self, job: Job) -> int:
        """Scale the MACs on stored values by the density of what gates them."""
        layer = job.layer
        if self.machine.pe.gating == Gating.OFF:
            return job.batch * layer.shape.macs
        channels = layer.shape.G * layer.shape.M * layer.shape.C
        density = 1 - layer.ifmap_zeros
        if self.machine.pe.gating == Gating.EITHER_ZERO:
            density *= 1 - layer.filter_zeros
        return round(job.batch * channels * live_products(layer) * density)
