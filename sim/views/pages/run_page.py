"""The report of one run: a page of headline figures, charts by layer, a table of layers, and where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError
from sim.files.text import shown_path
from sim.ledger import figures as figures_of
from sim.ledger.figures import DRAM, DRAM_PER_MAC, FPS, LIVE, OF_THE_RUN, POWER, TOTAL
from sim.ledger.results import LayerResult, NetworkResult, add_energies
from sim.views.charts.parts import (
    BLUE,
    GREEN,
    GREY,
    KIND_COLOURS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    BarPart,
    bars_size,
    draw_bars,
    require_matplotlib,
)
from sim.views.charts.picture import render
from sim.views.console import mapping_head, mapping_text, operating_point_text
from sim.views.pages.html import render_page
from sim.views.pages.parts import Picture, Table, TableCell, table_of
from sim.views.scale import scale_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIGITS = {"processing_latency": 3, "total_latency": 3}  # where a page has more room than a terminal
_LEVELS = {  # from the bottom
    "mac": ("MAC", BLUE),
    "control": ("PE control", YELLOW),
    "spad": ("spads", SKY),
    "noc": ("NoC and FIFOs", GREEN),
    "glb": ("GLB", ORANGE),
    "link": ("I/O pads", PURPLE),
    "dram": ("DRAM", VERMILION),
    "static": ("static", GREY),
}


@dataclass(frozen=True, slots=True)
class RunPage:
    """What the page of a run says, in its order."""

    title: str
    lead: str
    warnings: tuple[str, ...]
    headline: tuple[tuple[str, str], ...]
    energy_by_kind: Picture
    energy_by_level: Picture
    time: Picture
    layers: Table
    notes: tuple[str, ...]
    provenance: Table


def check_report(target: Path) -> None:
    """Make sure, before a long run, that its page can be made into a file of that name; raise InputError."""
    if target.suffix.lower() != ".html":
        raise InputError.located(
            shown_path(target), wrong="is no page's name", allowed="give a name that ends in .html"
        )
    require_matplotlib("--report")


def page_of(result: NetworkResult, *, status: str) -> str:
    """Make the page of a run of at least one layer; needs matplotlib. `status` is the cost table's.

    The same result gives the same bytes; one that was interrupted says so.
    """
    return render_page("run.html", _page(result, status))


def _page(result: NetworkResult, status: str) -> RunPage:
    origin, layers = result.provenance, result.layers
    return RunPage(
        title=f"{origin['workload']} on {origin['arch']}, one run",
        lead=f"{origin['model']} model, cost table {origin['cost_table']}, batch {result.batch}",
        warnings=tuple(_warnings(result, status)),
        headline=tuple(_headline(result)),
        energy_by_kind=_energy_by_kind(layers, result.batch),
        energy_by_level=_energy_by_level(layers, result.batch),
        time=_time(layers),
        layers=_layers_table(layers),
        notes=tuple(_notes(layers)),
        provenance=_provenance(result),
    )


def _warnings(result: NetworkResult, status: str) -> Iterator[str]:
    if not result.complete:
        yield f"This run was interrupted. All figures are of the layers that were finished: {len(result.layers)}."
    if status == "provisional":
        yield f"Cost table {result.provenance['cost_table']} is provisional, not yet calibrated."


def _headline(result: NetworkResult) -> list[tuple[str, str]]:
    energy, batch = add_energies([layer.energy for layer in result.layers]), result.batch
    power_w = POWER.whole(result)
    power = [] if power_w is None else [("chip power", f"{POWER.text(power_w)} {POWER.shown}")]
    return [
        ("frames per second", _rounded(FPS, result)),
        *power,
        ("chip energy per image", _energy(energy.chip / batch, energy.unit)),
        ("with DRAM, per image", _energy(energy.system / batch, energy.unit)),
        ("latency of the batch", f"{_rounded(TOTAL, result)} ms"),
        ("DRAM traffic", f"{_rounded(DRAM, result)} MB"),
        ("DRAM accesses per MAC", _rounded(DRAM_PER_MAC, result)),
        ("MACs performed", f"{LIVE.text(LIVE.whole(result), digits=1)} %"),
    ]


def _rounded(figure: figures_of.Figure, result: NetworkResult) -> str:
    """Write a whole network's value to four digits."""
    return f"{figure.scaled(figure.whole(result)):.4g}"


def _energy(value: float, unit: str) -> str:
    scale = scale_for(unit, value, below=1000)
    return f"{value / scale.factor:.4g} {scale.name}"


