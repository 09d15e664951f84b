"""A validation as a Markdown table: a row a column of the published tables, networks side by side; bold is broken."""

from __future__ import annotations

from sim.chips.published import Bound
from sim.studies.validation import Cell, Column, NetworkValidation, Validation

_EXACT = 5e-3  # per cent: what is shown as 0.0


def validation_markdown(validation: Validation) -> str:
    """Write the table: mean / worst magnitude of the layers' deviations in %, then totals, each with its bounds."""
    networks = validation.networks
    heads = [cell for network in networks for cell in (network.network.title, "bound")]
    lines = [_row("deviation in %", *heads), _row("---", *("---" for _ in heads))]
    names = networks[0].published.names
    for quantity in networks[0].published.columns:
        cells = [cell for network in networks for cell in _column_cells(network, quantity)]
        lines.append(_row(names[quantity], *cells))
    totals = dict.fromkeys(cell.quantity for network in networks for cell in network.totals if cell.bound)
    for quantity in totals:
        cells = [cell for network in networks for cell in _total_cells(network, quantity)]
        lines.append(_row(f"{names[quantity]} in total", *cells))
    broken = len(validation.broken)
    lines += ["", f"{broken} of {validation.bounds} bounds are broken." if broken else "All bounds hold."]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _column_cells(network: NetworkValidation, quantity: str) -> tuple[str, str]:
    column = next(one for one in network.columns if one.quantity == quantity)
    if column.worst < _EXACT and (column.worst_bound is None or column.worst_bound.limit == 0):
        return "exact", "exact" if column.worst_bound else "-"
    return _deviations(column), f"{_limit(column.mean_bound)} / {_limit(column.worst_bound)}"


def _deviations(column: Column) -> str:
    return f"{_marked(column.mean, column.mean_bound)} / {_marked(column.worst, column.worst_bound)}"


def _marked(value: float, bound: Bound | None) -> str:
    text = f"{value:.1f}"
    return f"**{text}**" if bound is not None and not bound.holds(value) else text


def _limit(bound: Bound | None) -> str:
    return "-" if bound is None else str(bound)


def _total_cells(network: NetworkValidation, quantity: str) -> tuple[str, str]:
    cell: Cell | None = next((one for one in network.totals if one.quantity == quantity), None)
    if cell is None:
        return "", ""
    text = f"{cell.deviation:+.1f}"
    return f"**{text}**" if cell.inside is False else text, _limit(cell.bound)
