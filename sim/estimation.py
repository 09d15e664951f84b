"""Energy per image, by layer and kind of data, as the estimation methodology reports it (Asilomar 2017, Fig. 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from sim.errors import printable
from sim.layer import LayerKind
from sim.report import make_console
from sim.results import LayerResult, NetworkResult

_TOOL_HEADS = ("layer", "computation", "ifmap", "ofmap", "weight")
_MOST_SHOWN = 1e5  # five digits before the point stay readable
_PREFIXES = {"MAC": ("MAC", "k MAC", "M MAC", "G MAC", "T MAC"), "pJ": ("pJ", "nJ", "uJ", "mJ", "J")}


@dataclass(frozen=True, slots=True)
class LayerEstimate:
    """Hold one layer's energy per image by kind of data; `ofmap` holds psums too."""

    name: str
    is_fc: bool
    computation: float
    weight: float
    ifmap: float
    ofmap: float
    static: float

    @property
    def total(self) -> float:
        """Give the layer's energy, DRAM included."""
        return self.computation + self.weight + self.ifmap + self.ofmap + self.static


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold a network's energy per image in `unit` ("pJ", or "MAC": the energy of one MAC)."""

    unit: str
    layers: tuple[LayerEstimate, ...]

    @property
    def total(self) -> float:
        """Give the network's energy, DRAM included."""
        return sum(layer.total for layer in self.layers)

    @property
    def largest(self) -> float:
        """Give the energy of the layer that takes most."""
        return max(layer.total for layer in self.layers)

    @property
    def fc_total(self) -> float:
        """Give the FC layers' part of it; the rest is the CONV layers', depthwise ones among them."""
        return sum(layer.total for layer in self.layers if layer.is_fc)


@dataclass(frozen=True, slots=True)
class Scale:
    """Hold the unit that numbers are shown in: divide by `factor`, write `name` behind."""

    factor: float
    name: str


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


def scale_for(unit: str, energy: float, *, below: float) -> Scale:
    """Choose the smallest multiple of a unit in which an energy stays below a bound."""
    names = _PREFIXES[unit]
    power = next((power for power in range(len(names)) if energy < below * 1000**power), len(names) - 1)
    return Scale(1000.0**power, names[power])


def percent(part: float, whole: float) -> float:
    """Give a share in percent; 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def summary(estimate: Estimate) -> str:
    """Say the network's energy per image, and how much of it CONV and FC layers take."""
    total, fc = estimate.total, estimate.fc_total
    scale = scale_for(estimate.unit, total, below=1000)
    return (
        f"{total / scale.factor:.2f} {scale.name} per image; "
        f"CONV {percent(total - fc, total):.1f} %, FC {percent(fc, total):.1f} %"
    )


def tool_table(estimate: Estimate) -> str:
    """Write the online tool's output: a header, then a row a layer, in columns between blanks.

    Energies are in the estimate's unit, per image. Blanks in a layer's name become underscores.
    """
    rows = [_TOOL_HEADS, *(_tool_row(layer) for layer in estimate.layers)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "".join(_aligned(row, widths) + "\n" for row in rows)


def _tool_row(layer: LayerEstimate) -> tuple[str, ...]:
    energies = (layer.computation, layer.ifmap, layer.ofmap, layer.weight)
    return (re.sub(r"\s", "_", printable(layer.name)), *(f"{energy:.1f}" for energy in energies))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = row
    return " ".join(
        [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
    )


def show_estimate(result: NetworkResult, *, status: str, to_stderr: bool) -> None:
    """Print the table that people see, and what it holds."""
    estimate, origin = estimate_of(result), {key: _plain(value) for key, value in result.provenance.items()}
    scale = scale_for(estimate.unit, estimate.largest, below=_MOST_SHOWN)
    lines = [f"batch {result.batch}: {summary(estimate)}"]
    if status == "provisional":
        lines.append(f"note: cost table {origin['cost_table']} is provisional, not yet calibrated")
    title = f"[bold]{origin['workload']}[/bold] on {origin['arch']}, {origin['model']} model"
    head = f"{title}, cost table {origin['cost_table']}: energy per image in {scale.name}"
    make_console(to_stderr=to_stderr).print(Group(head, _shown_table(estimate, scale), "", *lines))


def _shown_table(estimate: Estimate, scale: Scale) -> Table:
    has_static = any(layer.static for layer in estimate.layers)
    kinds = ("computation", "weight", "ifmap", "ofmap", *(["static"] if has_static else []), "total")
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True, footer_style="bold")
    table.add_column("layer", "total", no_wrap=True)
    for kind in kinds:
        whole = sum(getattr(layer, kind) for layer in estimate.layers)
        table.add_column(kind, f"{whole / scale.factor:.2f}", justify="right", no_wrap=True)
    table.add_column("share %", f"{percent(estimate.total, estimate.total):.1f}", justify="right", no_wrap=True)
    for layer in estimate.layers:
        numbers = [f"{getattr(layer, kind) / scale.factor:.2f}" for kind in kinds]
        table.add_row(_plain(layer.name), *numbers, f"{percent(layer.total, estimate.total):.1f}")
    return table


def _plain(text: object) -> str:
    """Keep what people wrote in files from being taken for markup or for control characters."""
    return escape(printable(str(text)))
