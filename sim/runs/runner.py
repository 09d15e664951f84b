"""Running a network: a mapping for every layer, a model's counts, their energy, and the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sim.chips.contract import Job, Model
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.folding import Folded, fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.eyeriss.mapping.search import Goal, find_mapping
from sim.chips.parts.description import Gating
from sim.errors import InputError
from sim.ledger.energy import CostTable, energy_of
from sim.ledger.results import LayerResult
from sim.networks.drawn_tensors import draw_filters, draw_ifmap, draw_ofmap
from sim.networks.layer import Layer


@dataclass(frozen=True, slots=True)
class Planned:
    """A layer that is ready to run."""

    layer: Layer
    folded: Folded
    mapping: Mapping


def _plain_goal(layer: Layer) -> Goal:
    """Return the goal of a layer that nothing special is wanted of."""
    return Goal()


@dataclass(slots=True)
class Planner:
    """The chooser of a mapping for each layer: the one it states, else the mapper's best for the goal that `goal_of`
    gives.

    Costs are taken at the machine's voltage, whatever the table's.
    """

    machine: Machine
    table: CostTable
    batch: int
    goal_of: Callable[[Layer], Goal] = _plain_goal
    _found: dict[tuple[Layer, Goal], Mapping] = field(default_factory=dict)

    def plan(self, layers: Sequence[Layer]) -> list[Planned]:
        """Plan all layers; raise InputError for the first that can't be mapped, before anything runs."""
        return [self._plan_layer(layer) for layer in layers]

    def _plan_layer(self, layer: Layer) -> Planned:
        folded = fold(layer.shape, self.machine)
        if layer.mapping is None:
            return Planned(layer, folded, self._search(layer, folded))
        mapping = Mapping(**dict(layer.mapping))
        broken = violations(Case(folded, self.batch, layer.bits, mapping, self.machine))
        if broken:
            raise InputError.located(
                f"layer {layer.name}",
                wrong=f"mapping {mapping} is not legal on {self.machine.name}",
                allowed=str(broken[0]),
            )
        return Planned(layer, folded, mapping)

    def _search(self, layer: Layer, folded: Folded) -> Mapping:
        goal = self.goal_of(layer)
        alike = replace(layer, name="", relu=True), goal
        if alike not in self._found:
            table = self.table.scaled_to(self.machine.core.voltage)
            self._found[alike] = find_mapping(layer, folded, self.machine, table, batch=self.batch, goal=goal)
        return self._found[alike]


@dataclass(frozen=True, slots=True)
class Runner:
    """A runner of planned layers on a model, one after another; costs are taken at the machine's voltage.

    `filters` draws filters also where no machine skips their zeros: for a model that computes ofmaps. `give_tensors`
    gives a job its tensors, where they are not drawn.
    """

    machine: Machine
    table: CostTable
    model: Model
    batch: int
    seed: int
    filters: bool = False
    give_tensors: Callable[[Job], Job] | None = None

    def run(self, planned: Sequence[Planned]) -> Iterator[LayerResult]:
        """Yield each layer's result as soon as it is there."""
        for one in planned:
            yield self._run_layer(one)

    def _run_layer(self, planned: Planned) -> LayerResult:
        layer = planned.layer
        job = Job(layer=layer, folded=planned.folded, mapping=planned.mapping, batch=self.batch)
        if self.model.needs_tensors and self.give_tensors is not None:
            job = self.give_tensors(job)
        elif self.model.needs_tensors:
            filters = self.filters or self.machine.pe.gating == Gating.EITHER_ZERO
            job = with_drawn_tensors(job, seed=self.seed, filters=filters)
        run = self.model.run(job)
        core = self.machine.core
        table = self.table.scaled_to(core.voltage)
        energy = energy_of(
            run.ledger,
            table,
            bits=layer.bits,
            cycles=run.total_cycles,
            clock_hz=core.clock,
            active_pes=run.active_pes,
        )
        return LayerResult(
            name=layer.name,
            kind=str(layer.kind),
            mapping=planned.mapping.as_dict(),
            folded=planned.folded.notes,
            run=run,
            energy=energy,
            clock_hz=core.clock,
        )


def with_drawn_tensors(job: Job, *, seed: int, filters: bool) -> Job:
    """Hand a job tensors drawn at its layer's densities; `filters` only where they matter."""
    return replace(
        job,
        ifmap=draw_ifmap(job.layer, batch=job.batch, seed=seed),
        ofmap=draw_ofmap(job.layer, batch=job.batch, seed=seed),
        filters=draw_filters(job.layer, seed=seed) if filters else None,
    )
