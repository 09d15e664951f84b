"""What a run works on: what its caller chose, and all that this names, read and checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.chips.contract import AnyChip
from sim.chips.goals import Goal, Objective
from sim.chips.parts.description import MachineDocument
from sim.chips.parts.mapping_entry import read_mapping
from sim.chips.registry import Design, design_around, design_of, read_design
from sim.codes.expected import FmapCode
from sim.errors import FieldFault, InputError, did_you_mean, listed, quoted
from sim.files.catalogue import find_cost_table, find_machine
from sim.files.edits import edited
from sim.files.schema import validate_data
from sim.files.text import shown_path
from sim.formats.any_network import NetworkFile, find_network
from sim.ledger.energy import CostTable, read_cost_table
from sim.ledger.results import OperatingPoint
from sim.networks.layer import Layer, with_data
from sim.networks.layer_choice import choose_layers
from sim.networks.workload import Workload, Zeros, workload_of
from sim.runs.limits import read_goals
from sim.runs.operating_point import at_operating_point
from sim.runs.parameters import (
    BATCH,
    MACHINE,
    NETWORK,
    TABLE,
    Edits,
    WordBits,
    checked_values,
    field_of,
    in_full,
)

if TYPE_CHECKING:  # only images need it, and it is slow to import
    from sim.formats.onnx.activations import Activations

Network = str | Path | Mapping[str, Any] | Workload | NetworkFile
Machine = str | Path | Mapping[str, Any] | MachineDocument | Design
Costs = str | Path | Mapping[str, Any] | CostTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a caller chooses of a run; what is left out is as the files have it.

    `network`, `arch` and `cost_table` are names, paths, data in the files' form, or objects. `edits` are values by
    dotted path, as in a sweep. `mapping` are texts LAYER:m=.., `constrain` texts [LAYERS:]PARAMETER=VALUE; `layers`
    patterns. `bits` and `zeros` are by tensor. `skip` and `code` are what an estimate assumes of gating and of fmaps'
    code; `methodology` takes the chip's own defaults of the energy-estimation methodology for them. `images` run an
    ONNX network for its own values.
    """

    network: Network
    arch: Machine = "eyeriss"
    edits: Mapping[str, Any] = field(default_factory=dict)
    cost_table: Costs | None = None
    batch: int | None = None
    shape: tuple[str, ...] = ()
    layers: tuple[str, ...] | None = None
    mapping: tuple[str, ...] = ()
    objective: Objective = Objective.ENERGY
    constrain: tuple[str, ...] = ()
    bits: Mapping[str, int] = field(default_factory=dict)
    zeros: Mapping[str, float] = field(default_factory=dict)
    voltage: str | None = None
    clock: str | None = None
    link_clock: str | None = None
    skip: str | None = None
    code: FmapCode | None = None
    methodology: bool = False
    images: Path | str | None = None

    def of_the_mapper(self) -> dict[str, Any]:
        """Return what every run may choose about layers and mappings, for its provenance."""
        edits = {"set": {path: str(value) for path, value in self.edits.items()}} if self.edits else {}
        return {
            "layers": None if self.layers is None else ",".join(self.layers),
            "mapping": list(self.mapping),
            "objective": str(self.objective),
            "constrain": list(self.constrain),
            **edits,
        }

    def of_the_operating_point(self) -> dict[str, str]:
        """Return what is said of voltage and clocks, as it was written, and nothing of what is not."""
        texts = {"voltage": self.voltage, "clock": self.clock, "link_clock": self.link_clock}
        return {name: text for name, text in texts.items() if text is not None}

    def as_options(self) -> dict[str, Any]:
        """Return all that a provenance's options say: layers and mappings, and what else is not as it is by default.

        Machine, network, costs and batch are not among them: a provenance has them beside its options.
        """
        more = {
            "bits": dict(self.bits),
            "zeros": dict(self.zeros),
            "skip": self.skip,
            "code": None if self.code is None else str(self.code),
        }
        chosen = {name: value for name, value in more.items() if value}
        return {**self.of_the_mapper(), **self.of_the_operating_point(), **chosen}


