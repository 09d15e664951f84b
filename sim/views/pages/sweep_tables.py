"""The tables of a sweep's page: its axes, why points can't be, the best points, the sensitivities, the two models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sim.studies.sweeps.store.stored import StoredAxis, StoredSweep
from sim.views.charts.sweeps.metrics import METRICS, SHORT, shown
from sim.views.charts.sweeps.points import NETWORK, SweepPoint, SweepPoints
from sim.views.charts.sweeps.sensitivity import Sensitivity, sensitivities
from sim.views.pages.parts import Table, TableCell, count_cell, table_of

_MOST_REASONS = 8
_MOST_VALUES = 12  # of an axis that are written out
_MOST_AXES = 12  # that have columns of their own


def models_table(stored: StoredSweep) -> Table:
    """Compare the two models with each other; there are no rows unless both ran."""
    heads = ("figure", "layers, mean", "layers, worst", "networks, mean", "networks, worst")
    rows: list[list[TableCell | str]] = []
    for one in stored.differences():
        means = (one.layers_mean, one.layers_worst, one.networks_mean, one.networks_worst)
        rows.append([one.figure, *(TableCell(f"{value:.2f}", value) for value in means)])
    caption = "How far the analytic model is from the cycle model, in per cent of the cycle model's figure"
    return table_of(heads, rows, caption=caption)


def axes_table(stored: StoredSweep) -> Table:
    """List the axes and their values."""
    rows = [(axis.path, count_cell(len(axis.values)), _values(axis)) for axis in stored.axes]
    return table_of(("axis", "values", "as written"), rows, caption="Axes, in the order in which points are counted")


def _values(axis: StoredAxis) -> str:
    texts = [axis.shown(value) for value in axis.values]
    if len(texts) > _MOST_VALUES:
        texts = [*texts[: _MOST_VALUES - 1], "...", texts[-1]]
    return ", ".join(texts)


def reasons_table(points: SweepPoints) -> Table:
    """State why points can't be, the most frequent reasons first; there are no rows if all can."""
    found = Counter(point.reason for point in points.impossible).most_common(_MOST_REASONS)
    rows = [(count_cell(count), reason) for reason, count in found]
    caption = "Why points are impossible, the most frequent reasons first"
    return table_of(("points", "reason"), rows, caption=caption)


def best_table(points: SweepPoints) -> Table:
    """Show the objective's best point for each network, batch and cost table."""
    best = [points.best(found) for found in points.panels().values()]
    return points_table(points, best, f"Least {points.objective}; all figures but area are per image")


def points_table(points: SweepPoints, chosen: Sequence[SweepPoint], caption: str) -> Table:
    """Show points: what they are of, as far as it varies, their figures, and where they are on the axes."""
    varying = [
        pairs[0][0] for pairs in zip(*points.panels(), strict=True) if pairs[0][0] == NETWORK or len(set(pairs)) > 1
    ]
    axes = [axis for axis in points.design_axes() if axis.path not in varying][:_MOST_AXES]
    adjusted = ["at equal area"] if any(point.adjusted for point in chosen) else []
    rows = [[*_point_row(point, varying, axes), *([point.adjusted] if adjusted else [])] for point in chosen]
    named = (name.replace("_", " ") for name in varying)
    heads = [*named, "point", *SHORT.values(), *(axis.path for axis in axes), *adjusted]
    return table_of(heads, rows, caption=caption, is_sortable=True)


def _point_row(point: SweepPoint, varying: Sequence[str], axes: Sequence[StoredAxis]) -> list[TableCell | str]:
    kind = dict(point.kind)
    return [
        *(_kind_cell(kind[name]) for name in varying),
        count_cell(point.number),
        *(TableCell(shown(name, point.measure(name), point.unit), point.measure(name)) for name in METRICS),
        *(_choice(axis, point) for axis in axes),
    ]


def _kind_cell(value: object) -> TableCell:
    return TableCell(str(value), float(value) if isinstance(value, int) else None)


def _choice(axis: StoredAxis, point: SweepPoint) -> TableCell:
    value = axis.values[point.indices[axis.path]]
    return TableCell(axis.shown(value), None if isinstance(value, bool | str) else float(value))


def sensitivities_table(points: SweepPoints, metrics: Sequence[str]) -> Table:
    """Show how much each axis moves each metric, the most first."""
    rows: list[list[TableCell | str]] = []
    for metric in metrics:
        found = sorted(sensitivities(points, metric), key=lambda one: -(one.span or 0))
        rows += [_sensitivity_row(metric, one) for one in found]
    heads = ("axis", "metric", "span", "least at", "most at", "pairs")
    caption = "Span: the largest mean over the smallest; pairs: how many points were held against the ringed value's"
    return table_of(heads, rows, caption=caption, is_sortable=True)


def _sensitivity_row(metric: str, one: Sensitivity) -> list[TableCell | str]:
    pairs = sum(one.pairs) - one.pairs[one.reference]
    span = TableCell("not comparable", 0.0) if one.span is None else TableCell(f"{one.span:.4g}", one.span)
    known = [(ratio, at) for at, ratio in enumerate(one.ratios) if ratio is not None]
    ends = [one.label(end(known)[1]) if known else "" for end in (min, max)]
    return [one.name, SHORT[metric], span, *ends, count_cell(pairs)]
