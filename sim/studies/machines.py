"""One network on several machines, layer by layer: figures beside the first machine's, largest difference first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.errors import InputError
from sim.ledger.results import LayerResult, NetworkResult
from sim.runs.progress import Progress, Silent, interrupts_noticed, layers_done
from sim.runs.request import Choices, Machine, Request, read_request
from sim.runs.run import Prepared, RunOptions, planner_for, prepare

FIGURES = ("system", "chip", "latency", "dram")


@dataclass(frozen=True, slots=True)
class MachineRun:
    """What one machine made of the network: its layers by name, and the reason for each that it can't run.

    Of the `planned` layers that it can run, an interrupt may have left some, or all and no result.
    """

    name: str
    result: NetworkResult | None
    refused: dict[str, str] = field(default_factory=dict)
    planned: int = 0

    @property
    def finished(self) -> int:
        """How many layers it ran."""
        return len(self.result.layers) if self.result else 0

    def figures(self, layer: str) -> dict[str, float] | None:
        """Return a layer's figures by name; None where the machine did not run it."""
        layers = self.result.layers if self.result else ()
        return next((figures_of(one) for one in layers if one.name == layer), None)


@dataclass(frozen=True, slots=True)
class MachineComparison:
    """Several machines on the layers of one network, in its order; `unit` is that of their energies."""

    workload: str
    batch: int
    layers: tuple[str, ...]
    machines: tuple[MachineRun, ...]
    unit: str

    @property
    def complete(self) -> bool:
        """Whether every machine ran all that it can; not where an interrupt came between."""
        return all(machine.finished == machine.planned for machine in self.machines)

    def common(self) -> list[str]:
        """Name the layers that every machine ran: only these add up to comparable totals."""
        return [layer for layer in self.layers if all(machine.figures(layer) for machine in self.machines)]

    def total(self, machine: MachineRun) -> dict[str, float]:
        """Add up a machine's figures over the layers that all machines ran."""
        found = [machine.figures(layer) or {} for layer in self.common()]
        return {name: sum(one[name] for one in found) for name in FIGURES}

    def largest_first(self) -> list[str]:
        """Order the layers by how far a machine's system energy is from the first's; refused ones come first."""

        def apart(layer: str) -> float:
            found = [machine.figures(layer) for machine in self.machines]
            energies = [one["system"] if one else None for one in found]
            first = energies[0]
            if first is None or None in energies:
                return float("inf")
            return max(abs(energy - first) for energy in energies if energy is not None)

        return sorted(self.layers, key=lambda layer: -apart(layer))

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form: each machine's own result, and what it refused."""
        return {
            "schema": 1,
            "workload": self.workload,
            "batch": self.batch,
            "complete": self.complete,
            "machines": [
                {
                    "arch": machine.name,
                    "refused": dict(machine.refused),
                    "result": machine.result.as_dict() if machine.result else None,
                }
                for machine in self.machines
            ],
            "common": {"layers": self.common(), "totals": [self.total(machine) for machine in self.machines]},
        }

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each machine and layer."""
        rows = []
        for machine in self.machines:
            for layer in self.layers:
                found = machine.figures(layer) or dict.fromkeys(FIGURES)
                rows.append({"arch": machine.name, "layer": layer, **found, "refused": machine.refused.get(layer, "")})
        return rows


def figures_of(layer: LayerResult) -> dict[str, float]:
    """Return a layer's system and chip energy, total latency in seconds, and DRAM bits."""
    return {
        "system": layer.energy.system,
        "chip": layer.energy.chip,
        "latency": layer.total_latency_s,
        "dram": float(layer.run.ledger.dram_bits),
    }


def compare_machines(
    choices: Choices, machines: Sequence[Machine], options: RunOptions, progress: Progress = Silent
) -> MachineComparison:
    """Run a network on each machine, by its analytic model unless another is asked for; keep what is finished.

    A layer that a machine can't run is told with its reason; machines of one name are numbered. Raises InputError
    where no machine runs any layer, where energies are in different units, where a chip lacks the model, and for
    anything wrong with the files; KeyboardInterrupt where no layer was finished.
    """
    return compare_requests(machine_requests(choices, machines), options, progress)


def machine_requests(choices: Choices, machines: Sequence[Machine]) -> list[Request]:
    """Read all that each machine's run works on."""
    return [read_request(replace(choices, arch=machine)) for machine in machines]


def compare_requests(
    requests: Sequence[Request], options: RunOptions, progress: Progress = Silent
) -> MachineComparison:
    """Run requests of one network on several machines, as `compare_machines` does."""
    units = {request.table.unit for request in requests}
    if len(units) > 1:
        wrong = "the machines' cost tables are in different units"
        raise InputError.located("--arch", wrong=wrong, allowed="give one --cost-table for all of them")
    models = [options.model or _quickest(request) for request in requests]
    for request, model in zip(requests, models, strict=True):
        request.chip.check_model(model)
    names = _numbered([request.machine.name for request in requests])
    entries = [
        _plan_machine(name, request, replace(options, model=model))
        for name, request, model in zip(names, requests, models, strict=True)
    ]
    if not any(one.prepared.planned for one in entries):
        raise InputError(next(iter(entries[0].refused.values())))
    _run_machines(entries, progress)
    first = requests[0]
    return MachineComparison(
        workload=first.workload.name,
        batch=first.batch,
        layers=tuple(layer.name for layer in first.layers),
        machines=tuple(one.as_run() for one in entries),
        unit=first.table.unit,
    )


@dataclass(slots=True)
class _Entry:
    """A machine by the name it is shown under: what it is to run, what it refused, and what is finished."""

    name: str
    prepared: Prepared
    refused: dict[str, str]
    finished: list[LayerResult] = field(default_factory=list)

    def as_run(self) -> MachineRun:
        result = self.prepared.result(self.finished) if self.finished else None
        return MachineRun(self.name, result, self.refused, planned=len(self.prepared.planned))


def _plan_machine(name: str, request: Request, options: RunOptions) -> _Entry:
    """Plan a machine's layers one by one; those that have no plan are refused."""
    planner, planned, refused = planner_for(request), [], {}
    for layer in request.layers:
        try:
            planned += planner.plan([layer])
        except InputError as error:
            refused[layer.name] = str(error)
    return _Entry(name, prepare(request, planned, options), refused)


def _run_machines(entries: Sequence[_Entry], progress: Progress) -> None:
    """Run each machine's layers; an interrupt ends all, and raises KeyboardInterrupt where nothing is finished."""
    with layers_done(progress, len(entries)) as done:
        for one in entries:
            with interrupts_noticed() as notice:
                for layer in one.prepared.runner.run(one.prepared.planned):
                    one.finished.append(layer)
                    notice()
            done(one.name)
    if not any(one.finished for one in entries):
        raise KeyboardInterrupt


def _numbered(names: Sequence[str]) -> list[str]:
    """Put numbers behind names that were there before: eyeriss, eyeriss (2)."""
    shown: list[str] = []
    for name in names:
        one, number = name, 1
        while one in shown:
            number += 1
            one = f"{name} ({number})"
        shown.append(one)
    return shown


def _quickest(request: Request) -> str:
    models = request.chip.models
    return "analytic" if "analytic" in models else models[0]
