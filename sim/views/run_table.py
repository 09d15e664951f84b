"""What people see of a run: a table of layers and a summary."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.figures import DRAM, KINDS, OF_THE_RUN
from sim.ledger.results import Energy, LayerResult, NetworkResult, add_energies
from sim.views.console import POINT_OPTIONS, energy_unit, mapping_head, mapping_text, operating_point_text, plain


def layer_table(layers: Sequence[LayerResult]) -> Table:
    """Make the table of layers; at least one."""
    unit = layers[0].energy.unit
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("layer", no_wrap=True)
    table.add_column(mapping_head(layers[0].mapping), no_wrap=True)
    for figure in OF_THE_RUN:
        table.add_column(figure.title(unit), justify="right", no_wrap=True)
    for layer in layers:
        name = plain(layer.name) + (" *" if layer.folded else "")
        table.add_row(name, mapping_text(layer), *(figure.cell(layer) for figure in OF_THE_RUN))
    return table


def run_summary(result: NetworkResult, *, status: str) -> list[str]:
    """Return the lines below the table."""
    total = result.totals()
    energy = add_energies([layer.energy for layer in result.layers])
    macs = total["macs"]
    dram_bits = sum(map(DRAM.value, result.layers))
    lines = [f"* {plain(layer.name)} folded: {'; '.join(layer.folded)}" for layer in result.layers if layer.folded]
    lines += [
        f"batch {result.batch}: {macs / 1e6:.1f} M MACs, {100 * total['macs_performed'] / macs:.1f} % performed; "
        f"processing {total['processing_latency_s'] * 1e3:.2f} ms, total {total['total_latency_s'] * 1e3:.2f} ms, "
        f"{total['fps']:.2f} frames/s",
        f"DRAM {dram_bits / 8e6:.2f} MB, {dram_bits / 16 / macs:.4f} accesses/MAC",
        _energy_line(energy, total["power_w"]),
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
    unit = energy_unit(energy.unit)
    parts = {figure.head: float(getattr(energy, figure.key)) for figure in KINDS}
    shares = ", ".join(f"{name} {100 * part / energy.system:.1f} %" for name, part in parts.items() if part)
    power = "" if power_w is None else f", {power_w * 1e3:.0f} mW"
    return f"chip {energy.chip / 1e6:.1f} {unit}{power}; with DRAM {energy.system / 1e6:.1f} {unit}: {shares}"


def show_run(result: NetworkResult, console: Console, *, status: str) -> None:
    """Print table and summary."""
    provenance = result.provenance
    title = f"[bold]{plain(provenance['workload'])}[/bold] on {plain(provenance['arch'])}"
    notes = f"{provenance['model']} model, cost table {plain(provenance['cost_table'])}"
    if result.operating_point and POINT_OPTIONS & provenance["options"].keys():
        notes += f", {operating_point_text(result.operating_point)}"
    console.print(Group(f"{title}, {notes}", layer_table(result.layers), "", *run_summary(result, status=status)))
