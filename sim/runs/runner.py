"""Running a network: a plan for every layer, a model's counts, their energy, and the layer's result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.chips.contract import AnyChip, Job, Model, Plan, Planned
from sim.chips.goals import Goal
from sim.chips.parts.description import MachineDocument
from sim.errors import InputError
from sim.ledger.counts import Tensor
from sim.ledger.energy import CostTable, energy_of
from sim.ledger.results import LayerResult
from sim.networks.drawn_tensors import draw_filters, draw_ifmap, draw_ofmap
from sim.networks.layer import Layer

AnyJob = Job[Any]
NOTHING_DRAWN = 0  # the seed where no tensors are


def plain_goal(layer: Layer) -> Goal:
    """Return the goal of a layer that nothing special is wanted of."""
    return Goal()


@dataclass(slots=True)
class Planner:
    """The chooser of a plan for each layer: of the mapping it states, else the best for the goal of `goal_of`.

    Costs are taken at the machine's voltage, whatever the table's. `asked` names the layers whose mapping was asked
    for by name, which goes before limits on all layers.
    """

    chip: AnyChip
    machine: MachineDocument
    table: CostTable
    batch: int
    goal_of: Callable[[Layer], Goal] = plain_goal
    asked: frozenset[str] = frozenset()
    _found: dict[tuple[Layer, Goal], Plan] = field(default_factory=dict)

    def plan(self, layers: Sequence[Layer]) -> list[Planned[Any]]:
        """Plan all layers; raise InputError for the first that can't be mapped, before anything runs."""
        return [Planned(layer, self._plan_of(layer)) for layer in layers]

    def _plan_of(self, layer: Layer) -> Plan:
        if layer.mapping is not None:
            self._check_limits(layer, dict(layer.mapping))
            stated: Plan = self.chip.stated(layer, self.machine, batch=self.batch)
            return stated
        goal = self.goal_of(layer)
        alike = replace(layer, name="", relu=True), goal
        if alike not in self._found:
            table = self.table.scaled_to(self.machine.core.voltage)
            found = self.chip.search(layer, self.machine, table, batch=self.batch, goal=goal, top=1)
            self._found[alike] = found.candidates[0].plan
        return self._found[alike]

    def _check_limits(self, layer: Layer, mapping: Mapping[str, int]) -> None:
        """Refuse limits that the mapping stated by the workload breaks; the mapper has no say in it."""
        limits = () if layer.name in self.asked else self.goal_of(layer).constraints
        for name, bounds in limits:
            if not bounds.low <= mapping[name] <= bounds.high:
                wanted = str(bounds).removeprefix("= ")
                raise InputError.located(
                    f"layer {layer.name}",
                    wrong=f"the workload states its mapping, with {name} = {mapping[name]}, not {wanted}",
                    allowed=f"leave it out of what limits {name}, or give its --mapping",
                )


@dataclass(frozen=True, slots=True)
class Runner:
    """A runner of planned layers on a model, one after another; costs are taken at the machine's voltage.

    Tensors that the model needs are drawn with `seed`, or `give_tensors` hands them to a job.
    """

    chip: AnyChip
    machine: MachineDocument
    table: CostTable
    model: Model[Any]
    batch: int
    seed: int
    give_tensors: Callable[[AnyJob], AnyJob] | None = None

    def run(self, planned: Sequence[Planned[Any]]) -> Iterator[LayerResult]:
        """Yield each layer's result as soon as it is there."""
        for one in planned:
            yield self._run_layer(one)

    def _run_layer(self, planned: Planned[Any]) -> LayerResult:
        layer, core = planned.layer, self.machine.core
        job: AnyJob = Job(layer=layer, plan=planned.plan, batch=self.batch)
        needs = self.model.needs
        if needs and self.give_tensors is not None:
            job = self.give_tensors(job)
        elif needs:
            job = with_drawn_tensors(job, seed=self.seed, needs=needs)
        run = self.model.run(job)
        energy = energy_of(
            run.ledger,
            self.table.scaled_to(core.voltage),
            bits=layer.bits,
            timed=self.chip.timed(run, self.machine),
            sort_by_part=self.chip.sort_by_part,
        )
        return LayerResult(
            name=layer.name,
            kind=str(layer.kind),
            mapping=planned.plan.as_dict(),
            folded=planned.plan.notes,
            run=run,
            energy=energy,
            clock_hz=core.clock,
        )


def with_drawn_tensors(job: AnyJob, *, seed: int, needs: frozenset[Tensor]) -> AnyJob:
    """Hand a job the tensors that a model needs, drawn at its layer's densities."""
    return replace(
        job,
        ifmap=draw_ifmap(job.layer, batch=job.batch, seed=seed) if Tensor.IFMAP in needs else None,
        ofmap=draw_ofmap(job.layer, batch=job.batch, seed=seed) if Tensor.OFMAP in needs else None,
        filters=draw_filters(job.layer, seed=seed) if Tensor.FILTER in needs else None,
    )
