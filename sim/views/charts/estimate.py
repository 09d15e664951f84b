"""Charts of estimates: stacked bars by kind of data, as in Fig. 6 of the methodology's paper (Asilomar 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.ledger.estimate import Estimate
from sim.views.charts.parts import KIND_COLOURS, BarPart, bars_size, draw_bars, label_text
from sim.views.charts.picture import render
from sim.views.estimate_table import estimate_summary
from sim.views.scale import scale_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(estimate: Estimate, *, suffix: str, title: str) -> bytes:
    """Draw the chart of an estimate as a picture file; the same estimate gives the same bytes."""
    names = [layer.name for layer in estimate.layers]
    scale = scale_for(estimate.unit, estimate.largest, below=1000)
    parts = [
        BarPart(name, colour, [getattr(layer, name) / scale.factor for layer in estimate.layers])
        for name, colour in KIND_COLOURS.values()
    ]

    def draw_on(figure: Figure) -> None:
        axes = figure.subplots()
        draw_bars(axes, names, parts, ylabel=f"energy per image ({scale.name})")
        axes.set_title(f"{label_text(title, most=72)}\n{estimate_summary(estimate)}", fontsize=10, loc="left")

    return render(draw_on, suffix=suffix, size=bars_size(names, height=4.2))
