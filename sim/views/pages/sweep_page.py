"""The report of a sweep: one page with what was swept, the best points, the fronts, and every chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sim.errors import listed
from sim.studies.sweeps.store.stored import StoredAxis, StoredSweep
from sim.views.charts.sweeps.heat_map import choose_axes, draw_heat_maps, map_axes
from sim.views.charts.sweeps.layer_bars import MOST_POINTS, draw_layers, draw_networks
from sim.views.charts.sweeps.metrics import METRICS, SHORT, TITLES, shown
from sim.views.charts.sweeps.pareto import draw_pareto, front_of
from sim.views.charts.sweeps.points import MOST_PANELS, NETWORK, SweepPoint, SweepPoints, panel_title
from sim.views.charts.sweeps.sensitivity import Sensitivity, draw_sensitivities, sensitivities
from sim.views.pages.html import Cell, Html, Picture, bullets, figure, headline, page, paragraph, section, table

_MOST_ROWS = 200  # of the front; the CSV has all
_MOST_REASONS = 8
_MOST_VALUES = 12  # of an axis that are written out
_MOST_AXES = 12  # that have columns of their own
_SVG = ".svg"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a report's reader may choose: the metrics, the map's axes, and the point whose layers are shown."""

    front: tuple[str, ...]
    metric: str
    sensitivities: tuple[str, ...]
    x: str | None
    y: str | None
    point: SweepPoint


def sweep_page(stored: StoredSweep, points: SweepPoints, choices: Choices) -> str:
    """Make the whole page; the same store and choices give the same bytes."""
    parts = [
        paragraph(f"Design-space exploration of {listed(stored.arch)}, {_model(stored)}", kind="lead"),
        headline(_headline(points)),
        *_warnings(points),
        section("What was swept", _axes_table(stored), *_reasons(points)),
        *_models_section(stored),
        section("Best points", _best_table(points)),
        _front_section(points, choices),
    ]
    if points.design_axes():
        parts.append(_sensitivity_section(points, choices))
    if choices.x or choices.y or map_axes(points, choices.metric):
        parts.append(_heat_section(points, choices))
    parts += [_layers_section(stored, points, choices), section("Provenance", bullets(_provenance(stored)))]
    return page(stored.title, parts)


def _model(stored: StoredSweep) -> str:
    return "both models, figures of the cycle model" if stored.model == "both" else f"{stored.model} model"


def _models_section(stored: StoredSweep) -> list[Html]:
    """Compare the two models with each other, where both ran."""
    rows: list[list[Cell]] = []
    for one in stored.differences():
        means = (one.layers_mean, one.layers_worst, one.networks_mean, one.networks_worst)
        rows.append([one.figure, *((f"{value:.2f}", value) for value in means)])
    if not rows:
        return []
    heads = ("figure", "layers, mean", "layers, worst", "networks, mean", "networks, worst")
    caption = "How far the analytic model is from the cycle model, in per cent of the cycle model's figure"
    return [section("Both models", table(heads, rows, caption=caption))]


def _headline(points: SweepPoints) -> list[tuple[str, str]]:
    counts = points.counts
    numbers = {
        "points": counts.planned,
        "done": counts.done,
        "impossible": counts.impossible,
        "missing": counts.missing,
    }
    return [*((name, f"{number:,}") for name, number in numbers.items()), ("objective", points.objective)]


def _warnings(points: SweepPoints) -> list[Html]:
    if not points.counts.missing:
        return []
    words = f"This sweep is unfinished: {points.counts.missing} of {points.counts.planned} points are missing."
    return [paragraph(f"{words} What is below is of the points that were evaluated.", kind="warning")]


def _axes_table(stored: StoredSweep) -> Html:
    """List the axes and their values; what doesn't vary is in the lines below the title."""
    if not stored.axes:
        return paragraph("Nothing varies: the sweep has one point.")
    rows = [(axis.path, (str(len(axis.values)), float(len(axis.values))), _values(axis)) for axis in stored.axes]
    return table(("axis", "values", "as written"), rows, caption="Axes, in the order in which points are counted")


def _values(axis: StoredAxis) -> str:
    texts = [axis.shown(value) for value in axis.values]
    if len(texts) > _MOST_VALUES:
        texts = [*texts[: _MOST_VALUES - 1], "...", texts[-1]]
    return ", ".join(texts)


def _reasons(points: SweepPoints) -> list[Html]:
    """State why points can't be, the most frequent reasons first."""
    if not points.impossible:
        return []
    found = Counter(point.reason for point in points.impossible).most_common(_MOST_REASONS)
    rows = [((str(count), float(count)), reason) for reason, count in found]
    caption = "Why points are impossible, the most frequent reasons first"
    return [table(("points", "reason"), rows, caption=caption)]


