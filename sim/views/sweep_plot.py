"""A stored sweep drawn, finished or not, as one page or as one chart: which chart, of what, and if that can be."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError, did_you_mean, listed, quoted
from sim.files.text import shown_path
from sim.studies.sweeps.store.stored import StoredSweep
from sim.views.charts.parts import require_matplotlib
from sim.views.charts.sweeps.heat_map import choose_axes, draw_heat_maps
from sim.views.charts.sweeps.layer_bars import draw_layers
from sim.views.charts.sweeps.metrics import METRICS
from sim.views.charts.sweeps.pareto import draw_pareto
from sim.views.charts.sweeps.points import MOST_PANELS, SweepPoint, SweepPoints, panel_title, read_points
from sim.views.charts.sweeps.sensitivity import draw_sensitivities
from sim.views.pages.sweep_page import PlotChoices, sweep_page

_REPORT = ".html"
_SUFFIXES = (_REPORT, ".svg", ".png")
_FRONT = ("delay", "energy")
_SENSITIVE = ("energy", "delay", "area")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotOptions:
    """What is to be drawn of a store: `kind` of a single chart, metrics, axes, a point, and conditions `where`."""

    store: str
    output: str | None = None
    kind: str | None = None
    front: str | None = None
    metric: str | None = None
    x: str | None = None
    y: str | None = None
    point: int | None = None
    where: tuple[str, ...] = ()


def plot_store(options: PlotOptions, target: Path) -> tuple[str | bytes, str]:
    """Draw a store; give the file's content and how far the sweep is. Raises InputError before anything is drawn."""
    stored = StoredSweep(options.store)
    points = read_points(stored, options.where)
    choices = _choices(options, points)
    if target.suffix.lower() == _REPORT:
        return sweep_page(stored, points, choices), points.status()
    return _chart(options.kind or "pareto", stored, points, choices, suffix=target.suffix), points.status()


def plot_target(options: PlotOptions) -> Path:
    """Return the file to write, by default beside the store; a report has every kind of chart."""
    name = str(Path(options.store).with_suffix(_REPORT)) if options.output is None else options.output
    target = Path(name)
    if target.suffix.lower() not in _SUFFIXES:
        allowed = "give a name that ends in .html, .svg or .png"
        raise InputError.located(shown_path(name), wrong="is neither a page nor a picture", allowed=allowed)
    require_matplotlib("sweep plot")
    if options.kind is not None and target.suffix.lower() == _REPORT:
        wrong = f"{shown_path(name)} is a report, which has every kind of chart"
        raise InputError.located("--kind", wrong=wrong, allowed="leave --kind out, or give --output a .svg or .png")
    if os.path.realpath(name) == os.path.realpath(options.store):
        raise InputError.located(shown_path(name), wrong="is the store itself", allowed="name another file")
    return target


def _choices(options: PlotOptions, points: SweepPoints) -> PlotChoices:
    metrics = _metrics(options.front)
    if metrics and len(metrics) not in (2, 3):
        raise InputError.located("--front", wrong=f"{len(metrics)} metrics", allowed="two, or three with a colour")
    first = [point for point in points.done if point.kind == points.done[0].kind]
    return PlotChoices(
        front=metrics or _FRONT,
        metric=options.metric or points.objective,
        sensitivities=(options.metric,) if options.metric else _SENSITIVE,
        x=options.x,
        y=options.y,
        point=points.best(first) if options.point is None else _point(options.point, points),
    )


def _metrics(text: str | None) -> tuple[str, ...]:
    """Read names of metrics between commas."""
    names = tuple(name.strip() for name in text.split(",")) if text is not None else ()
    for at, name in enumerate(names):
        if name not in METRICS:
            raise InputError.located("--front", wrong=f"no metric {quoted(name)}", allowed=did_you_mean(name, METRICS))
        if name in names[:at]:
            raise InputError.located("--front", wrong=f"{name} stands twice", allowed="name every metric once")
    return names


def _point(number: int, points: SweepPoints) -> SweepPoint:
    for point in points.done:
        if point.number == number:
            return point
    for point in points.impossible:
        if point.number == number:
            raise InputError.located("--point", wrong=f"point {number} is impossible", allowed=point.reason)
    known = listed(str(point.number) for point in points.done)
    raise InputError.located("--point", wrong=f"no point {number}", allowed=f"there are: {known}")


def _chart(kind: str, stored: StoredSweep, points: SweepPoints, choices: PlotChoices, *, suffix: str) -> bytes:
    """Draw one chart."""
    if kind == "layers":
        return draw_layers(points, choices.point, stored.layers(choices.point.number), suffix=suffix)
    if kind == "sensitivity":
        if not points.design_axes():
            allowed = "choose another kind"
            raise InputError.located("--kind", wrong="this sweep has no parameter of two values", allowed=allowed)
        return draw_sensitivities(points, choices.sensitivities, suffix=suffix)
    if kind == "heat":
        x, y = choose_axes(points, choices.metric, choices.x, choices.y)
        _check_panels(points, [axis.path for axis in (x, y) if axis])
        return draw_heat_maps(points, choices.metric, x, y, suffix=suffix)
    _check_panels(points, [])
    return draw_pareto(points, choices.front, suffix=suffix, has_legend=True)


def _check_panels(points: SweepPoints, without: list[str]) -> None:
    """Make sure that a chart has room for all networks, batches and cost tables."""
    names = [panel_title(panel) for panel in points.panels(without=without)]
    if len(names) > MOST_PANELS:
        wrong = f"{len(names)} networks, batches and cost tables in one chart: {listed(names)}"
        allowed = f"choose at most {MOST_PANELS}, e.g. --where workload=NAME"
        raise InputError.located("--where", wrong=wrong, allowed=allowed)
