"""What a run works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.chips.eyeriss.machine import Machine
from sim.formats.onnx.network import OnnxNetwork
from sim.ledger.energy import CostTable
from sim.networks.layer import Layer
from sim.networks.workload import Workload

if TYPE_CHECKING:  # only --inputs needs it, and it is slow to import
    from sim.formats.onnx.activations import Activations


@dataclass(frozen=True, slots=True)
class Network:
    """A network; the account of its graph where it was imported from ONNX, with `shapes` as they were given."""

    workload: Workload
    imported: OnnxNetwork | None = None
    shapes: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What became of the nodes that are no layers."""
        return self.imported.account.notes() if self.imported else []

    @property
    def origin(self) -> dict[str, Any]:
        """The same for the provenance."""
        return {"onnx": {"shape": list(self.shapes), **self.imported.account.as_dict()}} if self.imported else {}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a command works on; `layers` are those chosen, with the mappings of the command line.

    `table` holds the costs at the machine's voltage, `network` what else is known of it, `values` the layers' tensors
    where the network was run on images.
    """

    machine: Machine
    table: CostTable
    workload: Workload
    layers: tuple[Layer, ...]
    batch: int
    network: Network
    values: Activations | None = None

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
