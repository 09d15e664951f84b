"""The report of a sweep: one page with what was swept, the best points, the fronts, and every chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.errors import listed
from sim.studies.sweeps.store.stored import StoredSweep
from sim.views.charts.sweeps.heat_map import choose_axes, draw_heat_maps, map_axes
from sim.views.charts.sweeps.layer_bars import MOST_POINTS, draw_layers, draw_networks
from sim.views.charts.sweeps.metrics import SHORT, TITLES
from sim.views.charts.sweeps.pareto import draw_pareto, front_of
from sim.views.charts.sweeps.points import MOST_PANELS, SweepPoint, SweepPoints, panel_title
from sim.views.charts.sweeps.sensitivity import draw_sensitivities
from sim.views.pages.html import render_page
from sim.views.pages.parts import Picture, Table
from sim.views.pages.sweep_tables import (
    axes_table,
    best_table,
    models_table,
    points_table,
    reasons_table,
    sensitivities_table,
)

_MOST_ROWS = 200  # of the front; the CSV has all
_SVG = ".svg"


@dataclass(frozen=True, slots=True)
class PlotChoices:
    """What a report's reader may choose: the metrics, the map's axes, and the point whose layers are shown."""

    front: tuple[str, ...]
    metric: str
    sensitivities: tuple[str, ...]
    x: str | None
    y: str | None
    point: SweepPoint


@dataclass(frozen=True, slots=True)
class Charted:
    """A chart with the table that says the same in figures."""

    chart: Picture
    table: Table


@dataclass(frozen=True, slots=True)
class Headed:
    """A chart below a heading of its own."""

    heading: str
    chart: Picture


@dataclass(frozen=True, slots=True)
class SweepPage:
    """What the page of a sweep says, in its order; None and tables without rows are left out."""

    title: str
    lead: str
    headline: tuple[tuple[str, str], ...]
    warning: str | None
    axes: Table
    reasons: Table
    models: Table
    best: Table
    front: Charted
    sensitivities: Charted | None
    heat_map: Headed | None
    energy: tuple[Picture, ...]
    provenance: tuple[str, ...]


def sweep_page(stored: StoredSweep, points: SweepPoints, choices: PlotChoices) -> str:
    """Make the whole page; the same store and choices give the same bytes."""
    return render_page("sweep.html", _page(stored, points, choices))


def _page(stored: StoredSweep, points: SweepPoints, choices: PlotChoices) -> SweepPage:
    has_map = choices.x or choices.y or map_axes(points, choices.metric)
    return SweepPage(
        title=stored.title,
        lead=f"Design-space exploration of {listed(stored.arch)}, {_model(stored)}",
        headline=_headline(points),
        warning=_warning(points),
        axes=axes_table(stored),
        reasons=reasons_table(points),
        models=models_table(stored),
        best=best_table(points),
        front=_front(points, choices),
        sensitivities=_sensitivities(points, choices) if points.design_axes() else None,
        heat_map=_heat_map(points, choices) if has_map else None,
        energy=tuple(_energy(stored, points, choices)),
        provenance=_provenance(stored),
    )


def _model(stored: StoredSweep) -> str:
    return "both models, figures of the cycle model" if stored.model == "both" else f"{stored.model} model"


def _headline(points: SweepPoints) -> tuple[tuple[str, str], ...]:
    counts = points.counts
    return (
        ("points", f"{counts.planned:,}"),
        ("done", f"{counts.done:,}"),
        ("impossible", f"{counts.impossible:,}"),
        ("missing", f"{counts.missing:,}"),
        ("objective", points.objective),
    )


def _warning(points: SweepPoints) -> str | None:
    if not points.counts.missing:
        return None
    words = f"This sweep is unfinished: {points.counts.missing} of {points.counts.planned} points are missing."
    return f"{words} What is below is of the points that were evaluated."


def _front(points: SweepPoints, choices: PlotChoices) -> Charted:
    names = " and ".join(TITLES[name] for name in choices.front)
    picture = Picture(
        "pareto",
        draw_pareto(points, choices.front, suffix=_SVG, has_legend=False),
        label=f"Scatter chart of {names}, with the Pareto front",
        caption=f"Every finished point by {names}. Ringed: the Pareto front, points that no other beats in one without "
        f"losing in another; their numbers are those of the table. {_more(points)}{_not_drawn(points)}",
    )
    front = [point for found in points.panels().values() for point in front_of(found, choices.front)]
    cut = f"; the first {_MOST_ROWS} of {len(front)}" if len(front) > _MOST_ROWS else ""
    caption = f"Points on the front of {names}{cut}"
    return Charted(picture, points_table(points, front[:_MOST_ROWS], caption))


def _not_drawn(points: SweepPoints) -> str:
    return f"Impossible, and not drawn: {len(points.impossible)}." if points.impossible else ""


def _more(points: SweepPoints, *, without: Sequence[str] = ()) -> str:
    panels = len(points.panels(without=without))
    return f"Shown are the first {MOST_PANELS} of {panels}; --where chooses others. " if panels > MOST_PANELS else ""


def _sensitivities(points: SweepPoints, choices: PlotChoices) -> Charted:
    names = ", ".join(SHORT[name] for name in choices.sensitivities)
    picture = Picture(
        "sensitivity",
        draw_sensitivities(points, choices.sensitivities, suffix=_SVG),
        label=f"Line charts of {names} along each axis, relative to one of its values",
        caption="Each value of an axis against the ringed one: the geometric mean over all pairs of finished points "
        "that differ in this axis alone.",
    )
    return Charted(picture, sensitivities_table(points, choices.sensitivities))


def _heat_map(points: SweepPoints, choices: PlotChoices) -> Headed:
    x, y = choose_axes(points, choices.metric, choices.x, choices.y)
    over = f"{x.path} and {y.path}" if y else x.path
    without = [axis.path for axis in (x, y) if axis]
    picture = Picture(
        "heat",
        draw_heat_maps(points, choices.metric, x, y, suffix=_SVG),
        label=f"Heat map of the least {TITLES[choices.metric]} over {over}",
        caption=f"The least {TITLES[choices.metric]} that any choice of the other axes reaches. Framed: the least of "
        f"all; hatched: impossible; white: not evaluated. {_more(points, without=without)}",
    )
    return Headed(f"Over {over}", picture)


def _energy(stored: StoredSweep, points: SweepPoints, choices: PlotChoices) -> Iterator[Picture]:
    """Draw the layers of one point, and whole networks where the front of its kind has more."""
    point = choices.point
    yield Picture(
        "layers",
        draw_layers(points, point, stored.layers(point.number), suffix=_SVG),
        label=f"Stacked bars of energy by kind of data for each layer of point {point.number}",
        caption=f"Energy per image of each layer at point {point.number}, DRAM included.",
    )
    same = [one for one in points.done if one.kind == point.kind]
    front = front_of(same, choices.front)
    if len(front) > 1:
        title = f"{panel_title(point.kind)}: the front's points"
        cut = f", the first {MOST_POINTS} of {len(front)}" if len(front) > MOST_POINTS else ""
        yield Picture(
            "networks",
            draw_networks(front, title=title, suffix=_SVG),
            label="Stacked bars of the whole network's energy by kind of data for each point of the front",
            caption=f"The whole network's energy per image at each point of the front{cut}, by number.",
        )


def _provenance(stored: StoredSweep) -> tuple[str, ...]:
    return (
        f"machines: {', '.join(stored.arch)}",
        f"networks: {', '.join(stored.workloads)}",
        f"evaluated by: {_model(stored)}, mappings of least {stored.objective}",
        f"code: {stored.code()}",
        "units: energies are of the system, DRAM included; latency is the total, waits for DRAM included",
    )
