"""Heat maps over two axes: in each cell the least of a metric over all other axes; cells without a machine hatched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.studies.sweeps.store.stored import StoredAxis
from sim.views.charts.parts import VERMILION, label_text
from sim.views.charts.picture import render
from sim.views.charts.sweeps.metrics import TITLES, scale_of
from sim.views.charts.sweeps.points import MOST_PANELS, NOT_DESIGN, SweepPoint, SweepPoints, panel_of, panel_title
from sim.views.charts.sweeps.sensitivity import sensitivities
from sim.views.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

_MOST_WRITTEN = (20, 14)  # rows and columns of cells whose figures are written into them
_WIDE = 8.0  # figures that span more than this factor have colours by their logarithm
_MOST_DRAWN_ALONE = 900  # more cells than that are one picture inside the picture
_MOST_TICKS = 24
_INCHES_A_LETTER = 0.075


@dataclass(frozen=True, slots=True)
class HeatMap:
    """One panel's cells as [y, x]: the metric's least in base units, NaN where there is none.

    `is_impossible` tells the cells in which every point that was evaluated can't be.
    """

    least: NDArray[np.float64]
    is_impossible: NDArray[np.bool_]


def choose_axes(points: SweepPoints, metric: str, x: str | None, y: str | None) -> tuple[StoredAxis, StoredAxis | None]:
    """Return the axes named, and for those that are not, the ones along which the metric moves most.

    Raises InputError for an unknown axis, for one named twice, and for a sweep without any.
    """
    named = {option: points.axis(path, option) for option, path in (("--x", x), ("--y", y)) if path is not None}
    if len({axis.path for axis in named.values()}) < len(named):
        raise InputError.located("--y", wrong="--x and --y name the same axis", allowed="name two axes")
    for option, axis in named.items():
        if axis.path == "cost_table" and _has_units(points):
            wrong, allowed = "cost tables of different units are not compared", "name another axis"
            raise InputError.located(option, wrong=wrong, allowed=allowed)
    left = iter([axis for axis in map_axes(points, metric) if axis not in named.values()])
    across = named.get("--x") or next(left, None)
    upward = named.get("--y") or next(left, None)
    if across is None:
        raise InputError.located(
            "--kind", wrong="a heat map needs an axis of two values", allowed="choose another kind"
        )
    return across, upward


def map_axes(points: SweepPoints, metric: str) -> list[StoredAxis]:
    """List the axes that a map can have, the one along which a metric moves most first; of tied ones the first."""
    found = sorted(sensitivities(points, metric), key=lambda one: -(one.span or 0))
    units = ["cost_table"] if _has_units(points) else []
    others = [
        axis for axis in points.axes if axis.path in NOT_DESIGN and axis.path not in units and len(axis.values) > 1
    ]
    return [one.axes[0] for one in found] + others


def _has_units(points: SweepPoints) -> bool:
    return len({point.unit for point in points.done}) > 1


def heat_map(
    done: Sequence[SweepPoint], impossible: Sequence[SweepPoint], metric: str, x: StoredAxis, y: StoredAxis | None
) -> HeatMap:
    """Find the least in each cell; without a second axis there is one row."""
    shape = (len(y.values) if y else 1, len(x.values))
    least, is_impossible = np.full(shape, np.nan), np.zeros(shape, np.bool_)
    for point in impossible:
        is_impossible[_cell(point, x, y)] = True
    for point in done:
        cell = _cell(point, x, y)
        least[cell] = np.fmin(least[cell], point.measure(metric))
    return HeatMap(least, is_impossible & np.isnan(least))


def _cell(point: SweepPoint, x: StoredAxis, y: StoredAxis | None) -> tuple[int, int]:
    return point.indices[y.path] if y else 0, point.indices[x.path]


def draw_heat_maps(points: SweepPoints, metric: str, x: StoredAxis, y: StoredAxis | None, *, suffix: str) -> bytes:
    """Draw a map for each network, batch and cost table that is no axis of it."""
    without = [axis.path for axis in (x, y) if axis]
    panels = dict(list(points.panels(without=without).items())[:MOST_PANELS])
    across = math.ceil(math.sqrt(len(panels)))
    down = math.ceil(len(panels) / across)
    columns, rows = len(x.values), len(y.values) if y else 1
    size = (max(3.6, min(7.5, 1.9 + 0.62 * columns)) * across, max(2.0, min(6.5, 1.4 + 0.36 * rows)) * down + 0.5)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(down, across, squeeze=False)
        for axes, (panel, done) in zip(grid.flat, panels.items(), strict=False):
            impossible = [point for point in points.impossible if panel_of(point, without) == panel]
            found = heat_map(done, impossible, metric, x, y)
            _draw_map(axes, found, scale_of(metric, done[0].unit, float(np.nanmax(found.least))), metric)
            _write_ticks(axes, x, y, room=int((size[0] / across - 1.8) / _INCHES_A_LETTER))
            axes.set_title(label_text(panel_title(panel), most=48), fontsize=9, loc="left")
        for axes in list(grid.flat)[len(panels) :]:
            axes.axis("off")
        title = f"{label_text(points.title, most=72)}\nleast {TITLES[metric]}; {points.status()}"
        figure.suptitle(title, fontsize=10, x=0.01, ha="left")

    return render(draw, suffix=suffix, size=(max(6.4, size[0]), size[1]))


def _draw_map(axes: Axes, found: HeatMap, scale: Scale, metric: str) -> None:
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import LogLocator, NullFormatter

    shown = np.ma.masked_invalid(found.least / scale.factor)
    is_large = shown.size > _MOST_DRAWN_ALONE
    cells = axes.pcolormesh(
        shown,
        cmap="viridis",
        norm=LogNorm() if shown.min() > 0 and shown.max() > _WIDE * shown.min() else None,
        edgecolors="none" if is_large else "white",
        linewidth=0 if is_large else 0.6,
        rasterized=is_large,
    )
    if found.is_impossible.any():
        hatched = np.ma.masked_where(~found.is_impossible, np.zeros(shown.shape))
        axes.pcolor(
            hatched, cmap="Greys", vmin=0, vmax=1, hatch="////", edgecolors="#999999", linewidth=0, rasterized=is_large
        )
    bar = axes.figure.colorbar(cells, ax=axes, label=scale.name, pad=0.02)
    if isinstance(cells.norm, LogNorm):
        bar.ax.yaxis.set(major_locator=LogLocator(subs=(1.0, 2.0, 5.0)), major_formatter="{x:g}")
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
    row, column = divmod(int(np.argmin(shown.filled(np.inf))), shown.shape[1])
    if not is_large:
        axes.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=VERMILION, linewidth=2, zorder=4))
    if shown.shape[0] <= _MOST_WRITTEN[0] and shown.shape[1] <= _MOST_WRITTEN[1]:
        _write_figures(axes, shown, cells)


def _write_figures(axes: Axes, shown: Any, cells: QuadMesh) -> None:
    """Write each cell's figure, dark on light and light on dark, in as many digits as tell them apart."""
    low, high = float(shown.min()), float(shown.max())
    digits = 3 if high - low > 0.02 * high or high == low else 5
    for (row, column), value in np.ndenumerate(shown):
        if not np.ma.is_masked(shown[row, column]):
            red, green, blue, _ = cells.cmap(cells.norm(value))
            colour = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
            axes.text(
                column + 0.5,
                row + 0.5,
                f"{value:#.{digits}g}".rstrip("."),
                ha="center",
                va="center",
                fontsize=7,
                color=colour,
            )


def _write_ticks(axes: Axes, x: StoredAxis, y: StoredAxis | None, *, room: int) -> None:
    """Write the axes' values, slanted where they don't go into a line of `room` letters."""
    step = -(-len(x.values) // _MOST_TICKS)
    names = [label_text(x.shown(value), most=24) for value in x.values[::step]]
    is_slanted = sum(len(name) + 2 for name in names) > room
    axes.set_xticks(
        np.arange(0, len(x.values), step) + 0.5, names,
        rotation=40 if is_slanted else 0, ha="right" if is_slanted else "center",
    )  # fmt: skip
    axes.set_xlabel(label_text(x.path))
    if y:
        step = -(-len(y.values) // _MOST_TICKS)
        axes.set_yticks(
            np.arange(0, len(y.values), step) + 0.5, [label_text(y.shown(value), most=24) for value in y.values[::step]]
        )
        axes.set_ylabel(label_text(y.path))
    else:
        axes.set_yticks([])
    axes.tick_params(length=0, labelsize=7.5)
