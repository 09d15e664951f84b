"""Energy per image, by layer and kind of data, as the estimation methodology has it (Asilomar 2017, Fig. 6)."""

from __future__ import annotations

from dataclasses import dataclass

from sim.ledger.results import LayerResult, NetworkResult
from sim.networks.layer import LayerKind


@dataclass(frozen=True, slots=True)
class LayerEstimate:
    """One layer's energy per image by kind of data; `ofmap` holds psums too."""

    name: str
    is_fc: bool
    computation: float
    weight: float
    ifmap: float
    ofmap: float
    static: float

    @property
    def total(self) -> float:
        """The layer's energy, DRAM included."""
        return self.computation + self.weight + self.ifmap + self.ofmap + self.static


@dataclass(frozen=True, slots=True)
class Estimate:
    """A network's energy per image in `unit` ("pJ", or "MAC": the energy of one MAC)."""

    unit: str
    layers: tuple[LayerEstimate, ...]

    @property
    def total(self) -> float:
        """The network's energy, DRAM included."""
        return sum(layer.total for layer in self.layers)

    @property
    def largest(self) -> float:
        """The energy of the layer that takes most."""
        return max(layer.total for layer in self.layers)

    @property
    def fc_total(self) -> float:
        """The FC layers' part of it; the rest is the CONV layers', depthwise ones among them."""
        return sum(layer.total for layer in self.layers if layer.is_fc)


def estimate_of(result: NetworkResult) -> Estimate:
    """Divide a result's energies by its batch; at least one layer."""
    return Estimate(
        unit=result.layers[0].energy.unit,
        layers=tuple(_per_image(layer, result.batch) for layer in result.layers),
    )


def _per_image(layer: LayerResult, batch: int) -> LayerEstimate:
    energy = layer.energy
    return LayerEstimate(
        name=layer.name,
        is_fc=layer.kind == LayerKind.FC,
        computation=energy.compute / batch,
        weight=energy.filter / batch,
        ifmap=energy.ifmap / batch,
        ofmap=energy.ofmap / batch,
        static=energy.static / batch,
    )


def percent(part: float, whole: float) -> float:
    """Return a share in percent; 0 of nothing."""
    return 100 * part / whole if whole else 0.0
