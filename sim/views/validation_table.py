"""What people see of a validation: every cell beside ours, the columns, the totals, and the broken bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console, Group
from rich.table import Table

from sim.chips.published import TOTAL, Bound
from sim.ledger.energy import CostTable
from sim.studies.validation import Broken, Cell, NetworkValidation, Validation
from sim.views.console import make_table, plain

_DIGITS = {"power": (1, 0), "active_pes": (0, 0), "chip_energy": (2, 2)}  # ours and published; otherwise 2 and 1
_TOTAL_DIGITS = _DIGITS | {"active_pes": (1, 0), "frame_rate": (3, 3)}
_WIDEST = 10_000  # columns of a console that every table fits in
_LEGEND = (
    "chip: as published, its energy being power x total latency; %: ours against it; < 6: the bound of a cell; "
    "!: outside it"
)


def show_validation(validation: Validation, console: Console, *, machine: str, table: CostTable) -> None:
    """Print the tables of each network, the columns of both, and what is broken."""
    parts: list[Table | Group | str] = [
        f"[bold]cycle model[/bold] on {plain(machine)}, cost table {plain(table.name)}, "
        f"against the measured chip ({validation.networks[0].published.source})"
    ]
    if table.status == "provisional":
        parts.append(f"note: cost table {plain(table.name)} is provisional, not yet calibrated")
    for network in validation.networks:
        parts += ["", f"[bold]{network.network.title}[/bold], batch {network.network.batch}"]
        parts += _fitting_tables(network, console)
    parts += ["", _LEGEND]
    parts += ["", column_table(validation), "", total_table(validation), "", broken_list(validation)]
    console.print(Group(*parts))


def _fitting_tables(network: NetworkValidation, console: Console) -> list[Table]:
    """Put as many columns side by side as the console has room for."""
    tables: list[Table] = []
    unbounded = console.options.update(width=_WIDEST)
    columns = network.published.columns
    for parts in range(1, len(columns) + 1):
        size = -(-len(columns) // parts)
        tables = [cell_table(network, columns[at : at + size]) for at in range(0, len(columns), size)]
        if all(console.measure(table, options=unbounded).maximum <= console.width for table in tables):
            break
    return tables


def cell_table(network: NetworkValidation, quantities: Sequence[str]) -> Table:
    """Make a network's table: for each quantity ours, the chip's, and the deviation with its verdict."""
    table = _table("layer")
    first = {cell.quantity: cell for cell in network.cells}
    for quantity in quantities:
        kind, _, what = network.published.names[quantity].partition(" ")
        heads = f"{kind}\n{what}\n{first[quantity].unit}", "\n\nchip", f"\n{_rule(first[quantity].bound)}  \n%  "
        for head, style in zip(heads, (None, "dim", None), strict=True):
            table.add_column(head, justify="right", no_wrap=True, style=style)
    cells = {(cell.layer, cell.quantity): cell for cell in network.cells + network.totals}
    for layer in dict.fromkeys(cell.layer for cell in network.cells):
        table.add_row(layer, *_texts([cells[layer, quantity] for quantity in quantities], _DIGITS))
    table.add_section()
    table.add_row(TOTAL, *_texts([cells[TOTAL, quantity] for quantity in quantities], _TOTAL_DIGITS), style="bold")
    return table


def _rule(bound: Bound | None) -> str:
    """Write what the cells of a column must be, above them."""
    if bound is None:
        return ""
    return "exact" if bound.limit == 0 else f"< {bound}"


def _texts(cells: Iterable[Cell], digits: dict[str, tuple[int, int]]) -> list[str]:
    texts = []
    for cell in cells:
        ours, published = digits.get(cell.quantity, (2, 1))
        texts += [f"{cell.ours:.{ours}f}", f"{cell.published:.{published}f}", _marked(cell)]
    return texts


def _marked(cell: Cell) -> str:
    mark = "[red] ![/red]" if cell.inside is False else "  "
    return signed(cell.deviation_pct) + mark


def signed(value: float) -> str:
    """Write a deviation; what rounds to nothing has no sign."""
    text = f"{value:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text


def column_table(validation: Validation) -> Table:
    """Make the table of columns: mean and worst magnitude of the deviations over the layers, and their bounds."""
    table = _table("deviation by column, %")
    for head in ("mean", "under", "worst", "under", "layer", ""):
        table.add_column(head, justify="left" if head in ("layer", "") else "right", no_wrap=True)
    for network in validation.networks:
        for column in network.columns:
            table.add_row(
                f"{network.network.title} {network.published.names[column.quantity]}",
                f"{column.mean:.2f}",
                _limit(column.mean_bound),
                f"{column.worst:.2f}",
                _limit(column.worst_bound),
                column.worst_layer if column.worst else "",
                _verdict(column.inside),
            )
        table.add_section()
    return table


def total_table(validation: Validation) -> Table:
    """Make the table of what is bounded besides: totals in per cent, compression ratios in plain difference."""
    table = _table("totals and DRAM compression")
    for head in ("ours", "chip", "off by", "under", ""):
        table.add_column(head, justify="left" if not head else "right", no_wrap=True)
    for network in validation.networks:
        for cell in (*network.totals, *network.ratios):
            if cell.bound is None:
                continue
            ratio, named = cell in network.ratios, network.published.names[cell.quantity]
            digits = (3, 1) if ratio else _TOTAL_DIGITS[cell.quantity]
            name = f"{named} {cell.layer if ratio else _bare(cell.unit, named)}"
            unit = "  " if ratio else " %"
            table.add_row(
                f"{network.network.title} {name.strip()}",
                f"{cell.ours:.{digits[0]}f}",
                f"{cell.published:.{digits[1]}f}",
                signed(cell.deviation) + unit,
                _limit(cell.bound) + unit,
                _verdict(cell.inside),
            )
        table.add_section()
    return table


def _bare(unit: str, name: str) -> str:
    """Return a unit that its name does not say already."""
    return "" if unit in name else unit


def broken_list(validation: Validation) -> Group:
    """State how many bounds are broken, and list them in a line for each network and column that has some."""
    broken = validation.broken
    if not broken:
        return Group(f"[green]all {validation.bounds} bounds hold[/green]")
    lines = Table.grid(padding=(0, 2, 0, 0))
    for place, group in groupby(broken, key=lambda one: one.name.rpartition("/")[0]):
        by_bound = [list(alike) for _, alike in groupby(group, key=lambda one: one.bound)]
        lines.add_row(f"  {place}", "; ".join(map(_broken_text, by_bound)))
    return Group(f"[red]{len(broken)} of {validation.bounds} bounds are broken[/red]", lines)


def _broken_text(alike: Sequence[Broken]) -> str:
    """Name what breaks one bound."""
    bound = alike[0].bound
    unit = " %" if bound.unit == "%" else ""
    found = [(one.name.rpartition("/")[2], one.deviation) for one in alike]
    texts = [f"{which} {f'{size:.2f}' if which == 'mean' else signed(size)}" for which, size in found]
    return f"{', '.join(texts)} ({_rule(bound)}{'' if bound.limit == 0 else unit})"


def _limit(bound: Bound | None) -> str:
    return "-" if bound is None else str(bound)


def _verdict(inside: bool | None) -> str:
    return {None: "", True: "inside", False: "[red]outside[/red]"}[inside]


def _table(first: str) -> Table:
    table = make_table()
    table.add_column(first, no_wrap=True)
    return table