@dataclass(frozen=True, slots=True)
class Request:
    """All that a run works on; `layers` are those chosen, with the mappings, bitwidths and zeros that were asked for.

    `table` has the costs at the machine's voltage. `skip` and `code` are what the analytic model assumes, the code
    also what the mapper does. `values` are the layers' tensors where the network was run on images.
    """

    choices: Choices
    chip: AnyChip
    machine: MachineDocument
    table: CostTable
    network: NetworkFile
    layers: tuple[Layer, ...]
    batch: int
    skip: str | None
    code: FmapCode
    goal_of: Callable[[Layer], Goal]
    values: Activations | None = None

    @property
    def workload(self) -> Workload:
        """The network's layers and batch as its file has them."""
        return self.network.workload

    @property
    def operating_point(self) -> OperatingPoint:
        """The machine's voltage and clocks."""
        return OperatingPoint(self.machine.core.voltage, self.machine.core.clock, self.machine.link.clock)

    @property
    def notes(self) -> list[str]:
        """The lines that stand before a result."""
        imported = self.network.imported
        if imported is None or self.values is None:
            return self.network.notes
        return imported.account.notes(zeros_assumed=False) + self.values.notes()

    @property
    def origin(self) -> dict[str, Any]:
        """What the provenance says of a network that was imported; nothing of others."""
        return self.network.origin | ({"tensors": self.values.as_dict()} if self.values else {})


def read_request(choices: Choices) -> Request:
    """Read and check all that is chosen; raise InputError for the first thing wrong."""
    design = find_design(choices.arch)
    edits = _edits(choices, design.chip)
    network = _network(choices)
    table = _with_costs(_table(choices.cost_table, design, choices.arch), edits)
    design.chip.check_costs(table, _shown(choices.cost_table) or table.name)
    machine = at_operating_point(design.with_changes(edits.machine, "--set").machine, choices.of_the_operating_point())
    machine, skip = _with_skipping(choices, design.chip, machine)
    layers = _layers(choices, design.chip, network.workload, edits)
    code = _code(choices, design.chip, machine)
    request = Request(
        choices=choices,
        chip=design.chip,
        machine=machine,
        table=table.scaled_to(machine.core.voltage),
        network=network,
        layers=layers,
        batch=choices.batch or network.workload.batch,
        skip=skip,
        code=code,
        goal_of=read_goals(choices.objective, choices.constrain, layers, design.chip.mapping, code, fixed=edits.limits),
    )
    return _with_values(request)


def find_design(arch: Machine) -> Design:
    """Find a machine by name or path, or take it as data or as an object."""
    if isinstance(arch, Design):
        return arch
    if isinstance(arch, MachineDocument):
        return design_around(arch)
    if isinstance(arch, Mapping):
        return design_of(arch, "arch")
    return read_design(find_machine(str(arch)))


def _network(choices: Choices) -> NetworkFile:
    network = choices.network
    if isinstance(network, NetworkFile):
        return network
    if isinstance(network, Workload):
        return NetworkFile(network)
    if isinstance(network, Mapping):
        return NetworkFile(workload_of(network, "network"))
    return find_network(str(network), choices.shape)


def _table(costs: Costs | None, design: Design, arch: Machine) -> CostTable:
    """Find the cost table that was asked for, else the machine's own."""
    if isinstance(costs, CostTable):
        return costs
    if isinstance(costs, Mapping):
        return validate_data(costs, CostTable, "cost_table")
    if costs is not None:
        return read_cost_table(find_cost_table(str(costs)))
    try:
        return read_cost_table(find_cost_table(design.machine.cost_table))
    except InputError as error:
        where = find_machine(str(arch)) if isinstance(arch, str | Path) else design.machine.name
        raise InputError(f"{shown_path(where)}: cost_table: {error}") from error


def _shown(costs: Costs | None) -> str:
    return shown_path(costs) if isinstance(costs, str | Path) else ""


def _edits(choices: Choices, chip: AnyChip) -> Edits:
    """Check that every edit leads somewhere on the machine's chip, and its value; write short names out."""
    written = {}
    for path, value in choices.edits.items():
        whole = in_full(path, [chip])
        if whole in (MACHINE, NETWORK, TABLE, BATCH):
            raise InputError.located(f"--set {path}", wrong="has an option of its own", allowed="use that")
        try:
            checked_values([value], field_of(whole, [chip]))
        except FieldFault as fault:
            raise InputError.located(f"--set {path}", wrong=fault.wrong, allowed=fault.allowed) from fault
        written[whole] = value
    return Edits(written)


def _with_costs(table: CostTable, edits: Edits) -> CostTable:
    if not edits.costs:
        return table
    return edited(table, table.model_dump(mode="json", by_alias=True, exclude_unset=True), edits.costs, "--set")


