"""Stacked bars of energy by kind of data: of each layer of one point, and of whole networks at several points."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from sim.studies.sweeps.store.stored import Row
from sim.views.charts.parts import KIND_COLOURS, BarPart, bars_size, draw_bars, label_text
from sim.views.charts.picture import render
from sim.views.charts.sweeps.metrics import energies_of
from sim.views.charts.sweeps.points import SweepPoint, SweepPoints, panel_title
from sim.views.scale import scale_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_POINTS = 40  # bars of whole networks
_INCHES_A_LETTER = 0.093


def draw_layers(points: SweepPoints, point: SweepPoint, layers: Sequence[Row], *, suffix: str) -> bytes:
    """Draw the layers of one point."""
    names = [str(layer["layer"]) for layer in layers]
    energies = [energies_of(layer, point.unit) for layer in layers]
    choices = points.choices(point)
    at = f"{panel_title(point.kind)}; point {point.number}"
    lines = [at, *wrap(choices, int(bars_size(names)[0] / _INCHES_A_LETTER), max_lines=3)]
    return _draw(names, energies, point.unit, "\n".join(label_text(line, most=160) for line in lines), suffix)


def draw_networks(chosen: Sequence[SweepPoint], *, title: str, suffix: str) -> bytes:
    """Draw whole networks, a bar for each of at most MOST_POINTS points."""
    shown = chosen[:MOST_POINTS]
    names = [str(point.number) for point in shown]
    return _draw(
        names,
        [point.energies or {} for point in shown],
        shown[0].unit,
        label_text(title, most=90),
        suffix,
        xlabel="point",
    )


def _draw(
    names: Sequence[str], energies: Sequence[Dict[str, float]], unit: str, title: str, suffix: str, *, xlabel: str = ""
) -> bytes:
    scale = scale_for(unit, max(sum(one.values()) for one in energies), below=1000)
    parts = [
        BarPart(name, colour, [one[kind] / scale.factor for one in energies])
        for kind, (name, colour) in KIND_COLOURS.items()
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        draw_bars(axes, names, parts, ylabel=f"energy per image ({scale.name})")
        axes.set_xlabel(xlabel)
        axes.set_title(title, fontsize=9, loc="left")

    return render(draw, suffix=suffix, size=bars_size(names))
