"""What people see of a run: a table of layers and a summary."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.counts import Level
from sim.ledger.results import Energy, LayerResult, NetworkResult, add_energies
from sim.views.console import POINT_OPTIONS, energy_unit, mapping_text, operating_point_text, plain

_WORD_BYTES = 2


def layer_table(layers: Sequence[LayerResult]) -> Table:
    """Make the table of layers; at least one."""
    unit = energy_unit(layers[0].energy.unit)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("layer", no_wrap=True)
    table.add_column("m n e p q r t", no_wrap=True)
    for head in (
        "PEs",
        "MACs\nM",
        "live\n%",
        "processing\nms",
        "total\nms",
        "GLB\nMB",
        "DRAM\nMB",
        f"chip\n{unit}",
        f"system\n{unit}",
    ):
        table.add_column(head, justify="right", no_wrap=True)
    for layer in layers:
        table.add_row(*_cells(layer))
    return table


def _cells(layer: LayerResult) -> list[str]:
    run = layer.run
    ledger = run.ledger
    return [
        plain(layer.name) + (" *" if layer.folded else ""),
        mapping_text(layer),
        str(run.active_pes),
        f"{ledger.macs / 1e6:.1f}",
        f"{100 * ledger.macs_performed / ledger.macs:.0f}",
        f"{layer.processing_latency_s * 1e3:.2f}",
        f"{layer.total_latency_s * 1e3:.2f}",
        f"{ledger.bits[Level.GLB].sum() / 8e6:.2f}",
        f"{ledger.dram_bits / 8e6:.2f}",
        f"{layer.energy.chip / 1e6:.1f}",
        f"{layer.energy.system / 1e6:.1f}",
    ]


def run_summary(result: NetworkResult, *, status: str) -> list[str]:
    """Return the lines below the table."""
    total = result.totals()
    energy = add_energies([layer.energy for layer in result.layers])
    macs = total["macs"]
    dram_bits = sum(layer.run.ledger.dram_bits for layer in result.layers)
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
    parts = {
        "compute": energy.compute,
        "ifmap": energy.ifmap,
        "filter": energy.filter,
        "ofmap": energy.ofmap,
        "static": energy.static,
    }
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
