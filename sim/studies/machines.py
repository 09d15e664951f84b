"""One network on several machines, layer by layer: figures beside the first machine's, largest difference first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.errors import InputError
from sim.ledger.results import LayerResult, NetworkResult
from sim.runs.progress import Progress, Silent, layers_done
from sim.runs.request import Choices, Machine, Request, read_request
from sim.runs.run import RunOptions, run_network

FIGURES = ("system", "chip", "latency", "dram")


@dataclass(frozen=True, slots=True)
class MachineRun:
    """What one machine made of the network: its layers by name, and the reason for each that it can't run."""

    name: str
    result: NetworkResult | None
    refused: dict[str, str] = field(default_factory=dict)

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
    """Run a network on each machine, by its analytic model unless another is asked for.

    A layer that a machine can't run is told with its reason. Raises InputError where no machine runs any layer, where
    energies are in different units, and for anything wrong with the files.
    """
    requests = [read_request(replace(choices, arch=machine)) for machine in machines]
    units = {request.table.unit for request in requests}
    if len(units) > 1:
        wrong = "the machines' cost tables are in different units"
        raise InputError.located("--arch", wrong=wrong, allowed="give one --cost-table for all of them")
    found = []
    with layers_done(progress, len(requests)) as done:
        for request in requests:
            found.append(_run_machine(request, options))
            done(request.machine.name)
    if len(found) < len(requests):
        raise KeyboardInterrupt
    if not any(one.result for one in found):
        reasons = next(iter(found[0].refused.values()))
        raise InputError(reasons)
    first = requests[0]
    return MachineComparison(
        workload=first.workload.name,
        batch=first.batch,
        layers=tuple(layer.name for layer in first.layers),
        machines=tuple(found),
        unit=first.table.unit,
    )


def _run_machine(request: Request, options: RunOptions) -> MachineRun:
    """Run the layers that a machine can, one by one where it can't run all of them."""
    name = request.machine.name
    how = replace(options, model=options.model or _quickest(request))
    try:
        return MachineRun(name, run_network(request, how))
    except InputError:
        pass  # some layer is refused: which, and why, is told below
    layers: list[LayerResult] = []
    refused: dict[str, str] = {}
    for layer in request.layers:
        try:
            layers += run_network(replace(request, layers=(layer,)), how).layers
        except InputError as error:
            refused[layer.name] = str(error)
    if not layers:
        return MachineRun(name, None, refused)
    kept = tuple(layer for layer in request.layers if layer.name not in refused)
    return MachineRun(name, run_network(replace(request, layers=kept), how), refused)


def _quickest(request: Request) -> str:
    models = request.chip.models
    return "analytic" if "analytic" in models else models[0]
