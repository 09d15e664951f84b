"""Energy and DRAM accesses an operation over array size and batch, as in Section VII of the ISCA 2016 paper.

python benchmarks/isca2016.py [--plot FILE.svg|FILE.png] evaluates benchmarks/isca2016.yaml, which says what is varied,
prints a table, and draws the same. An operation is a MAC; its energy is in that of one MAC.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sim import sweep
from sim.errors import InputError
from sim.views.charts.picture import check_plot, render

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPEC = Path(__file__).with_suffix(".yaml")
PUBLISHED_SPLIT = 224  # words of the filter spad; with the two other spads, 512 B a PE
KINDS = {"compute": "#0072b2", "filter": "#e69f00", "ifmap": "#56b4e9", "ofmap": "#009e73"}


def study() -> pd.DataFrame:
    """Evaluate the sweep; give one row for each number of PEs, batch and split of the storage area."""
    rows = sweep(SPEC)
    totals = rows[(rows.layer == "total") & rows.type.isna()].copy()
    totals["pes"] = totals["pe_array.rows"] * totals["pe_array.columns"]
    totals["buffer_kib"] = 4 * (totals["glb.fmap_banks"] + totals["glb.filter_banks"])
    totals["energy_op"] = totals.energy_system_mac / totals.macs
    totals["dram_op"] = totals.dram_words / totals.macs
    for kind in KINDS:
        totals[f"{kind}_op"] = totals[f"energy_{kind}_mac"] / totals.macs
    return totals.rename(columns={"pe.filter_spad.words": "spad"}).sort_values(["pes", "batch", "spad"])


def show(found: pd.DataFrame) -> None:
    """Print the published split and the best one for each number of PEs and batch."""
    print("              512 B of register file a PE           the best split of the same area")
    print(" PEs    N   energy/op   DRAM/op  buffer KiB   energy/op   DRAM/op  filter spad  buffer KiB")
    for (pes, batch), group in found.groupby(["pes", "batch"]):
        plain = group[group.spad == PUBLISHED_SPLIT].iloc[0]
        best = group.loc[group.energy_op.idxmin()]
        print(
            f"{pes:4d} {batch:4d} {plain.energy_op:11.3f} {plain.dram_op:9.5f} {plain.buffer_kib:11.0f}"
            f" {best.energy_op:11.3f} {best.dram_op:9.5f} {best.spad:12.0f} {best.buffer_kib:11.0f}"
        )


def draw(found: pd.DataFrame, figure: Figure) -> None:
    """Draw bars for the published split, and a mark for the best one."""
    plain = found[found.spad == PUBLISHED_SPLIT]
    best = found.loc[found.groupby(["pes", "batch"]).energy_op.idxmin()]
    names = [f"{pes} PEs\nN = {batch}" for pes, batch in zip(plain.pes, plain.batch, strict=True)]
    energy, dram = figure.subplots(1, 2)
    below = [0.0] * len(plain)
    for kind, colour in KINDS.items():
        part = list(plain[f"{kind}_op"])
        energy.bar(names, part, bottom=below, color=colour, width=0.7, label=kind, zorder=2)
        below = [low + more for low, more in zip(below, part, strict=True)]
    energy.set_ylabel("energy per op (energy of one MAC)")
    dram.bar(names, plain.dram_op, color="#999999", width=0.7, label="512 B of register file a PE", zorder=2)
    dram.set_ylabel("DRAM accesses per op (16-bit words)")
    for axes, column in ((energy, "energy_op"), (dram, "dram_op")):
        axes.scatter(names, best[column], marker="D", color="black", s=18, zorder=3, label="split of least energy")
        finish(axes)
    figure.suptitle("AlexNet, CONV layers, row stationary, at equal storage area", x=0.01, ha="left", fontsize=11)


def finish(axes: Axes) -> None:
    """Hand both panels the same look."""
    axes.tick_params(axis="x", length=0, labelsize=7)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.18)  # room for the legend
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper right")


def main() -> int:
    """Read the options, evaluate, print, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--plot", type=Path, metavar="FILE.svg|FILE.png", help="draw the bars (needs matplotlib)")
    options = parser.parse_args()
    try:
        if options.plot is not None:
            check_plot(options.plot)
        found = study()
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    show(found)
    if options.plot is not None:
        picture = render(lambda figure: draw(found, figure), suffix=options.plot.suffix, size=(11.0, 4.2))
        options.plot.write_bytes(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
