"""What people see of a calibration: costs with their intervals, and what the fit leaves."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from sim.chips.parts.calibration import Calibration


def show_calibration(found: Calibration, console: Console) -> None:
    """Print costs with their intervals, then what is left of each layer and of each part."""
    costs = Table(title=found.title, title_justify="left", box=None, pad_edge=False)
    for head in ("cost", "pJ", f"+- ({found.confidence:.0%})", "of"):
        costs.add_column(head, justify="left" if head in ("cost", "of") else "right")
    for cost in found.costs:
        half = "at its bound" if cost.half_interval_pj is None else f"{cost.half_interval_pj:.3g}"
        costs.add_row(cost.name, f"{cost.value_pj:.4g}", half, cost.meaning)
    left = Table(title="\nwhat the fit leaves", title_justify="left", box=None, pad_edge=False)
    for head in ("layer", "part", "published uJ", "fitted uJ", "%", "points of the layer"):
        left.add_column(head, justify="left" if head in ("layer", "part") else "right")
    for one in found.residuals:
        energies = f"{one.published_pj * 1e-6:.1f}", f"{one.fitted_pj * 1e-6:.1f}"
        left.add_row(one.layer, one.part, *energies, f"{one.percent:+.1f}", f"{one.points:+.2f}")
    console.print(costs, left)
    console.print(f"leakage {found.leakage_power_w * 1e3:.2f} mW, {found.leakage_source}")
