"""Eyeriss on the contract of all chips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic.fields import FieldInfo

from sim.chips.contract import Chip, MappingGrammar, Model, ModelOptions, Planned, Track
from sim.chips.eyeriss.area import area_mm2, storage_area_mm2
from sim.chips.eyeriss.buffer_size import BANK_WORDS, GLB_SIZE, BufferSize, with_bank_words
from sim.chips.eyeriss.components import PARTS, sort_by_part
from sim.chips.eyeriss.expected import code_of
from sim.chips.eyeriss.levels import LEVELS, STATISTICS, Level
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.facts import CAPACITY_PATHS
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS
from sim.chips.eyeriss.planner import CapacityPlanner, best_plans, stated_plan
from sim.chips.eyeriss.streams import TileStreams
from sim.chips.goals import Findings, Goal
from sim.chips.parts.calibration import Calibration
from sim.chips.parts.description import Gating
from sim.chips.parts.requests import Emit, MemoryTracer, TraceLayout
from sim.chips.published import Published
from sim.codes.expected import FmapCode
from sim.errors import InputError
from sim.ledger.counts import Direction, Tensor
from sim.ledger.energy import CostTable, Spent
from sim.ledger.results import LayerResult
from sim.networks.layer import Layer

CYCLE, ANALYTIC = "cycle", "analytic"
_GATING = MappingProxyType({"either": Gating.EITHER_ZERO, "ifmap": Gating.IFMAP_ZERO, "none": Gating.OFF})


class Eyeriss(Chip[Machine, MappedLayer]):
    """The row-stationary chip of JSSC 52(1) 2017, simulated cycle by cycle and in closed form."""

    kind = "eyeriss"
    title = "Eyeriss"
    machine_type = Machine
    models = (CYCLE, ANALYTIC)
    levels = LEVELS
    statistics = STATISTICS
    parts = PARTS
    mapping = MappingGrammar(
        PARAMETERS,
        example="m=64,n=4,e=13,p=16,q=3,r=2,t=2",
        whole={
            "m": lambda layer: layer.shape.M,
            "e": lambda layer: layer.shape.E,
            "p": lambda layer: layer.shape.M,
            "q": lambda layer: layer.shape.C,
        },
    )
    skips = tuple(_GATING)
    codes = (FmapCode.SIGNIFICANCE_MAP, FmapCode.RLC, FmapCode.NONE)
    short_names = MappingProxyType({"array": "pe_array"})
    # From top to bottom of a timeline.
    tracks = (
        Track("scan chain", "scan chain", "configuration"),
        Track("link", "DRAM link", "link"),
        Track("codec", "RLC codec", "codec"),
        Track("glb ifmap", "GLB ifmap banks", "glb"),
        Track("glb filter", "GLB filter banks", "glb"),
        Track("glb psum", "GLB psum banks", "glb"),
        Track("gin filter", "GIN filter", "gin"),
        Track("gin ifmap", "GIN ifmap", "gin"),
        Track("gin psum", "GIN psum", "gin"),
        Track("array", "PE array", "array"),
        Track("gon", "GON", "gon"),
        Track("waits", "PE array waits", "waits"),
    )
    # Accesses of MACs that are not gated; ifmap reads are among them where a gated MAC leaves the spad alone.
    live_entries = (
        (Level.SPAD, Tensor.IFMAP, Direction.READ),
        (Level.SPAD, Tensor.FILTER, Direction.READ),
        (Level.SPAD, Tensor.PSUM, Direction.READ),
        (Level.SPAD, Tensor.PSUM, Direction.WRITE),
    )

    def model(self, name: str, machine: Machine, options: ModelOptions) -> Model[MappedLayer]:
        """Make the cycle-level engine or the analytic model; only the engine takes SimPy."""
        self.check_model(name)
        if name == ANALYTIC:
            _refuse_what_is_not_simulated(options)
            from sim.chips.eyeriss.analytic.model import AnalyticModel

            return AnalyticModel(machine, options.code or code_of(machine))
        from sim.chips.eyeriss.engine.chip import CycleModel
        from sim.chips.parts.probes import Probes

        return CycleModel(machine, reuse=options.reuse, check=options.check, probes=Probes(list(options.observers)))

    def stated(self, layer: Layer, machine: Machine, *, batch: int) -> MappedLayer:
        """Check the mapping that a layer states."""
        return stated_plan(layer, machine, batch=batch)

    def search(
        self, layer: Layer, machine: Machine, table: CostTable, *, batch: int, goal: Goal, top: int
    ) -> Findings[MappedLayer]:
        """Search all row-stationary mappings."""
        return best_plans(layer, machine, table, batch=batch, goal=goal, top=top)

    def search_for(
        self, layer: Layer, machine: Machine, table: CostTable, *, batch: int, goal: Goal, hint: MappedLayer | None
    ) -> CapacityPlanner:
        """Return a mapper that finds a mapping once for many capacities."""
        return CapacityPlanner.of(layer, machine, table, batch=batch, goal=goal, hint=hint)

    def sort_by_part(self, spent: Spent) -> dict[str, float]:
        """Sort energy by the parts of Fig. 16."""
        return sort_by_part(spent)

    def code_of(self, machine: Machine) -> FmapCode:
        """Return the run-length code, unless it is off."""
        return code_of(machine)

    def needs_filters(self, machine: Machine) -> bool:
        """Return whether filters' zeros gate, too."""
        return machine.pe.gating == Gating.EITHER_ZERO

    def is_dense(self, layer: Layer, machine: Machine) -> bool:
        """Return whether no zero is among the values that gate MACs."""
        gating = machine.pe.gating
        if gating == Gating.OFF:
            return True
        return layer.ifmap_zeros == 0 and (gating == Gating.IFMAP_ZERO or layer.filter_zeros == 0)

    def areas_mm2(self, machine: Machine) -> dict[str, float]:
        """Return the core's area, and that of all storage."""
        return {"core": area_mm2(machine), "storage": storage_area_mm2(machine)}

    def with_skipping(self, machine: Machine, skip: str) -> Machine:
        """Return a machine whose PEs gate on what `skip` names.

        The methodology knows beforehand which MACs have an operand zero: they touch no spad (Asilomar 2017, III).
        """
        changed: dict[str, object] = {"gating": _GATING[skip]}
        if _GATING[skip] == Gating.EITHER_ZERO:
            changed["gated_mac_reads_ifmap_spad"] = False
        return machine.model_copy(update={"pe": machine.pe.model_copy(update=changed)})

    def ignored_by(self, model: str) -> frozenset[str]:
        """Name the capacities, which the closed forms don't look at."""
        return frozenset((*CAPACITY_PATHS, GLB_SIZE)) if model == ANALYTIC else frozenset()

    def extra_parameters(self) -> Mapping[str, FieldInfo]:
        """Return the buffer's size."""
        return {GLB_SIZE: BufferSize.model_fields["size"]}

    def extra_value(self, path: str, machine: Machine) -> int:
        """Return the buffer's size in bytes."""
        return machine.glb.size_bytes

    def one_of_both(self) -> Sequence[tuple[str, str]]:
        """The buffer's size sets the depth of its banks."""
        return ((GLB_SIZE, BANK_WORDS),)

    def resolve(
        self, changes: Mapping[str, Any], machine_with: Callable[[Mapping[str, Any]], Machine]
    ) -> Mapping[str, Any]:
        """Put the depth of a bank in the place of the buffer's size."""
        return with_bank_words(changes, machine_with) if GLB_SIZE in changes else changes

    @property
    def published(self) -> Published:
        """AlexNet and VGG-16 as they were measured on the chip (JSSC 2017, Tables V and VI)."""
        from sim.chips.eyeriss.silicon.published import PUBLISHED  # reads its tables: only where they are asked for

        return PUBLISHED

    def calibrate(self, results: Sequence[LayerResult]) -> Calibration:
        """Fit the costs to AlexNet's layers."""
        from sim.chips.eyeriss.silicon.calibration import calibrate

        return calibrate(results)

    def calibrated_table(self, found: Calibration) -> str:
        """Write the cost table of a calibration as YAML."""
        from sim.chips.eyeriss.silicon.calibrated_table import as_yaml

        return as_yaml(found)

    def streams(self, machine: Machine) -> TileStreams:
        """Return the tiles' streams and the run-length code."""
        return TileStreams(machine)

    def memory_tracer(
        self, planned: Planned[MappedLayer], layout: TraceLayout[Machine], *, base: int, first_cycle: int, emit: Emit
    ) -> MemoryTracer:
        """Return what turns the link's transfers into requests."""
        from sim.chips.eyeriss.memory_trace import LayerTrace

        return LayerTrace(planned, layout, base=base, first_cycle=first_cycle, emit=emit)


def _refuse_what_is_not_simulated(options: ModelOptions) -> None:
    """Raise InputError for what only the cycle model can do."""
    allowed = "use the cycle model"
    if options.check:
        raise InputError.located("--check", wrong="the analytic model computes no ofmaps", allowed=allowed)
    if options.observers:
        wrong = "the analytic model doesn't know what happens when"
        raise InputError.located("--trace", wrong=wrong, allowed=allowed)
