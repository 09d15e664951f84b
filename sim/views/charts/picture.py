"""Charts as picture files: the same data give the same bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError
from sim.files.text import shown_path
from sim.views.charts.parts import require_matplotlib

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


def render(draw_on: Callable[[Figure], None], *, suffix: str, size: tuple[float, float]) -> bytes:
    """Return a picture file, of width and height in inches; it has no date, and the user's style is left alone."""
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