def _energy_by_kind(layers: Sequence[LayerResult], batch: int) -> Picture:
    kinds = {kind: [getattr(layer.energy, kind) / batch for layer in layers] for kind in KIND_COLOURS}
    caption = "Energy per image by kind of data, DRAM included; ofmap holds psums, static all that goes with time."
    return _energy_figure("kinds", layers, kinds, dict(KIND_COLOURS), caption)


def _energy_by_level(layers: Sequence[LayerResult], batch: int) -> Picture:
    levels = {
        level: [layer.energy.by_level.get(level, 0.0) / batch for layer in layers]
        for level in _LEVELS
        if any(layer.energy.by_level.get(level) for layer in layers)
    }
    return _energy_figure("levels", layers, levels, _LEVELS, "The same energy by where it is spent.")


def _energy_figure(
    name: str,
    layers: Sequence[LayerResult],
    values: dict[str, list[float]],
    styles: dict[str, tuple[str, str]],
    caption: str,
) -> Picture:
    scale = scale_for(layers[0].energy.unit, max(map(sum, zip(*values.values(), strict=True))), below=1000)
    parts = [BarPart(*styles[key], [value / scale.factor for value in found]) for key, found in values.items()]
    what = "kind of data" if name == "kinds" else "level"
    return _bars(name, layers, parts, f"energy per image ({scale.name})", f"energy by {what}", caption)


def _time(layers: Sequence[LayerResult]) -> Picture:
    processing = [layer.processing_latency_s * 1e3 for layer in layers]
    rest = [(layer.total_latency_s - layer.processing_latency_s) * 1e3 for layer in layers]
    parts = [BarPart("processing", BLUE, processing), BarPart("the rest", ORANGE, rest)]
    caption = "Time of the whole batch; the rest is configuration and the waits for fmaps from and to DRAM."
    return _bars("time", layers, parts, "latency (ms)", "latency, processing and the rest,", caption)


def _bars(
    name: str, layers: Sequence[LayerResult], parts: Sequence[BarPart], ylabel: str, what: str, caption: str
) -> Picture:
    names = [layer.name for layer in layers]

    def draw(on: Figure) -> None:
        draw_bars(on.subplots(), names, parts, ylabel=ylabel)

    svg = render(draw, suffix=".svg", size=bars_size(names, height=3.0))
    return Picture(name, svg, f"Stacked bars of {what} for each layer", caption)


def _layers_table(layers: Sequence[LayerResult]) -> Table:
    unit = layers[0].energy.unit
    scale = scale_for(unit, max(layer.energy.system for layer in layers), below=1000)
    figures = OF_THE_RUN[:-2]  # without energies, whose unit follows the largest
    heads = ("layer", "type", mapping_head(layers[0].mapping), *(figure.title(unit, between=" ") for figure in figures))
    rows = [_layer_row(layer, figures, scale.factor) for layer in layers]
    energies = tuple(f"{figure.head} {scale.name}" for figure in OF_THE_RUN[-2:])
    caption = "Each layer, for the whole batch: mapping, work, latency, bytes and energy; * folded, see below"
    shown = (*heads, *energies)
    hints = dict(zip(shown[-len(OF_THE_RUN) :], (figure.sentence for figure in OF_THE_RUN), strict=True))
    return table_of(shown, rows, caption=caption, is_sortable=True, hints=hints)


def _layer_row(layer: LayerResult, figures: Sequence[figures_of.Figure], energy_factor: float) -> list[TableCell | str]:
    name = f"{layer.name} *" if layer.folded else layer.name
    cells = [
        TableCell(
            figure.text(figure.value(layer), digits=_DIGITS.get(figure.key)), float(figure.scaled(figure.value(layer)))
        )
        for figure in figures
    ]
    energies = (figure.value(layer) / energy_factor for figure in OF_THE_RUN[-2:])
    mapping = mapping_text(layer.mapping)
    return [name, layer.kind, mapping, *cells, *(TableCell(f"{energy:.2f}", energy) for energy in energies)]


def _notes(layers: Sequence[LayerResult]) -> Iterator[str]:
    for layer in layers:
        if layer.folded:
            yield f"{layer.name} folded: {'; '.join(layer.folded)}"
    checked = [layer.run.checked for layer in layers if layer.run.checked is not None]
    if checked:
        overflows = sum(one.overflows for one in checked)
        wrapped = f", {overflows} psums beyond their width" if overflows else ""
        yield f"ofmaps checked: {sum(one.values for one in checked)} values equal{wrapped}"


def _provenance(result: NetworkResult) -> Table:
    rows = [(name, _written(value)) for name, value in result.provenance.items()]
    if result.operating_point:
        rows.append(("operating_point", operating_point_text(result.operating_point)))
    return table_of(("entry", "value"), rows, caption="What the result was made of")


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
