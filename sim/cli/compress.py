"""`sim compress`: the run-length code on the streams that the chip moves, against the entropy limit."""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Group

from sim.chips.eyeriss.expected import code_of
from sim.chips.eyeriss.machine import Machine
from sim.cli.goals import read_goals
from sim.cli.inputs import read_inputs, show_notes
from sim.cli.options import add_drawn, add_inputs
from sim.cli.outputs import STDOUT, check_target, write_whole
from sim.cli.parser import Commands, positive
from sim.cli.progress import layer_progress
from sim.networks.drawn_tensors import draw_ifmap, draw_ofmap
from sim.runs.provenance import choices_of, provenance_of
from sim.runs.request import Inputs
from sim.runs.runner import Planned, Planner
from sim.studies.compression import (
    StreamTally,
    TensorReport,
    cluster_zeros,
    ifmap_streams,
    ofmap_streams,
    tally,
    total_of,
)
from sim.views.compression_table import _NOTE, _table
from sim.views.console import make_console, plain


def run(options: argparse.Namespace) -> int:
    """Run `compress`: ifmaps with their padding as the chip reads them, each tile once; ofmaps as it writes them."""
    inputs = read_inputs(options)
    target = check_target(options.json)
    goal_of = read_goals(options, inputs.layers, code_of(inputs.machine))
    planned = Planner(inputs.machine, inputs.table, inputs.batch, goal_of).plan(inputs.layers)
    reports: list[TensorReport] = []
    with layer_progress(len(planned), quiet=options.quiet) as done:
        for one in planned:
            reports += report_layer(one, inputs.machine, inputs.batch, seed=options.seed, cluster=options.cluster)
            done(one.layer.name)
    if len(reports) < 2 * len(planned):
        raise KeyboardInterrupt
    text = _as_json(inputs, options, reports)
    if target == STDOUT:
        sys.stdout.write(text)
    elif target is not None:
        write_whole(target, text)
    if not options.quiet:
        show_notes(inputs, to_stderr=target == STDOUT)
        title = f"[bold]{plain(inputs.workload.name)}[/bold] on {plain(inputs.machine.name)}, batch {inputs.batch}"
        make_console(to_stderr=target == STDOUT).print(Group(title, _table(reports, options.cluster), "", _NOTE))
    return 0


def report_layer(
    planned: Planned, machine: Machine, batch: int, *, seed: int, cluster: int | None
) -> tuple[TensorReport, TensorReport]:
    """Code a layer's ifmap and ofmap, drawn at its densities, and with zeros clustered in runs of length `cluster`."""
    layer, shape = planned.layer, planned.folded.original
    top, left = layer.padding.top, layer.padding.left
    stored = (..., slice(top, top + layer.stored_height), slice(left, left + layer.stored_width))
    ifmap = draw_ifmap(layer, batch=batch, seed=seed)[..., : shape.H, : shape.W]
    ofmap = np.maximum(draw_ofmap(layer, batch=batch, seed=seed), 0)
    random = np.random.default_rng([seed, zlib.crc32(layer.name.encode())])
    reports = []
    for name, values, area, cut, bits, coded in (
        ("ifmap", ifmap, stored, ifmap_streams, layer.bits.ifmap, layer.coded_ifmap or machine.rlc.codes_network_input),
        ("ofmap", ofmap, (slice(None),), ofmap_streams, layer.bits.psum, True),
    ):
        found: StreamTally | None = None
        if cluster is not None:
            clustered = cluster_zeros(values, stored=area, mean_run=cluster, random=random)
            found = tally(cut(planned, clustered), machine, value_bits=bits)
        by_chance = tally(cut(planned, values), machine, value_bits=bits)
        reports.append(TensorReport(layer.name, name, coded and machine.rlc.enabled, by_chance, found))
    return reports[0], reports[1]


def _as_json(inputs: Inputs, options: argparse.Namespace, reports: Sequence[TensorReport]) -> str:
    own = {**choices_of(options), "cluster": options.cluster}
    coded = [report for report in reports if report.coded]
    content = {
        "schema": 1,
        "provenance": provenance_of(inputs, model="rlc", seed=options.seed, options=own),
        "tensors": [_entry(report) for report in reports],
        "total": _entry(total_of(coded)) if coded else None,
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _entry(report: TensorReport) -> dict[str, Any]:
    return {
        "layer": report.layer,
        "tensor": report.tensor,
        "coded": report.coded,
        "random": _figures(report.random),
        "clustered": _figures(report.clustered) if report.clustered else None,
    }


def _figures(one: StreamTally) -> dict[str, Any]:
    return {
        "values": one.values,
        "zeros": one.zeros,
        "streams": one.streams,
        "mean_run": one.mean_run,
        "raw_bits": one.raw_bits,
        "rlc_bits": one.coded_bits,
        "ratio": one.ratio,
        "limit_bits": one.limit_bits,
        "overhead_pct": one.overhead_pct(one.limit_bits),
        "chain_limit_bits": one.chain_limit_bits,
        "chain_overhead_pct": one.overhead_pct(one.chain_limit_bits),
    }


def add_compress(commands: Commands) -> None:
    """Add `compress`."""
    compress = commands.add_parser(
        "compress",
        help="hold the run-length code against its entropy limit",
        description="Code the fmap streams that the chip moves and print, layer by layer, their bits, the ratio and "
        "the overhead over the limit: the entropy of the zero pattern and the raw non-zero values.",
    )
    add_inputs(compress)
    compress.add_argument(
        "--cluster", type=positive, metavar="L", help="show also zeros clustered in runs of mean length L"
    )
    add_drawn(compress, json_help="write the report")
