"""What a model hands back and what a run reports: plain records, no behaviour beyond sums and the result file's form.

The result file (`schema` 1) is stable: keys are added, never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.ledger.counts import Ledger, by_group, by_stop, inside_groups
from sim.ledger.figures import IN_THE_FILE, IN_THE_TOTAL

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of computed ofmaps found equal to the reference convolution: the number of `values`.

    `window` is the right shift that cut the products; `overflows` finished psums did not fit their width, and wrapped.
    """

    values: int
    window: int
    overflows: int


@dataclass(frozen=True, slots=True)
class LayerRun:
    """What a model found out about one layer: counts and core cycles for the whole batch.

    Processing leaves out the waits for fmaps from and to DRAM; total has them, and the configuration. `checked` is
    there where the ofmaps were computed, and `ofmap` (N, G M, E, F) then has their values as they went to DRAM.
    `stalls` are the cycles lost by cause, on chips that tell them.
    """

    ledger: Ledger
    processing_cycles: int
    total_cycles: int
    active_pes: int
    passes: int
    checked: Checked | None = None
    stalls: Dict[str, int] = field(default_factory=dict)
    ofmap: NDArray[np.int16] | None = None


@dataclass(frozen=True, slots=True)
class Energy:
    """One layer's energy in `unit` ("pJ", or "MAC": the energy of one MAC).

    By kind of data (`ofmap` holds psums too) and by level; both add up to `system`. `chip` leaves DRAM out, and
    `by_component` adds up to it. `static` is all that goes with time: clock and control cycles, leakage.
    """

    unit: str
    compute: float
    ifmap: float
    filter: float
    ofmap: float
    static: float
    by_level: Dict[str, float]
    by_component: Dict[str, float] = field(default_factory=dict)

    @property
    def system(self) -> float:
        """All energy, DRAM included."""
        return self.compute + self.ifmap + self.filter + self.ofmap + self.static

    @property
    def chip(self) -> float:
        """The chip's energy, DRAM excluded."""
        return self.system - self.by_level["dram"]

    def power_w(self, latency_s: float) -> float | None:
        """Return the chip's mean power in watts over a time; None where energy is not in joules."""
        return self.chip * 1e-12 / latency_s if self.unit == "pJ" else None

    def power_by_component_w(self, latency_s: float) -> dict[str, float] | None:
        """Return the mean power of each of the chip's components, in the same way."""
        if self.unit != "pJ":
            return None
        return {component: energy * 1e-12 / latency_s for component, energy in self.by_component.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        return {
            "unit": self.unit,
            "compute": self.compute,
            "ifmap": self.ifmap,
            "filter": self.filter,
            "ofmap": self.ofmap,
            "static": self.static,
            "by_level": dict(self.by_level),
            "by_component": dict(self.by_component),
            "chip": self.chip,
            "system": self.system,
        }


def add_energies(energies: list[Energy]) -> Energy:
    """Add up energies of the same unit; at least one."""
    levels, components = energies[0].by_level, energies[0].by_component
    return Energy(
        unit=energies[0].unit,
        compute=sum(energy.compute for energy in energies),
        ifmap=sum(energy.ifmap for energy in energies),
        filter=sum(energy.filter for energy in energies),
        ofmap=sum(energy.ofmap for energy in energies),
        static=sum(energy.static for energy in energies),
        by_level={level: sum(energy.by_level[level] for energy in energies) for level in levels},
        by_component={part: sum(energy.by_component[part] for energy in energies) for part in components},
    )


@dataclass(frozen=True, slots=True)
class LayerResult:
    """Everything that a run reports of one layer."""

    name: str
    kind: str
    mapping: Dict[str, Any]
    folded: tuple[str, ...]
    run: LayerRun
    energy: Energy
    clock_hz: int

    @property
    def processing_latency_s(self) -> float:
        """The processing latency in seconds."""
        return self.run.processing_cycles / self.clock_hz

    @property
    def total_latency_s(self) -> float:
        """The total latency in seconds."""
        return self.run.total_cycles / self.clock_hz

    @property
    def power_w(self) -> float | None:
        """The chip's mean power over the total latency in watts; None where energy is not in joules."""
        return self.energy.power_w(self.total_latency_s)

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        ledger = self.run.ledger
        return {
            "name": self.name,
            "type": self.kind,
            "mapping": dict(self.mapping),
            "folded": list(self.folded),
            **{figure.column: figure.value(self) for figure in IN_THE_FILE},
            "accesses": by_group(ledger.levels, ledger.words),
            "bits": by_group(ledger.levels, ledger.bits),
            **inside_groups(ledger.levels, ledger.words),
            **by_stop(ledger.levels, ledger.words),
            "zero_buffer_reads": ledger.zero_buffer_reads,
            "energy": self.energy.as_dict(),
            "power_w": self.power_w,
            "power_by_component_w": self.energy.power_by_component_w(self.total_latency_s),
            **({} if self.run.checked is None else {"checked": asdict(self.run.checked)}),
            **({"stalls": dict(self.run.stalls)} if self.run.stalls else {}),
        }


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The core's supply in volts and the clocks of core and link in hertz."""

    voltage_v: float
    clock_hz: int
    link_clock_hz: int

    def as_dict(self) -> dict[str, float]:
        """Return the result file's form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class NetworkResult:
    """A run: its provenance and its layers. `complete` is false where the run was interrupted.

    `operating_point` is the core's voltage and both clocks; None where the result file leaves them out.
    """

    provenance: Dict[str, Any]
    layers: tuple[LayerResult, ...]
    batch: int
    complete: bool = True
    operating_point: OperatingPoint | None = None

    def totals(self) -> dict[str, Any]:
        """Add up the layers; frames per second are the batch over the total latency."""
        total_latency_s = sum(layer.total_latency_s for layer in self.layers)
        energy = add_energies([layer.energy for layer in self.layers])
        return {
            **{figure.column: sum(map(figure.value, self.layers)) for figure in IN_THE_TOTAL},
            "energy": energy.as_dict(),
            "power_w": energy.power_w(total_latency_s),
            "power_by_component_w": energy.power_by_component_w(total_latency_s),
            "fps": self.batch / total_latency_s,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        return {
            "schema": SCHEMA,
            "complete": self.complete,
            "provenance": dict(self.provenance),
            **({} if self.operating_point is None else {"operating_point": self.operating_point.as_dict()}),
            "layers": [layer.as_dict() for layer in self.layers],
            "total": self.totals() if self.layers else None,
        }
