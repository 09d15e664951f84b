"""What a chip offers to the rest of the house. One subclass of Chip stands for each kind of machine.

Runner, results, estimates, comparisons, sweeps and views know chips by this contract alone. It promises neither passes
nor PEs with spads nor windows: a chip says in its own words how a layer lies on it (a plan), which levels it counts
at, which parts its energy is told by. What a chip can't do is an InputError that says so in one line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, NoReturn, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from sim.chips.goals import Findings, Goal
from sim.chips.parts.calibration import Calibration
from sim.chips.parts.description import MachineDocument
from sim.chips.parts.probes import Observer
from sim.chips.parts.requests import Emit, MemoryTracer, TraceLayout
from sim.chips.published import Published
from sim.codes.expected import FmapCode
from sim.errors import InputError, listed
from sim.ledger.counts import Direction, Levels, Statistic, Tensor
from sim.ledger.energy import CostTable, EnergyPart, Spent, Timed
from sim.ledger.results import LayerResult, LayerRun
from sim.networks.layer import Layer

Values = NDArray[np.int16]
Entry = tuple[int, Tensor, Direction]


class Plan(Protocol):
    """How a layer lies on a chip: opaque but for what people read of it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be done to the layer, in words; empty where nothing had to."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Return the mapping's parameters by name, in the order in which they are written."""
        ...


PlanT = TypeVar("PlanT", bound=Plan)
MachineT = TypeVar("MachineT", bound=MachineDocument)
FoundT = TypeVar("FoundT", bound=Plan, covariant=True)
SearchedT = TypeVar("SearchedT", bound=MachineDocument, contravariant=True)


@dataclass(frozen=True, slots=True)
class Planned(Generic[PlanT]):
    """A layer that is ready to run."""

    layer: Layer
    plan: PlanT


@dataclass(frozen=True, slots=True)
class Job(Generic[PlanT]):
    """One layer to run: `ifmap` (N, G C, H, W) padded and trimmed, `ofmap` (N, G M, E, F) before ReLU.

    `filters` (G M, C, R, S) matter only where a machine skips their zeros or ofmaps are computed; `window` is then the
    right shift that cuts products to the psum's width, chosen where there is none, and `biases` (G M), in psums' words,
    are what psums begin with, 0 where there are none. A model that needs no tensors gets none.
    """

    layer: Layer
    plan: PlanT
    batch: int
    ifmap: Values | None = None
    ofmap: Values | None = None
    filters: Values | None = None
    window: int | None = None
    biases: Values | None = None


class Model(Protocol[PlanT]):
    """A description of the chip that runs layers; `name` is what results call it."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def needs(self) -> frozenset[Tensor]:
        """The tensors whose values it looks at."""
        ...

    def run(self, job: Job[PlanT]) -> LayerRun:
        """Find a layer's counts and cycles for its whole batch."""
        ...


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model is to run: what it may keep from one pass to the next, what it checks, who watches.

    `code` is how fmaps lie in DRAM, for a model that estimates them; None is the machine's own.
    """

    reuse: bool = True
    check: bool = False
    code: FmapCode | None = None
    observers: Sequence[Observer] = ()


@dataclass(frozen=True, slots=True)
class MappingGrammar:
    """How mappings are written: the parameters' names in order, `whole` those that can span a whole loop of a layer.

    `example` is a mapping as the command line takes it.
    """

    parameters: tuple[str, ...]
    example: str
    whole: Mapping[str, Callable[[Layer], int]] = field(default_factory=dict)


class LayerSearch(Protocol[FoundT, SearchedT]):
    """The mapper for one layer on machines that differ only in what a study's models ignore."""

    def plan(self, machine: SearchedT) -> FoundT:
        """Return the best plan; raise InputError where none is legal."""
        ...


class FmapStreams(Protocol):
    """How a machine cuts fmaps into the streams that its codec sees, and the code that it speaks."""

    @property
    def enabled(self) -> bool:
        """Whether the codec is on."""
        ...

    @property
    def run_bits(self) -> int:
        """The bits of a run."""
        ...

    @property
    def level_bits(self) -> int:
        """The bits of a level."""
        ...

    @property
    def pairs(self) -> int:
        """The pairs of run and level in a code word."""
        ...

    @property
    def link_width(self) -> int:
        """The bits of a link word, which a code word takes whole."""
        ...

    def is_coded(self, layer: Layer) -> bool:
        """Return whether the layer's ifmap is coded; ofmaps always are where the codec is on."""
        ...

    def cut(self, planned: Planned[Any], tensor: Tensor, values: Values) -> Iterator[Values]:
        """Cut a layer's ifmap or ofmap into its streams, each once, in the chip's order."""
        ...


@dataclass(frozen=True, slots=True)
class Track:
    """A component as its probes name it, and as a timeline shows it; `category` is what its events are filed under."""

    component: str
    title: str
    category: str


