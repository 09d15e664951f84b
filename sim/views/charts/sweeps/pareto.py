"""The Pareto chart: every finished point by two metrics, the front as a line of steps, a panel for each network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.views.charts.parts import BLUE, VERMILION, label_text
from sim.views.charts.picture import render
from sim.views.charts.sweeps.front import pareto_front
from sim.views.charts.sweeps.metrics import TITLES, scale_of
from sim.views.charts.sweeps.points import MOST_PANELS, Kind, SweepPoint, SweepPoints, panel_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure

_WIDE = 5.0  # an axis that spans more than this factor is logarithmic
_MOST_DRAWN_ALONE = 400  # more dominated points than that are one picture inside the picture
_MOST_LEGEND = 12
_MOST_EQUAL = 3  # of points at one place, that are named there
_DIGIT_PT, _LINE_PT = 4.9, 9.0  # of a label, in points


def front_of(points: Sequence[SweepPoint], metrics: Sequence[str]) -> list[SweepPoint]:
    """Return the points on the front of some metrics, from the least of the first; equal ones by number."""
    values = np.array([[point.measure(metric) for metric in metrics] for point in points], np.float64)
    on_front = pareto_front(values.reshape(len(points), len(metrics)))
    front = [point for point, there in zip(points, on_front, strict=True) if there]
    return sorted(front, key=lambda point: (*(point.measure(metric) for metric in metrics), point.number))


def draw_pareto(points: SweepPoints, metrics: Sequence[str], *, suffix: str, has_legend: bool) -> bytes:
    """Draw the chart of two metrics, or three, the third as colour; of two, area or what is left.

    `has_legend` lists the front's points below where they are few; the title says what they have in common.
    """
    panels = dict(list(points.panels().items())[:MOST_PANELS])
    across = math.ceil(math.sqrt(len(panels)))
    down = math.ceil(len(panels) / across)
    fronts = {panel: front_of(found, metrics) for panel, found in panels.items()}
    legend = _legend(points, [point for front in fronts.values() for point in front]) if has_legend else ""
    size = (7.4, 4.9) if len(panels) == 1 else (1.2 + 3.7 * across, 0.6 + 3.3 * down)

    def draw(figure: Figure) -> None:
        drawn = _Drawing(points, metrics, panels)
        grid = figure.subplots(down, across, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            drawn.panel(axes, panel, fronts[panel])
        for axes in list(grid.flat)[len(panels) :]:
            axes.axis("off")
        drawn.colour_bar(figure, list(grid.flat)[: len(panels)])
        figure.suptitle(f"{label_text(points.title, most=72)}\n{points.status()}", fontsize=10, x=0.01, ha="left")
        if legend:
            figure.supxlabel(legend, fontsize=7.5, x=0.01, ha="left")

    return render(draw, suffix=suffix, size=(size[0], size[1] + 0.14 * legend.count("\n")))


def _legend(points: SweepPoints, front: Sequence[SweepPoint]) -> str:
    """List the front's points and where they are, if they are few."""
    if not points.axes or len(front) > _MOST_LEGEND:
        return ""
    return "\n".join(label_text(f"{point.number}: {points.choices(point)}", most=110) for point in front)