def _points_table(points: SweepPoints, chosen: Sequence[SweepPoint], caption: str) -> Html:
    """Show points: what they are of, as far as it varies, their figures, and where they are on the axes."""
    varying = [
        pairs[0][0] for pairs in zip(*points.panels(), strict=True) if pairs[0][0] == NETWORK or len(set(pairs)) > 1
    ]
    axes = [axis for axis in points.design_axes() if axis.path not in varying][:_MOST_AXES]
    adjusted = ["at equal area"] if any(point.adjusted for point in chosen) else []
    rows: list[list[Cell]] = []
    for point in chosen:
        kind: dict[str, Cell] = {
            name: (str(value), float(value)) if isinstance(value, int) else str(value) for name, value in point.kind
        }
        row: list[Cell] = [*(kind[name] for name in varying), (str(point.number), float(point.number))]
        row += [(shown(name, point.measure(name), point.unit), point.measure(name)) for name in METRICS]
        row += [_choice(axis, point) for axis in axes]
        rows.append([*row, point.adjusted] if adjusted else row)
    heads = [
        *(name.replace("_", " ") for name in varying),
        "point",
        *SHORT.values(),
        *(axis.path for axis in axes),
        *adjusted,
    ]
    return table(heads, rows, caption=caption, is_sortable=True)


def _choice(axis: StoredAxis, point: SweepPoint) -> Cell:
    value = axis.values[point.indices[axis.path]]
    return axis.shown(value) if isinstance(value, bool | str) else (axis.shown(value), float(value))


def _best_table(points: SweepPoints) -> Html:
    """Show the objective's best point for each network, batch and cost table."""
    best = [points.best(found) for found in points.panels().values()]
    return _points_table(points, best, f"Least {points.objective}; all figures but area are per image")


def _front_section(points: SweepPoints, choices: Choices) -> Html:
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
    return section("Pareto front", figure(picture), _points_table(points, front[:_MOST_ROWS], caption))


def _not_drawn(points: SweepPoints) -> str:
    return f"Impossible, and not drawn: {len(points.impossible)}." if points.impossible else ""


def _more(points: SweepPoints, *, without: Sequence[str] = ()) -> str:
    panels = len(points.panels(without=without))
    return f"Shown are the first {MOST_PANELS} of {panels}; --where chooses others. " if panels > MOST_PANELS else ""


def _sensitivity_section(points: SweepPoints, choices: Choices) -> Html:
    names = ", ".join(SHORT[name] for name in choices.sensitivities)
    picture = Picture(
        "sensitivity",
        draw_sensitivities(points, choices.sensitivities, suffix=_SVG),
        label=f"Line charts of {names} along each axis, relative to one of its values",
        caption="Each value of an axis against the ringed one: the geometric mean over all pairs of finished points "
        "that differ in this axis alone.",
    )
    rows: list[list[Cell]] = []
    for metric in choices.sensitivities:
        found = sorted(sensitivities(points, metric), key=lambda one: -(one.span or 0))
        rows += [_sensitivity_row(metric, one) for one in found]
    heads = ("axis", "metric", "span", "least at", "most at", "pairs")
    caption = "Span: the largest mean over the smallest; pairs: how many points were held against the ringed value's"
    return section("Sensitivities", figure(picture), table(heads, rows, caption=caption, is_sortable=True))


def _sensitivity_row(metric: str, one: Sensitivity) -> list[Cell]:
    pairs = sum(one.pairs) - one.pairs[one.reference]
    span: Cell = ("not comparable", 0.0) if one.span is None else (f"{one.span:.4g}", one.span)
    known = [(ratio, at) for at, ratio in enumerate(one.ratios) if ratio is not None]
    ends = [one.label(end(known)[1]) if known else "" for end in (min, max)]
    return [one.name, SHORT[metric], span, *ends, (str(pairs), float(pairs))]


def _heat_section(points: SweepPoints, choices: Choices) -> Html:
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
    return section(f"Over {over}", figure(picture))


def _layers_section(stored: StoredSweep, points: SweepPoints, choices: Choices) -> Html:
    point = choices.point
    layers = Picture(
        "layers",
        draw_layers(points, point, stored.layers(point.number), suffix=_SVG),
        label=f"Stacked bars of energy by kind of data for each layer of point {point.number}",
        caption=f"Energy per image of each layer at point {point.number}, DRAM included.",
    )
    same = [one for one in points.done if one.kind == point.kind]
    front = front_of(same, choices.front)
    parts = [figure(layers)]
    if len(front) > 1:
        title = f"{panel_title(point.kind)}: the front's points"
        cut = f", the first {MOST_POINTS} of {len(front)}" if len(front) > MOST_POINTS else ""
        networks = Picture(
            "networks",
            draw_networks(front, title=title, suffix=_SVG),
            label="Stacked bars of the whole network's energy by kind of data for each point of the front",
            caption=f"The whole network's energy per image at each point of the front{cut}, by number.",
        )
        parts.append(figure(networks))
    return section("Where the energy goes", *parts)


def _provenance(stored: StoredSweep) -> list[str]:
    return [
        f"machines: {', '.join(stored.arch)}",
        f"networks: {', '.join(stored.workloads)}",
        f"evaluated by: {_model(stored)}, mappings of least {stored.objective}",
        f"code: {stored.code()}",
        "units: energies are of the system, DRAM included; latency is the total, waits for DRAM included",
    ]
