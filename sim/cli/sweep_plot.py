"""`sim sweep plot`: draw a stored sweep, finished or not, as one report or as one chart."""

from __future__ import annotations

import argparse

from sim.cli.parser import Commands, one_of, seed

SWEEP_PLOT = "sweep plot"  # a command of two words


def add_sweep_plot(commands: Commands) -> None:
    """Add `sweep plot`."""
    plot = commands.add_parser(
        SWEEP_PLOT,
        help="draw what a sweep has found",
        description="Draw a sweep's store, finished or not, without its spec: an HTML page with every chart and table, "
        "which needs nothing else to be read, or one chart. Figures are per image; networks, batches and cost tables "
        "are not compared.",
    )
    plot.add_argument("store", metavar="STORE", help="the file given to sweep as --store")
    plot.add_argument(
        "--output", metavar="FILE.html|.svg|.png", help="the page, or one chart (default: the store's name with .html)"
    )
    plot.add_argument(
        "--kind",
        type=one_of("pareto", "heat", "layers", "sensitivity"),
        metavar="pareto|heat|layers|sensitivity",
        help="which chart a .svg or .png holds (default: pareto)",
    )
    plot.add_argument(
        "--front",
        metavar="METRIC,METRIC[,METRIC]",
        help="metrics of the Pareto front, the third as colour (default: delay,energy, coloured by area)",
    )
    plot.add_argument(
        "--metric",
        type=one_of("energy", "delay", "edp", "area", "dram"),
        metavar="energy|delay|edp|area|dram",
        help="metric of heat map and sensitivities (default: the sweep's objective; energy, delay and area)",
    )
    plot.add_argument(
        "--x", metavar="AXIS", help="axis across a heat map (default: the one that moves the metric most)"
    )
    plot.add_argument("--y", metavar="AXIS", help="axis up a heat map (default: the next one)")
    plot.add_argument("--point", type=seed, metavar="N", help="point whose layers are shown (default: the best)")
    plot.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only these points: workload=alexnet, 'core.clock=200 MHz'; may be given again",
    )
    plot.add_argument("--quiet", action="store_true", help="print nothing")


def run(options: argparse.Namespace) -> int:
    """Run `sweep plot`: store and options are checked before anything is drawn."""
    import sys

    from sim.cli.outputs import check_target
    from sim.files.opened import note_opened
    from sim.files.text import shown_path
    from sim.files.whole import write_whole
    from sim.views.sweep_plot import PlotOptions, plot_store, plot_target

    names = ("store", "output", "kind", "front", "metric", "x", "y", "point")
    chosen = PlotOptions(**{name: getattr(options, name) for name in names}, where=tuple(options.where))
    target = plot_target(chosen)
    note_opened(options.store)
    check_target(str(target), "--output")
    content, status = plot_store(chosen, target)
    write_whole(target, content)
    if not options.quiet:
        print(f"{shown_path(target)}: {status}")
        sys.stdout.flush()
    return 0
