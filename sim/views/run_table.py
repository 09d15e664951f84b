"""What people see of a run: a table of layers and a summary."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.figures import (
    CHIP,
    DRAM,
    DRAM_PER_MAC,
    FPS,
    KINDS,
    LIVE,
    MACS,
    OF_THE_RUN,
    POWER,
    PROCESSING,
    SYSTEM,
    TOTAL,
)
from sim.ledger.results import Energy, LayerResult, NetworkResult, add_energies
from sim.views.console import POINT_OPTIONS, make_table, mapping_head, mapping_text, operating_point_text, plain


def layer_table(layers: Sequence[LayerResult]) -> Table:
    """Make the table of layers; at least one."""
    unit = layers[0].energy.unit
    table = make_table()
    table.add_column("layer", no_wrap=True)
    table.add_column(mapping_head(layers[0].mapping), no_wrap=True)
    for figure in OF_THE_RUN:
        table.add_column(figure.title(unit), justify="right", no_wrap=True)
    for layer in layers:
        name = plain(layer.name) + (" *" if layer.folded else "")
        table.add_row(name, mapping_text(layer.mapping), *(figure.cell(layer) for figure in OF_THE_RUN))
    return table


def run_summary(result: NetworkResult, *, status: str) -> list[str]:
    """Return the lines below the table."""
    energy = add_energies([layer.energy for layer in result.layers])
    lines = [f"* {plain(layer.name)} folded: {'; '.join(layer.folded)}" for layer in result.layers if layer.folded]
    lines += [
        f"batch {result.batch}: {MACS.whole_text(result)} MACs, {LIVE.text(LIVE.whole(result), digits=1)} % performed; "
        f"processing {PROCESSING.whole_text(result)}, total {TOTAL.whole_text(result)}, {FPS.whole_text(result)}",
        f"DRAM {DRAM.whole_text(result)}, {DRAM_PER_MAC.whole_text(result)} accesses/MAC",
        _energy_line(energy, POWER.whole(result)),
        *_check_line(result.layers),
    ]
    if status == "provisional":
        cost_table = plain(result.provenance["cost_table"])
        lines.append(f"note: cost table {cost_table} is provisional, not yet calibrated")
    if not result.complete:
        lines.append(f"interrupted: the figures above are of the {len(result.layers)} layers that were finished")
    return lines


def _check_line(layers: Sequence[LayerResult]) -> list[str]:
    """State how many ofmap values were computed and checked; nothing where none were."""
    checked = [layer.run.checked for layer in layers if layer.run.checked is not None]
    if not checked:
        return []
    overflows = sum(layer.overflows for layer in checked)
    wrapped = f", {overflows} psums beyond their width" if overflows else ""
    return [f"ofmaps checked: {sum(layer.values for layer in checked)} values equal{wrapped}"]


def _energy_line(energy: Energy, power_w: float | None) -> str:
    unit = SYSTEM.shown_unit(energy.unit)
    parts = {figure.head: float(getattr(energy, figure.key)) for figure in KINDS}
    shares = ", ".join(f"{name} {100 * part / energy.system:.1f} %" for name, part in parts.items() if part)
    power = "" if power_w is None else f", {POWER.text(power_w)} {POWER.shown}"
    return f"chip {CHIP.text(energy.chip)} {unit}{power}; with DRAM {SYSTEM.text(energy.system)} {unit}: {shares}"


def show_run(result: NetworkResult, console: Console, *, status: str) -> None:
    """Print table and summary."""
    provenance = result.provenance
    title = f"[bold]{plain(provenance['workload'])}[/bold] on {plain(provenance['arch'])}"
    notes = f"{provenance['model']} model, cost table {plain(provenance['cost_table'])}"
    if result.operating_point and POINT_OPTIONS & provenance["options"].keys():
        notes += f", {operating_point_text(result.operating_point)}"
    console.print(Group(f"{title}, {notes}", layer_table(result.layers), "", *run_summary(result, status=status)))
