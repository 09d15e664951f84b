"""The chip: components wired together for one layer, run to its end, and their counts put in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy

from sim.chips.contract import Job
from sim.chips.eyeriss.engine.buffer import level_teller, make_buffer
from sim.chips.eyeriss.engine.codec import Codec
from sim.chips.eyeriss.engine.conservation import check_layer
from sim.chips.eyeriss.engine.controller import Controller, Schedule
from sim.chips.eyeriss.engine.datapath import NEVER_WRITTEN, Datapath, SeededFault
from sim.chips.eyeriss.engine.fmaps import FmapStore
from sim.chips.eyeriss.engine.gating import ZeroGate
from sim.chips.eyeriss.engine.pe_array import PeArray
from sim.chips.eyeriss.engine.preload import FilterPreload
from sim.chips.eyeriss.engine.routes import Router
from sim.chips.eyeriss.engine.scan_chain import configuration_cycles
from sim.chips.eyeriss.engine.value_check import ValueCheck
from sim.chips.eyeriss.levels import LEVELS
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.legality import Case, bank_counts
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.parts.clock import Clocks, make_clocks, now
from sim.chips.parts.description import Gating
from sim.chips.parts.link import Link
from sim.chips.parts.probes import Probes
from sim.chips.parts.relu import Relu
from sim.errors import ModelError
from sim.ledger.counts import Ledger, Tensor
from sim.ledger.results import LayerRun
from sim.networks.reference import reference_of

Process = Generator[simpy.Event, Any, None]
StartOrder = Callable[[Sequence[Process]], Sequence[Process]]


@dataclass(slots=True)
class CycleModel:
    """A cycle-level chip that runs layers.

    `reuse` steps each distinct pass once; off, it steps every pass, with the same result. `start_order` may shuffle
    the components' processes; the result must not depend on it. `make_environment` may make one that observes events.
    `check` computes the ofmaps, which then stand in the place of the job's, and holds them against the reference
    convolution; it needs filters. `fault` seeds a fault in one PE for it to find.
    """

    machine: Machine
    reuse: bool = True
    start_order: StartOrder = tuple
    probes: Probes = field(default_factory=Probes)
    name: str = "cycle"
    make_environment: Callable[[], simpy.Environment] = simpy.Environment
    passes_stepped: int = 0
    cycles_stepped: int = 0
    pe_cycles_stepped: int = 0
    check: bool = False
    fault: SeededFault | None = None

    @property
    def needs(self) -> frozenset[Tensor]:
        """Fmaps, and filters where their zeros gate or ofmaps are computed."""
        fmaps = frozenset((Tensor.IFMAP, Tensor.OFMAP))
        filters = self.check or self.machine.pe.gating == Gating.EITHER_ZERO
        return fmaps | {Tensor.FILTER} if filters else fmaps

    def run(self, job: Job[MappedLayer]) -> LayerRun:
        """Simulate one layer; raise ModelError if a conservation law breaks or a checked value is wrong."""
        env = self.make_environment()
        ledger = Ledger(LEVELS)
        clocks = make_clocks(self.machine.core.clock, self.machine.link.clock)
        array, controller = self._wire(env, job, ledger, clocks)
        values = self._compute_values(job, array, controller) if self.check else None
        configuration = self._configure(job, clocks)
        env.run(until=self._start(env, controller))
        self._tally(array)
        array.book(ledger, live_macs=controller.live_macs)
        check_layer(ledger, job.plan.folded.original, batch=job.batch)
        self._check_streams(controller.fmaps)
        return LayerRun(
            ledger=ledger,
            processing_cycles=clocks.core_cycles(controller.processing_ticks),
            total_cycles=configuration + clocks.core_cycles(now(env)),
            active_pes=array.placement.active_pes,
            passes=array.passes,
            checked=None if values is None else values.verdict(),
            ofmap=controller.fmaps.ofmap,
        )

    def _configure(self, job: Job[MappedLayer], clocks: Clocks) -> int:
        """Return the core cycles that the scan chain takes, all before tick 0."""
        chain, times = self.machine.scan_chain, job.plan.folded.configurations
        cycles = configuration_cycles(chain, core_hz=self.machine.core.clock, configurations=times)
        counts = {"configurations": times, "bits": times * chain.bits}
        self.probes.tell("scan chain", -cycles * clocks.core_ticks, 0, "configuration", counts=counts)
        return cycles

    def _wire(
        self, env: simpy.Environment, job: Job[MappedLayer], ledger: Ledger, clocks: Clocks
    ) -> tuple[PeArray, Controller]:
        machine, shape, bits = self.machine, job.plan.folded.shape, job.layer.bits
        case = Case(job.plan.folded, job.batch, bits, job.plan.mapping, machine)
        ifmap_banks, psum_banks = bank_counts(case)
        word_bits = {
            Tensor.IFMAP: bits.ifmap,
            Tensor.FILTER: bits.filter,
            Tensor.PSUM: bits.psum,
            Tensor.OFMAP: bits.psum,
        }
        buffer = make_buffer(
            machine.glb,
            ledger,
            ifmap_banks=ifmap_banks,
            psum_banks=psum_banks,
            word_bits=word_bits,
            tell=level_teller(env, self.probes) if self.probes.observers else None,
        )
        link = Link(env, machine.link, clocks, self.probes)
        array = PeArray(machine, shape, job.plan.mapping, case.placement, bits, psum_banks, self.reuse)
        controller = Controller(
            env=env,
            plan=Schedule(shape, job.plan.mapping, job.batch, job.plan.folded.filters_per_run),
            clocks=clocks,
            link=link,
            buffer=buffer,
            preload=FilterPreload(env, link, buffer, ledger, self.probes, word_bits=bits.filter),
            array=array,
            fmaps=self._store(job, clocks),
            ledger=ledger,
            bits=bits,
            probes=self.probes,
            sync_ticks=machine.link.fifo_sync_cycles * clocks.core_ticks,
            fmap_slots=2 if machine.overlap.fmaps else 1,
            filters_overlap=machine.overlap.filters,
            drain_overlaps=machine.overlap.drain,
            pass_setup_cycles=machine.control.pass_setup_cycles,
        )
        return array, controller

    def _store(self, job: Job[MappedLayer], clocks: Clocks) -> FmapStore:
        """Put a job's tensors where the chip finds them."""
        machine, gate = self.machine, ZeroGate(self.machine.pe.gating, job.plan.folded.shape)
        if job.ifmap is None or job.ofmap is None or (gate.needs_filters and job.filters is None):
            raise ModelError("the engine moves values", f"layer {job.layer.name} came without its tensors")
        return FmapStore(
            shape=job.plan.folded.shape,
            bits=job.layer.bits,
            ifmap=job.plan.folded.fold_ifmap(job.ifmap),
            psums=job.ofmap,
            filters=None if job.filters is None else job.plan.folded.fold_filters(job.filters),
            coded_ifmap=job.layer.coded_ifmap or machine.rlc.codes_network_input,
            codec=Codec(machine.rlc, clocks, link_width=machine.link.width),
            gate=gate,
            relu=Relu(enabled=job.layer.relu, ofmap_bits=job.layer.bits.ofmap),
            reuse=self.reuse,
        )

    def _compute_values(self, job: Job[MappedLayer], array: PeArray, controller: Controller) -> ValueCheck:
        """Hand the controller a datapath, and memory for what it makes; know what that must be."""
        if job.ifmap is None or job.filters is None:
            raise ModelError("the engine computes with values", f"layer {job.layer.name} came without its tensors")
        shape, bits, fmaps = job.layer.shape, job.layer.bits, controller.fmaps
        reference = reference_of(
            job.ifmap, job.filters, shape, psum_bits=bits.psum, window=job.window, biases=job.biases
        )
        fmaps.psums = np.full_like(reference.psums, NEVER_WRITTEN)
        fmaps.ofmap = np.full_like(reference.psums, NEVER_WRITTEN)
        controller.datapath = Datapath(
            router=Router(job.plan.folded.shape, job.plan.mapping, array.placement, array.gins),
            fmaps=fmaps,
            filters=job.plan.folded.fold_filters(job.filters),
            window=reference.window,
            fault=self.fault,
            biases=job.biases,
        )
        return ValueCheck(job.layer.name, controller.plan, controller.datapath, reference, relu=job.layer.relu)

    def _start(self, env: simpy.Environment, controller: Controller) -> simpy.Process:
        """Start every component's process; give the one whose end ends the layer."""
        passes = controller.run_passes()
        processes: list[Process] = [
            controller.link.serve(),
            controller.preload.fill(controller.plan.filter_words()),
            controller.load_ifmaps(),
            passes,
            controller.store_ofmaps(),
        ]
        started = {id(process): env.process(process) for process in self.start_order(processes)}
        return started[id(passes)]

    def _check_streams(self, fmaps: FmapStore) -> None:
        """Check that ReLU and encoder saw every ofmap value once."""
        if fmaps.relu.values_passed != fmaps.psums.size:
            raise ModelError("every ofmap value passes ReLU", f"{fmaps.relu.values_passed} of {fmaps.psums.size} did")
        if self.machine.rlc.enabled and fmaps.codec.values_coded != fmaps.psums.size:
            raise ModelError("every ofmap value is coded", f"{fmaps.codec.values_coded} of {fmaps.psums.size} were")

    def _tally(self, array: PeArray) -> None:
        self.passes_stepped += array.passes_stepped
        self.cycles_stepped += array.cycles_stepped
        self.pe_cycles_stepped += array.cycles_stepped * array.placement.active_pes
