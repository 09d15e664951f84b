"""Commands that sweep many points, and draw what was found."""

from __future__ import annotations

from sim.options.values import Commands, one_of, seed, workers

SWEEP_PLOT = "sweep plot"  # a command of two words


def add_sweep(commands: Commands) -> None:
    """Add `sweep`."""
    sweep = commands.add_parser(
        "sweep",
        help="evaluate a grid of machines and networks",
        description="Evaluate every point of a sweep, each layer with its best mapping, by the analytic model, the "
        "cycle-level engine or both. A finished point is kept at once; the same command goes on where it was stopped. "
        "A point whose machine or mapping can't be is a result too, with its reason.",
    )
    sweep.epilog = "'sim sweep plot STORE' draws what a store holds, while a sweep fills it, too."
    sweep.add_argument(
        "spec", nargs="?", metavar="SPEC.yaml", help="the sweep: machine, networks, axes (default: what --set gives)"
    )
    sweep.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUES",
        help="another axis, or another's values: workload=googlenet, glb.fmap_banks=[12,25,50], array.rows=8..16:2, "
        "'glb.size=[54,108] KiB'; may be given again",
    )
    sweep.add_argument(
        "--store",
        metavar="FILE.sqlite",
        help="file that keeps the points (default: the spec's name with .sqlite, here)",
    )
    sweep.add_argument(
        "--csv", metavar="FILE", help="write all rows, one a point and layer, when all are there; - for standard output"
    )
    sweep.add_argument(
        "--parquet",
        metavar="FILE",
        help="write the same as Parquet (needs pyarrow); of a finished store, both are written at once",
    )
    sweep.add_argument(
        "--workers",
        type=workers,
        metavar="N|all",
        help="processes (default: one for each core where 64 points or more are missing, else one)",
    )
    sweep.add_argument(
        "--scheduler",
        metavar="tcp://HOST:8786",
        help="evaluate in the workers of this Dask cluster instead (needs distributed)",
    )
    sweep.add_argument("--quiet", action="store_true", help="print no summary and no progress")


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
