"""What charts share: names as they stand, colours that colour-blind readers can tell apart, stacked bars."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sim.errors import InputError, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, SKY, GREEN, GREY = "#0072b2", "#e69f00", "#56b4e9", "#009e73", "#999999"
VERMILION, PURPLE, YELLOW = "#d55e00", "#cc79a7", "#f0e442"
KIND_COLOURS: Dict[str, tuple[str, str]] = MappingProxyType(  # from the bottom: what a kind is called, and its colour
    {
        "compute": ("computation", BLUE),
        "filter": ("weight", ORANGE),
        "ifmap": ("ifmap", SKY),
        "ofmap": ("ofmap", GREEN),
        "static": ("static", GREY),
    }
)
_LEVEL_CHARACTERS = 80  # longer lines of names are turned upright
_MOST_NAMES = 200  # of more bars, some go without a name


@dataclass(frozen=True, slots=True)
class BarPart:
    """One part of all bars: its name, its colour, a value for each bar."""

    name: str
    colour: str
    values: Sequence[float]


def require_matplotlib(option: str) -> None:
    """Make sure that charts can be drawn; raise InputError, which names the option that asks for them."""
    try:
        import matplotlib.figure  # noqa: F401 - an extra
    except ImportError as error:
        allowed = "install it with pip install 'sim[plot]'"
        raise InputError.located(option, wrong="charts need matplotlib", allowed=allowed) from error


def label_text(text: str, *, most: int = 40) -> str:
    """Keep a name from being taken for mathematics, breaking a line or filling the picture."""
    shown = text if len(text) <= most else f"{text[: most - 3]}..."
    return printable(shown).replace("$", r"\$")


def bars_size(names: Sequence[str], *, height: float = 3.6) -> tuple[float, float]:
    """Return a picture's width and height in inches: room for every name, up to what a file can hold."""
    return max(6.4, 1.4 + 0.19 * min(len(names), _MOST_NAMES)), height + (0.8 if _are_upright(names) else 0.0)


def draw_bars(axes: Axes, names: Sequence[str], parts: Sequence[BarPart], *, ylabel: str) -> None:
    """Draw a bar of stacked parts for each name; parts that are nothing in all of them are left out."""
    bottom = [0.0] * len(names)
    for part in parts:
        if any(part.values):
            axes.bar(
                range(len(names)), part.values, bottom=bottom, width=0.75, color=part.colour, label=part.name, zorder=2
            )
            bottom = [below + value for below, value in zip(bottom, part.values, strict=True)]
    upright, step = _are_upright(names), -(-len(names) // _MOST_NAMES)
    shown = [label_text(name) for name in names]
    axes.set_xticks(range(0, len(names), step), shown[::step], rotation=90 if upright else 0)
    axes.tick_params(axis="x", length=0, labelsize=7.5 if upright else 9)
    axes.set_xlim(-0.7, len(names) - 0.3)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_ylabel(ylabel)
    handles, labels = axes.get_legend_handles_labels()
    if handles:  # in the order of the bars, from the top, beside them
        axes.legend(handles[::-1], labels[::-1], frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _are_upright(names: Sequence[str]) -> bool:
    """Return whether names are too many or too long to stand side by side."""
    return max(map(len, names), default=0) * len(names) > _LEVEL_CHARACTERS
