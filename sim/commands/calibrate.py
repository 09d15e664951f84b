"""`sim calibrate`: fit the chip's costs to AlexNet's published figures, show the fit, write the cost table."""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.table import Table

from sim.calibration import CONFIDENCE, Calibration, calibrate
from sim.commands.inputs import read_inputs
from sim.commands.outputs import STDOUT, check_targets, write_contents
from sim.commands.run import run_layers
from sim.engine.chip import CycleModel
from sim.errors import InputError
from sim.report import make_console
from sim.runner import Planner, Runner
from sim.silicon.published import NETWORKS

# DRAM is no part of the chip: 640 pJ for 32 bits of LPDDR2 (Horowitz, ISSCC 2014, as used by Han et al., ISCA 2016).
DRAM_PJ_PER_WORD = 320.0
_TENSORS = ("ifmap", "filter", "psum", "ofmap")


def run(options: argparse.Namespace) -> int:
    """Do `calibrate`: the layers are run first, then nothing but the fit and its files is made."""
    _demand_scipy()
    targets = check_targets(options, ("json", "output"))
    chosen = {"workload": NETWORKS[0].workload, "batch": NETWORKS[0].batch, "layers": None, "mapping": []}
    inputs = read_inputs(argparse.Namespace(**vars(options) | chosen))
    planned = Planner(inputs.machine, inputs.table, inputs.batch).plan(inputs.layers)
    runner = Runner(inputs.machine, inputs.table, CycleModel(inputs.machine), inputs.batch, options.seed)
    results = run_layers(runner, planned, quiet=options.quiet)
    if len(results) < len(planned):
        raise KeyboardInterrupt
    found = calibrate(results)
    contents = {"json": json.dumps(found.as_dict(), indent=1) + "\n", "output": as_yaml(found)}
    write_contents({option: contents[option] for option in targets}, targets)
    if not options.quiet:
        show(found, make_console(to_stderr=STDOUT in targets.values()))
    return 0


def _demand_scipy() -> None:
    try:
        import scipy  # noqa: F401
    except ImportError as error:
        raise InputError.located(
            "calibrate", wrong="the package scipy is missing", allowed="pip install 'sim[calibrate]'"
        ) from error


def show(found: Calibration, console: Console) -> None:
    """Print costs with their intervals, then what is left of each layer and of each part."""
    costs = Table(title="costs at 1 V, fitted to AlexNet alone", title_justify="left", box=None, pad_edge=False)
    for head in ("cost", "pJ", f"+- ({CONFIDENCE:.0%})", "of"):
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
    console.print(f"leakage {found.leakage_power_w * 1e3:.2f} mW, from the published efficiencies at 1 V and 0.82 V")


def as_yaml(found: Calibration) -> str:
    """Write the cost table, with residuals and intervals as comments."""
    cost = found.cost
    lines = [
        "# Costs of the Eyeriss test chip in 65 nm at 1 V, in pJ (of 16-bit words where words are meant).",
        "# Written by `python -m sim calibrate --output FILE`: non-negative least squares on AlexNet's five measured",
        "# layers (JSSC 2017, Table V: power x total latency) and the shares of the chip's parts in CONV1 and CONV5",
        "# (Fig. 16, a simulation after layout, weighted a quarter). VGG-16 takes no part: it is a prediction.",
        "# Networks: one cost for a word off GIN, GON or LN; two layers' shares can't tell them apart.",
        "# DRAM is outside the chip: 640 pJ for 32 bits (Horowitz, ISSCC 2014), not fitted.",
        "# Leakage: from the published 83.1 and 122.8 GMAC/s/W at 1 V and 0.82 V.",
        "#",
        f"# Fitted costs, with half the {CONFIDENCE:.0%} confidence interval:",
    ]
    for one in found.costs:
        half = "at its bound" if one.half_interval_pj is None else f"+- {one.half_interval_pj:.3g}"
        lines.append(f"#   {one.name:22} {one.value_pj:9.4g}  {half:14} {one.meaning}")
    lines += ["#", "# What the fit leaves, in per cent of a layer's energy (its parts: in points):"]
    for layer in dict.fromkeys(one.layer for one in found.residuals):
        parts = [f"{one.part} {one.points:+.1f}" for one in found.residuals if one.layer == layer]
        lines += [
            f"#   {layer}: " + ", ".join(parts[:5]),
            *(["#          " + ", ".join(parts[5:])] if parts[5:] else []),
        ]
    spad, noc = cost("spad_access"), cost("noc_word")
    lines += [
        "schema: 1",
        "name: eyeriss-65nm",
        'source: "fitted to JSSC 52(1) 2017 Table V and Fig. 16 (AlexNet only); DRAM: Horowitz, ISSCC 2014"',
        "status: calibrated",
        "unit: pJ",
        "word: 16 b",
        "voltage: 1.0 V",
        f"mac: {cost('mac'):.4g}",
        "gated_mac: 0.0                       # what a gated MAC reads is counted as an ifmap spad read",
        f"performed_mac_control: {cost('performed_mac_control'):.4g}",
        "zero_buffer_read: 0.0",
        *_level("dram", DRAM_PJ_PER_WORD, DRAM_PJ_PER_WORD),
        *_level("link", cost("link_word"), cost("link_word")),
        *_level("glb", cost("glb_access"), cost("glb_access")),
        *(line for level in ("gin", "gon", "ln") for line in _level(level, 0.0, noc)),
        *_level("fifo", cost("fifo_access"), cost("fifo_access")),
        *_level("spad", spad, spad, ifmap_read=cost("ifmap_spad_read")),
        f"clock_cycle: {cost('clock_cycle'):.4g}",
        "pe_cycle: {"
        + ", ".join(f"{part}: {cost(f'pe_cycle.{part}'):.4g}" for part in ("clock", "spads", "control"))
        + "}",
        f"top_control_cycle: {cost('top_control_cycle'):.4g}",
        f"leakage_power: {found.leakage_power_w * 1e3:.3g} mW",
        "static_power: 0 W",
    ]
    return "\n".join(lines) + "\n"


def _level(name: str, read: float, write: float, *, ifmap_read: float | None = None) -> list[str]:
    """Write a level's costs, the same for every tensor but for an ifmap's read where that is given."""
    reads = dict.fromkeys(_TENSORS, read)
    if ifmap_read is not None:
        reads["ifmap"] = ifmap_read
    entries = [f"  {tensor + ':':7} {{read: {reads[tensor]:.4g}, write: {write:.4g}}}" for tensor in _TENSORS]
    return [f"{name}:", *entries]
