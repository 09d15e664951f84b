"""Sensitivities: what an axis alone moves, each of its values held against one of them with all else the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.studies.sweeps.store.stored import StoredAxis
from sim.views.charts.parts import BLUE, GREEN, ORANGE, PURPLE, VERMILION, label_text
from sim.views.charts.picture import render
from sim.views.charts.sweeps.metrics import SHORT
from sim.views.charts.sweeps.points import NOT_DESIGN, Kind, SweepPoint, SweepPoints, panel_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES = {  # marker and colour of each metric
    "energy": ("o", BLUE),
    "delay": ("s", VERMILION),
    "edp": ("^", PURPLE),
    "area": ("D", GREEN),
    "dram": ("v", ORANGE),
}
_MOST_PANELS = 24
_MOST_TICKS = 10


State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How a metric goes along an axis, or axes that move together.

    `states` are the indices that the axes have together, in order. For each, `ratios` is the geometric mean of metric
    over metric in the state number `reference`, over all pairs of points that differ in nothing else, and `pairs` their
    number; None where there is no pair.
    """

    axes: tuple[StoredAxis, ...]
    states: tuple[State, ...]
    reference: int
    ratios: tuple[float | None, ...]
    pairs: tuple[int, ...]

    @property
    def name(self) -> str:
        """The names of the axes."""
        return ", ".join(axis.path for axis in self.axes)

    @property
    def span(self) -> float | None:
        """The largest ratio over the smallest; None where nothing could be compared."""
        known = [ratio for ratio in self.ratios if ratio is not None]
        return max(known) / min(known) if len(known) > 1 else None

    def label(self, at: int) -> str:
        """Write a value, or the values of axes that move together."""
        return " | ".join(axis.shown(axis.values[i]) for axis, i in zip(self.axes, self.states[at], strict=True))


def sensitivities(points: SweepPoints, metric: str) -> list[Sensitivity]:
    """Find how a metric goes along each axis of the design, in the spec's order."""
    groups = _groups(points)
    return [
        _along(axes, points, [path for other in groups if other != axes for path in _paths(other)], metric)
        for axes in groups
        if any(len(axis.values) > 1 for axis in axes) and not any(axis.path in NOT_DESIGN for axis in axes)
    ]


def _groups(points: SweepPoints) -> list[tuple[StoredAxis, ...]]:
    """Put axes together that move together; what keeps the area equal follows from the others, and is left out."""
    groups: dict[int, list[StoredAxis]] = {}
    for axis in points.axes:
        if axis.path != points.adjusted:
            groups.setdefault(axis.group, []).append(axis)
    return [tuple(axes) for axes in groups.values()]


def _paths(axes: Sequence[StoredAxis]) -> list[str]:
    return [axis.path for axis in axes]


def _state(point: SweepPoint, paths: Sequence[str]) -> State:
    return tuple(point.indices[path] for path in paths)


def _along(axes: tuple[StoredAxis, ...], points: SweepPoints, others: Sequence[str], metric: str) -> Sensitivity:
    paths, done = _paths(axes), points.done

    def beside(point: SweepPoint) -> tuple[Kind, State]:
        """Return what two points must have in common to be compared: all but these axes, and what comes with them."""
        return panel_of(point, paths), _state(point, others)

    states = sorted({_state(point, paths) for point in (*done, *points.impossible)})
    finished = Counter(_state(point, paths) for point in done)
    reference = max(states, key=lambda state: (finished[state], [-index for index in state]))  # the first of the most
    references = [point for point in done if _state(point, paths) == reference]
    alike = Counter(beside(point) for point in references)  # two only where areas are kept at different budgets
    bases = {key: point.measure(metric) for point in references if alike[key := beside(point)] == 1}
    logarithms: dict[State, list[float]] = {state: [] for state in states}
    for point in done:
        base, value = bases.get(beside(point), 0.0), point.measure(metric)
        if base > 0 and value > 0:
            logarithms[_state(point, paths)].append(math.log(value / base))
    found = list(logarithms.values())
    return Sensitivity(
        axes,
        tuple(states),
        states.index(reference),
        tuple(math.exp(math.fsum(one) / len(one)) if one else None for one in found),
        tuple(len(one) for one in found),
    )


def draw_sensitivities(points: SweepPoints, metrics: Sequence[str], *, suffix: str) -> bytes:
    """Draw a panel for each axis, the one that moves most first; at least one axis."""
    found = {metric: sensitivities(points, metric) for metric in metrics}
    order = sorted(
        range(len(found[metrics[0]])), key=lambda at: -max(found[metric][at].span or 0 for metric in metrics)
    )[:_MOST_PANELS]
    across = 2 if len(order) == 4 else min(3, len(order))
    down = -(-len(order) // across)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(down, across, squeeze=False, sharey=True)
        for axes, at in zip(grid.flat, order, strict=False):
            _draw_panel(axes, {metric: found[metric][at] for metric in metrics})
        for axes in list(grid.flat)[len(order) :]:
            axes.axis("off")
        for row in grid:
            row[0].set_ylabel("relative to the ringed value")
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(metrics), frameon=False)
        figure.suptitle(label_text(points.title, most=72), fontsize=10, x=0.01, ha="left")

    return render(draw, suffix=suffix, size=(max(6.4, 0.8 + 3.3 * across), 0.7 + 2.5 * down))


def _draw_panel(axes: Axes, found: dict[str, Sensitivity]) -> None:
    one = next(iter(found.values()))
    count = len(one.ratios)
    axes.axhline(1.0, color="#555555", linewidth=0.8, zorder=1)
    for depth, (metric, sensitivity) in enumerate(found.items()):
        marker, colour = _STYLES[metric]
        known = [(at, ratio) for at, ratio in enumerate(sensitivity.ratios) if ratio is not None]
        axes.plot(
            [at for at, _ in known],
            [ratio for _, ratio in known],
            marker=marker if count <= 4 * _MOST_TICKS else None,
            markersize=4,
            linewidth=1.2,
            color=colour,
            linestyle="--" if metric == "area" else "-",
            label=SHORT[metric],
            zorder=3 - 0.1 * depth,  # what was named first lies on top
        )
    axes.plot([one.reference], [1.0], marker="o", markersize=9, markerfacecolor="none", color="#333333", zorder=4)
    step = -(-count // _MOST_TICKS)
    names = [label_text(one.label(at), most=24) for at in range(0, count, step)]
    is_slanted = sum(len(name) + 2 for name in names) > 44
    axes.set_xticks(
        range(0, count, step), names, rotation=30 if is_slanted else 0, ha="right" if is_slanted else "center"
    )
    axes.tick_params(axis="x", labelsize=7.5)
    axes.set_xlim(-0.3, count - 0.7)
    axes.set_title(label_text(one.name, most=44), fontsize=9, loc="left")
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.5, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
