"""Charts of estimates: stacked bars by kind of data, as in Fig. 6 of the methodology's paper (Asilomar 2017)."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, printable
from sim.estimation import Estimate, scale_for, summary
from sim.text_source import shown_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SUFFIXES = (".svg", ".png")
_KINDS = {  # from the bottom; colours that colour-blind readers can tell apart
    "computation": "#0072b2",
    "weight": "#e69f00",
    "ifmap": "#56b4e9",
    "ofmap": "#009e73",
    "static": "#999999",
}
_LEVEL_CHARACTERS = 80  # longer lines of names are turned upright
_MOST_NAMES = 200  # of more layers, some bars go without a name
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
    try:
        import matplotlib.figure  # noqa: F401 - an extra
    except ImportError as error:
        raise InputError.located(
            "--plot", wrong="charts need matplotlib", allowed="install it with pip install 'sim[plot]'"
        ) from error


def draw(estimate: Estimate, *, suffix: str, title: str) -> bytes:
    """Draw the chart of an estimate as a picture file; the same estimate gives the same bytes."""
    return render(lambda figure: _draw_bars(figure.subplots(), estimate, title), suffix=suffix, size=_size(estimate))


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


def _are_upright(estimate: Estimate) -> bool:
    """Tell whether the layers' names are too many or too long to stand side by side."""
    names = [layer.name for layer in estimate.layers]
    return max(map(len, names)) * len(names) > _LEVEL_CHARACTERS


def _size(estimate: Estimate) -> tuple[float, float]:
    """Give width and height in inches: room for every name, up to what a picture file can hold."""
    width = 1.4 + 0.19 * min(len(estimate.layers), _MOST_NAMES)
    return max(6.4, width), 4.8 if _are_upright(estimate) else 4.2


def _draw_bars(axes: Axes, estimate: Estimate, title: str) -> None:
    scale = scale_for(estimate.unit, estimate.largest, below=1000)
    places = range(len(estimate.layers))
    bottom = [0.0] * len(places)
    for kind, colour in _KINDS.items():
        energies = [getattr(layer, kind) / scale.factor for layer in estimate.layers]
        if any(energies) or kind != "static":
            axes.bar(places, energies, bottom=bottom, width=0.75, color=colour, label=kind, zorder=2)
        bottom = [below + energy for below, energy in zip(bottom, energies, strict=True)]
    _write_labels(axes, estimate, title)
    axes.set_ylabel(f"energy per image ({scale.name})")


def _write_labels(axes: Axes, estimate: Estimate, title: str) -> None:
    names, upright = [_plain(layer.name, most=40) for layer in estimate.layers], _are_upright(estimate)
    step = -(-len(names) // _MOST_NAMES)
    axes.set_xticks(range(0, len(names), step), names[::step], rotation=90 if upright else 0)
    axes.tick_params(axis="x", length=0, labelsize=7.5 if upright else 9)
    axes.set_xlim(-0.7, len(names) - 0.3)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"{_plain(title, most=72)}\n{summary(estimate)}", fontsize=10, loc="left")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], frameon=False)  # in the order of the bars, from the top


def _plain(text: str, *, most: int) -> str:
    """Keep a name from being taken for mathematics, breaking a line or filling the picture."""
    shown = text if len(text) <= most else f"{text[: most - 3]}..."
    return printable(shown).replace("$", r"\$")