def _with_skipping(choices: Choices, chip: AnyChip, machine: MachineDocument) -> tuple[MachineDocument, str | None]:
    """Return the machine with the MACs left out that were asked for, or that the methodology leaves out."""
    skip = choices.skip or (chip.skips[0] if choices.methodology and chip.skips else None)
    if skip is None:
        return machine, None
    if not chip.skips:
        chip.refuse("--skip", f"MACs that are left out for {skip}")
    if skip not in chip.skips:
        wrong = f"{chip.title} can't leave out MACs for {quoted(str(skip))}"
        raise InputError.located("--skip", wrong=wrong, allowed=f"allowed: {listed(chip.skips)}")
    return chip.with_skipping(machine, skip), skip


def _code(choices: Choices, chip: AnyChip, machine: MachineDocument) -> FmapCode:
    """Return the code that was asked for, the methodology's, or the machine's own."""
    code = choices.code or (chip.codes[0] if choices.methodology and chip.codes else None)
    if code is None:
        return chip.code_of(machine)
    if code not in chip.codes:
        chip.refuse("--code", f"fmaps coded as {code}")
    return code


def _layers(choices: Choices, chip: AnyChip, workload: Workload, edits: Edits) -> tuple[Layer, ...]:
    """Return the chosen layers with the mappings, bitwidths and zeros that were asked for."""
    bits = validate_data(dict(choices.bits), WordBits, "--bits").model_dump(exclude_unset=True) | edits.bits
    zeros = validate_data(dict(choices.zeros), Zeros, "--zeros").model_dump(exclude_unset=True) | edits.zeros
    chosen = workload.layers
    if choices.layers is not None:
        chosen = choose_layers(workload, choices.layers, "--layers")
    mapped = _with_mappings(chosen, choices.mapping, chip)
    return tuple(with_data(layer, bits, zeros) for layer in mapped)


def _with_mappings(layers: Sequence[Layer], texts: Sequence[str], chip: AnyChip) -> list[Layer]:
    """Put the mappings that were asked for in place of the layers' own."""
    example = f"write e.g. CONV3:{chip.mapping.example}"
    named = {layer.name: layer for layer in layers}
    for text in texts:
        name, colon, pairs = text.rpartition(":")
        if not colon:
            raise InputError.located("--mapping", wrong=f"{quoted(text)} names no layer", allowed=example)
        if name not in named:
            raise InputError.located(
                "--mapping", wrong=f"no layer '{name}' is run", allowed=did_you_mean(name, list(named))
            )
        values = read_pairs(pairs, "--mapping", whole_number, allowed=example)
        entry = read_mapping(values, chip.mapping.parameters, "--mapping")
        named[name] = replace(named[name], mapping=tuple(entry.items()))
    return list(named.values())


def read_pairs(
    text: str, option: str, read: Callable[[str], float | None], *, allowed: str, what: str = "parameter"
) -> dict[str, Any]:
    """Read `key=number,...` as an option's text; `read` gives None for what is no number of its kind."""
    pairs: dict[str, Any] = {}
    for pair in text.split(","):
        key, _, value = pair.partition("=")
        number = read(value)
        if number is None:
            raise InputError.located(option, wrong=f"{quoted(pair)} is no {what}", allowed=allowed)
        if key.strip() in pairs:
            raise InputError.located(option, [key.strip()], wrong="given twice", allowed="give it once")
        pairs[key.strip()] = number
    return pairs


def whole_number(text: str) -> int | None:
    """Read a whole number of at most nine digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _with_values(request: Request) -> Request:
    """Run the network on the images that were given, which make up the batch unless it is stated.

    Layers get the zero fractions of their tensors. Raises InputError for a network that can't be run on them.
    """
    images, imported = request.choices.images, request.network.imported
    if images is None:
        return request
    if imported is None:
        wrong = f"{request.network.shown} is no ONNX file"
        raise InputError.located(
            "--inputs", wrong=wrong, allowed="leave it out: only an ONNX file can be run on images"
        )
    from sim.formats.onnx.activations import read_activations

    values = read_activations(request.network.path, imported, images, request.layers, batch=request.choices.batch)
    layers = tuple(values.with_zeros(layer) for layer in request.layers)
    return replace(request, layers=layers, batch=values.images, values=values)
