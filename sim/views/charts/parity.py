"""Parity charts of a validation: ours over published, a panel a column of the published tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING

from sim.errors import printable
from sim.studies.validation import Cell, NetworkValidation, Validation
from sim.views.charts.parts import BLUE, GREEN, PURPLE, VERMILION
from sim.views.charts.picture import render

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png", ".pdf")
_STYLES = (("o", BLUE), ("s", VERMILION), ("^", GREEN), ("D", PURPLE))  # markers and colours that all can tell apart
_PANELS_ACROSS = 4
_WIDE = 8.0  # a column that spans more than this factor has logarithmic axes
_ROOM = 0.06  # beside the outermost points, as a share of the span
_MB_IN_MIB = 2**20 / 10**6


def draw_parity(validation: Validation, *, suffix: str, title: str) -> bytes:
    """Draw the parity chart as a picture file; the same validation gives the same bytes."""
    return render(lambda figure: _draw(figure, validation, title), suffix=suffix, size=(12.8, 6.8))


def _draw(figure: Figure, validation: Validation, title: str) -> None:
    columns = validation.networks[0].published.columns
    *panels, legend = figure.subplots(-(-(len(columns) + 1) // _PANELS_ACROSS), _PANELS_ACROSS).flat
    for axes in panels[len(columns) :]:
        axes.axis("off")
    for axes, quantity in zip(panels, columns, strict=False):
        _draw_panel(axes, quantity, validation.networks)
    handles, labels = panels[len(columns) - 1].get_legend_handles_labels()
    legend.axis("off")
    legend.legend(handles, labels, loc="center", frameon=False)
    figure.suptitle(printable(title).replace("$", r"\$"), fontsize=11, x=0.01, ha="left")


def _draw_panel(axes: Axes, quantity: str, networks: Sequence[NetworkValidation]) -> None:
    found = [[_in_mb(cell) for cell in network.cells if cell.quantity == quantity] for network in networks]
    values = [value for cells in found for cell in cells for value in (cell.ours, cell.published)]
    low, high = _limits(axes, min(values), max(values))
    for network, cells, style in zip(networks, found, cycle(_STYLES), strict=False):
        _draw_network(axes, network, cells, style)
    axes.plot([low, high], [low, high], color="#555555", linewidth=0.8, zorder=1, label="ours = published")
    axes.set(xlim=(low, high), ylim=(low, high), xlabel="published", ylabel="ours")
    name, unit = networks[0].published.names[quantity], found[0][0].unit
    axes.set_title(name if unit in name else f"{name} ({unit})", fontsize=9, loc="left")
    axes.grid(color="#e5e5e5", linewidth=0.5, zorder=0)
    axes.set_box_aspect(1)


def _draw_network(axes: Axes, network: NetworkValidation, cells: Sequence[Cell], style: tuple[str, str]) -> None:
    """Mark a network's cells, over the band of their worst bound from the smallest to the largest of them."""
    marker, colour = style
    title, bound = network.network.title, cells[0].bound
    published = sorted(cell.published for cell in cells)
    share = bound.limit / 100 if bound else 0.0
    ends = (published[0], published[-1])
    below, above = [(1 - share) * end for end in ends], [(1 + share) * end for end in ends]
    axes.fill_between(
        ends, below, above, color=colour, alpha=0.18, linewidth=0, zorder=1, label=f"{title}, bound of a cell"
    )
    axes.scatter(
        [cell.published for cell in cells],
        [cell.ours for cell in cells],
        s=26,
        marker=marker,
        facecolors="none",
        edgecolors=colour,
        linewidths=1.1,
        zorder=3,
        label=title,
    )


def _limits(axes: Axes, low: float, high: float) -> tuple[float, float]:
    """Choose the axes' kind, and give their ends with some room."""
    if low > 0 and high / low > _WIDE:
        axes.set(xscale="log", yscale="log")
        factor = (high / low) ** _ROOM
        return low / factor, high * factor
    room = _ROOM * (high - low or high)
    return low - room, high + room


def _in_mb(cell: Cell) -> Cell:
    """Bring both networks' columns to one unit."""
    if cell.unit != "MiB":
        return cell
    return replace(cell, unit="MB", ours=cell.ours * _MB_IN_MIB, published=cell.published * _MB_IN_MIB)
