"""Charts of estimates: stacked bars by kind of data, as in Fig. 6 of the methodology's paper (Asilomar 2017)."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.chart_parts import KIND_COLOURS, Part, bars_size, draw_bars, plain, require_matplotlib
from sim.errors import InputError
from sim.estimation import Estimate, scale_for, summary
from sim.text_source import shown_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUFFIXES = (".svg", ".png")
_METADATA: dict[str, dict[str, None]] = {
    ".svg": {"Date": None},
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None},
}


def check_plot(target: Path, *, suffixes: tuple[str, ...] = _SUFFIXES) -> None:
    """Make sure that a chart can be drawn into a file of that name; raise InputError."""
    if target.suffix.lower() not in suffixes:
        names = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        raise InputError.located(
            shown_path(target), wrong="is no picture's name", allowed=f"give a name that ends in {names}"
        )
    require_matplotlib("--plot")


def draw(estimate: Estimate, *, suffix: str, title: str) -> bytes:
    """Draw the chart of an estimate as a picture file; the same estimate gives the same bytes."""
    names = [layer.name for layer in estimate.layers]
    scale = scale_for(estimate.unit, estimate.largest, below=1000)
    parts = [
        Part(name, colour, [getattr(layer, name) / scale.factor for layer in estimate.layers])
        for name, colour in KIND_COLOURS.values()
    ]

    def draw_on(figure: Figure) -> None:
        axes = figure.subplots()
        draw_bars(axes, names, parts, ylabel=f"energy per image ({scale.name})")
        axes.set_title(f"{plain(title, most=72)}\n{summary(estimate)}", fontsize=10, loc="left")

    return render(draw_on, suffix=suffix, size=bars_size(names, height=4.2))


def render(draw_on: Callable[[Figure], None], *, suffix: str, size: tuple[float, float]) -> bytes:
    """Give a picture file, of width and height in inches; it has no date, and the user's style is left alone."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    kind, picture = suffix.lower(), io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a box stands for it
        mpl.rcdefaults()
        mpl.rc("font", family="DejaVu Sans", size=9)
        mpl.rc("svg", fonttype="path", hashsalt="sim")
        figure = Figure(figsize=size, dpi=150, layout="constrained")
        draw_on(figure)
        figure.savefig(picture, format=kind.removeprefix("."), metadata=_METADATA[kind])
    return picture.getvalue()
