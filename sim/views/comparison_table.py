"""What people see of a comparison of two models: where they differ, most energy first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.figures import DRAM, PROCESSING_CYCLES, SYSTEM, TOTAL_CYCLES
from sim.studies.comparison import ENERGIES, Comparison, Difference, LayerComparison
from sim.views.console import make_table, plain

_MEASURED = {figure.column: figure for figure in (PROCESSING_CYCLES, TOTAL_CYCLES, DRAM)}
_TABLE_I = "Asilomar 2017, Table I: AlexNet -2.5 %, GoogLeNet -2.6 %"


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Print a title, the layers with the largest differences first, and the summary."""
    about = comparison.analytic.provenance
    title = f"[bold]{plain(about['workload'])}[/bold] on {plain(about['arch'])}"
    notes = f"analytic ({about['options']['code']}) against cycle model, cost table {plain(about['cost_table'])}"
    console.print(Group(f"{title}, {notes}", comparison_table(comparison), "", *comparison_summary(comparison)))


def comparison_table(comparison: Comparison) -> Table:
    """Make the table: what the cycle model counts and, in per cent, how much more the analytic model has."""
    costs = comparison.cycle.layers[0].energy.unit
    unit = SYSTEM.shown_unit(costs)
    table = make_table()
    table.add_column("layer", no_wrap=True)
    energies = [f"{name}\n%" for name in ENERGIES[1:]]
    measures = [head for figure in _MEASURED.values() for head in (figure.title(costs), "\n%")] + ["words"]
    for head in (f"energy\n{unit}", f"analytic\n{unit}", "\n%", *energies, *measures):
        table.add_column(head, justify="right", no_wrap=True)
    for layer in comparison.largest_first:
        table.add_row(plain(layer.name), *_cells(layer.quantities), _verdict([layer]))
    table.add_section()
    table.add_row("total", *_cells(comparison.total), _verdict(comparison.layers), style="bold")
    return table


def _cells(quantities: dict[str, Difference]) -> list[str]:
    system = quantities["system"]
    cells = [SYSTEM.text(system.cycle), SYSTEM.text(system.analytic)]
    cells += [difference_text(quantities[name]) for name in ENERGIES]
    for name, figure in _MEASURED.items():
        cells += [figure.text(quantities[name].cycle), difference_text(quantities[name])]
    return cells


def _verdict(layers: Sequence[LayerComparison]) -> str:
    unequal = sum(len(layer.unequal) for layer in layers)
    return f"{unequal} differ" if unequal else "equal"


def difference_text(difference: Difference) -> str:
    """Write a difference in per cent; what rounds to nothing has no sign."""
    if difference.percent is None:
        return "new"
    text = f"{difference.percent:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text


def comparison_summary(comparison: Comparison) -> list[str]:
    """Return the lines below the table: counts that should be equal, and the total as Table I has it."""
    lines = [f"unequal: {plain(layer)}: {count}" for layer, count in comparison.unequal]
    system, unit = comparison.total["system"], comparison.cycle.layers[0].energy.unit
    lines.append(
        f"simulation {system.cycle:.2e} {unit}, analytical {system.analytic:.2e} {unit}, "
        f"difference {difference_text(system)} % ({_TABLE_I})"
    )
    if not comparison.cycle.complete:
        lines.append(f"interrupted: the figures above are of the {len(comparison.layers)} layers that were finished")
    return lines
