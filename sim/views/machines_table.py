"""What people see of one network on several machines: energy, time and DRAM beside the first machine's."""

from __future__ import annotations

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.figures import DRAM, SYSTEM, TOTAL, Figure
from sim.studies.machines import MachineComparison, MachineRun
from sim.views.console import make_table, plain

_SHOWN: dict[str, Figure] = {"system": SYSTEM, "latency": TOTAL, "dram": DRAM}


def show_machines(found: MachineComparison, console: Console) -> None:
    """Print the layers, the largest difference first, the totals, and what a machine can't run."""
    names = [plain(machine.name) for machine in found.machines]
    title = f"[bold]{plain(found.workload)}[/bold], batch {found.batch}: {' against '.join(names)}"
    console.print(Group(title, machines_table(found), "", *_notes(found)))


def machines_table(found: MachineComparison) -> Table:
    """Make the table: each machine's figures, and behind the first's how many times these the others' are."""
    table = make_table()
    table.add_column("layer", no_wrap=True)
    for number, machine in enumerate(found.machines):
        for figure in _SHOWN.values():
            unit = figure.shown_unit(found.unit)
            table.add_column(
                f"{plain(machine.name) if figure is SYSTEM else ''}\n{figure.head}\n{unit}", justify="right"
            )
            if number:
                table.add_column("\n\ntimes", justify="right", style="dim")
    for layer in found.largest_first():
        table.add_row(plain(layer), *_cells(found, [machine.figures(layer) for machine in found.machines]))
    if found.common():
        table.add_section()
        table.add_row("total", *_cells(found, [found.total(machine) for machine in found.machines]), style="bold")
    return table


def _cells(found: MachineComparison, figures: list[dict[str, float] | None]) -> list[str]:
    cells = []
    for number, own in enumerate(figures):
        for name, figure in _SHOWN.items():
            cells.append("-" if own is None else figure.text(own[name]))
            if number:
                base = figures[0]
                cells.append("" if own is None or base is None or not base[name] else f"{own[name] / base[name]:.2f}")
    return cells


def _notes(found: MachineComparison) -> list[str]:
    common = len(found.common())
    lines = [line for machine in found.machines for line in _refusals(machine)]
    if common < len(found.layers):
        did = "runs" if found.complete else "finished"
        lines.append(f"totals are of the {common} layers that every machine {did}, of {len(found.layers)}")
    if not found.complete:
        each = ", ".join(f"{plain(one.name)} {one.finished} of {one.planned}" for one in found.machines)
        lines.append(f"interrupted: the figures above are of the layers that were finished: {each}")
    return lines


def _refusals(machine: MachineRun) -> list[str]:
    return [f"{plain(machine.name)} can't run {plain(reason)}" for reason in machine.refused.values()]