class Chip(ABC, Generic[MachineT, PlanT]):
    """One kind of chip. The abstract part is what every command needs; the rest has defaults that refuse or do without.

    `models` names its models, the default first. `skips` and `codes` are what `estimate` may choose of gating and of
    fmaps' codes, the methodology's own first; empty where the chip has no such choice.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    machine_type: type[MachineT]
    models: ClassVar[tuple[str, ...]]
    levels: ClassVar[Levels]
    statistics: ClassVar[tuple[Statistic, ...]]
    parts: ClassVar[tuple[EnergyPart, ...]]
    mapping: ClassVar[MappingGrammar]
    skips: ClassVar[tuple[str, ...]] = ()
    codes: ClassVar[tuple[FmapCode, ...]] = ()
    tracks: ClassVar[tuple[Track, ...]] = ()
    live_entries: ClassVar[tuple[Entry, ...]] = ()
    short_names: ClassVar[Mapping[str, str]] = {}

    # What every chip has.

    @abstractmethod
    def model(self, name: str, machine: MachineT, options: ModelOptions) -> Model[PlanT]:
        """Make one of the models."""

    @abstractmethod
    def stated(self, layer: Layer, machine: MachineT, *, batch: int) -> PlanT:
        """Return the plan of the mapping that a layer states; raise InputError where it is not legal."""

    @abstractmethod
    def search(
        self, layer: Layer, machine: MachineT, table: CostTable, *, batch: int, goal: Goal, top: int
    ) -> Findings[PlanT]:
        """Find the best plans of a layer; raise InputError where none is legal, with the rules in the way."""

    @abstractmethod
    def sort_by_part(self, spent: Spent) -> dict[str, float]:
        """Sort a layer's energy on the chip by `parts`, in their order."""

    # What has a sensible default.

    def code_of(self, machine: MachineT) -> FmapCode:
        """Return the code that a machine's own codec speaks."""
        return FmapCode.NONE

    def timed(self, run: LayerRun, machine: MachineT) -> Timed:
        """Return what carries the energy that goes with time."""
        return Timed(run.total_cycles, machine.core.clock, run.active_pes)

    def needs_filters(self, machine: MachineT) -> bool:
        """Return whether the machine looks at filter values even where nothing is computed with them."""
        return False

    def is_dense(self, layer: Layer, machine: MachineT) -> bool:
        """Return whether no zero is among the values that a layer's MACs may be left out for."""
        return layer.ifmap_zeros == 0 and layer.filter_zeros == 0

    def areas_mm2(self, machine: MachineT) -> dict[str, float]:
        """Return areas in mm2 by name, "core" the whole chip's; empty where nothing is known of it."""
        return {}

    def with_skipping(self, machine: MachineT, skip: str) -> MachineT:
        """Return a machine whose MACs are left out for the operands that `skip`, one of `skips`, names."""
        self.refuse("--skip", f"choosing which MACs are left out ({skip})")

    # Sweeps.

    def search_for(
        self, layer: Layer, machine: MachineT, table: CostTable, *, batch: int, goal: Goal, hint: PlanT | None
    ) -> LayerSearch[PlanT, MachineT]:
        """Return a layer's mapper for machines that differ from this one in nothing but what its models ignore.

        A good `hint` may make it faster, never change what it finds.
        """
        return _SearchAgain(self, layer, table, batch, goal)

    def ignored_by(self, model: str) -> frozenset[str]:
        """Name the parameters that change no figure of a planned layer: they only say which plans are legal."""
        return frozenset()

    def extra_parameters(self) -> Mapping[str, FieldInfo]:
        """Return parameters that sweeps may vary by path and that machine files don't have; `resolve` knows them."""
        return {}

    def extra_value(self, path: str, machine: MachineT) -> Any:
        """Return a machine's value of one of the `extra_parameters`."""
        raise KeyError(path)

    def one_of_both(self) -> Sequence[tuple[str, str]]:
        """List pairs of paths that say the same thing, the extra one first: a sweep may give only one of them."""
        return ()

    def resolve(
        self, changes: Mapping[str, Any], machine_with: Callable[[Mapping[str, Any]], MachineT]
    ) -> Mapping[str, Any]:
        """Put parameters of the file in place of extra ones; `machine_with` makes a machine with other changes."""
        return changes

    # What only some chips have.

    @property
    def published(self) -> Published | None:
        """What was published of the measured chip, for `validate` and `power`."""
        return None

    def calibrate(self, results: Sequence[LayerResult]) -> Calibration:
        """Fit the chip's costs to what was published of it."""
        self.refuse("calibrate", "a calibration")

    def calibrated_table(self, found: Calibration) -> str:
        """Write the cost table of a calibration as YAML."""
        self.refuse("calibrate", "a calibration")

    def streams(self, machine: MachineT) -> FmapStreams:
        """Return how a machine cuts fmaps into coded streams."""
        self.refuse("compress", "coded fmap streams")

    def memory_tracer(
        self, planned: Planned[PlanT], layout: TraceLayout[MachineT], *, base: int, first_cycle: int, emit: Emit
    ) -> MemoryTracer:
        """Return what turns a layer's DRAM traffic into requests."""
        self.refuse("trace", "a trace of its DRAM link")

    def refuse(self, place: str, what: str) -> NoReturn:
        """Say in one line that this chip lacks something."""
        raise InputError.located(place, wrong=f"{self.title} has no model of {what}", allowed="choose another machine")

    def check_model(self, name: str, place: str = "--model") -> None:
        """Raise InputError for a model that the chip hasn't."""
        if name not in self.models:
            raise InputError.located(
                place, wrong=f"{self.title} has no {name} model", allowed=f"it has {listed(self.models)}"
            )

    def check_costs(self, table: CostTable, place: str) -> None:
        """Raise InputError for a cost table that lacks one of the chip's levels."""
        lacking = table.missing(self.levels)
        if lacking:
            wrong = f"{table.name} has no costs for {listed(lacking)}, where {self.title} counts words"
            raise InputError.located(place, wrong=wrong, allowed="add them, or use another cost table")


AnyChip = Chip[Any, Any]


@dataclass(frozen=True, slots=True)
class _SearchAgain(Generic[MachineT, PlanT]):
    """A mapper that searches every machine anew."""

    chip: Chip[MachineT, PlanT]
    layer: Layer
    table: CostTable
    batch: int
    goal: Goal

    def plan(self, machine: MachineT) -> PlanT:
        found = self.chip.search(self.layer, machine, self.table, batch=self.batch, goal=self.goal, top=1)
        return found.candidates[0].plan