class _Drawing:
    """What all panels have in common: metrics, and the colours of the third."""

    def __init__(self, points: SweepPoints, metrics: Sequence[str], panels: dict[Kind, list[SweepPoint]]) -> None:
        import matplotlib as mpl
        from matplotlib.colors import Normalize

        self.x, self.y = metrics[:2]
        self.metrics, self.panels = metrics, panels
        left = (name for name in ("area", "energy", "delay") if name not in metrics)
        self.colour = metrics[2] if len(metrics) > 2 else next(left)
        every = [point for found in panels.values() for point in found]
        values = [point.measure(self.colour) for point in every]
        one_unit = self.colour in ("area", "delay", "dram") or len({point.unit for point in every}) == 1
        self.is_coloured = len(set(values)) > 1 and one_unit
        self.scale = scale_of(self.colour, every[0].unit, max(values))
        self.norm = Normalize(min(values) / self.scale.factor, max(values) / self.scale.factor)
        self.map = mpl.colormaps["viridis"]

    def panel(self, axes: Axes, panel: Kind, front: Sequence[SweepPoint]) -> None:
        """Draw one panel: dominated points faint, the front on top with its line and its labels."""
        found = self.panels[panel]
        numbers = {point.number for point in front}
        dominated = [point for point in found if point.number not in numbers]
        scales = [scale_of(name, found[0].unit, max(p.measure(name) for p in found)) for name in (self.x, self.y)]
        for name, scale, which in zip((self.x, self.y), scales, "xy", strict=True):
            values = [point.measure(name) / scale.factor for point in found]
            if min(values) > 0 and max(values) / min(values) > _WIDE:
                _make_logarithmic(axes, which)
            axes.set(**{f"{which}label": f"{TITLES[name]} ({scale.name})"})
        self._scatter(axes, dominated, (scales[0].factor, scales[1].factor), is_front=False)
        self._scatter(axes, front, (scales[0].factor, scales[1].factor), is_front=True)
        places = [(p.measure(self.x) / scales[0].factor, p.measure(self.y) / scales[1].factor) for p in front]
        if len(self.metrics) == 2 and len(places) > 1:
            xs, ys = zip(*places, strict=True)
            axes.step(xs, ys, where="post", color=VERMILION, linewidth=1.2, zorder=3)
        axes.margins(x=0.13 if len(self.panels) == 1 else 0.2, y=0.13)
        axes.grid(color="#e5e5e5", linewidth=0.5, zorder=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(label_text(panel_title(panel), most=48), fontsize=9, loc="left")
        _label(axes, front, places)

    def _scatter(
        self, axes: Axes, points: Sequence[SweepPoint], factors: tuple[float, float], *, is_front: bool
    ) -> PathCollection | None:
        if not points:
            return None
        xs = [point.measure(self.x) / factors[0] for point in points]
        ys = [point.measure(self.y) / factors[1] for point in points]
        colours = [point.measure(self.colour) / self.scale.factor for point in points] if self.is_coloured else BLUE
        return axes.scatter(
            xs,
            ys,
            c=colours,
            cmap=self.map if self.is_coloured else None,
            norm=self.norm if self.is_coloured else None,
            s=32 if is_front else 15,
            alpha=1.0 if is_front else 0.5,
            linewidths=1.1 if is_front else 0,
            edgecolors=VERMILION if is_front else "none",
            rasterized=len(points) > _MOST_DRAWN_ALONE,
            zorder=4 if is_front else 2,
        )

    def colour_bar(self, figure: Figure, panels: Sequence[Axes]) -> None:
        """State what the colours stand for."""
        from matplotlib.cm import ScalarMappable

        if self.is_coloured:
            label = f"{TITLES[self.colour]} ({self.scale.name})"
            figure.colorbar(ScalarMappable(self.norm, self.map), ax=list(panels), label=label, shrink=0.9, pad=0.02)


def _make_logarithmic(axes: Axes, which: str) -> None:
    """Make an axis logarithmic, with plain numbers at 1, 2 and 5."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _label(axes: Axes, front: Sequence[SweepPoint], places: Sequence[tuple[float, float]]) -> None:
    """Write the front's numbers below their points, where none can be, as far as they don't meet."""
    axes.autoscale_view()  # now, since the labels' places depend on it
    names: dict[tuple[float, float], list[str]] = {}
    for point, place in zip(front, places, strict=True):
        names.setdefault(place, []).append(str(point.number))
    taken: list[tuple[float, float]] = []  # right ends, in points
    for place, numbers in names.items():
        name = ", ".join([*numbers[:_MOST_EQUAL], *["..."][: len(numbers) - _MOST_EQUAL]])
        x, y = axes.transData.transform(place) * 72 / axes.figure.dpi
        if all(abs(x - other) > _DIGIT_PT * (len(name) + 1) or abs(y - above) > _LINE_PT for other, above in taken):
            taken.append((x, y))
            axes.annotate(
                name, place, (-5, -5), textcoords="offset points", ha="right", va="top", fontsize=7.5, zorder=5
            )
