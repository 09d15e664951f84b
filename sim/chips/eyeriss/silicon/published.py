"""What was published about the measured chip, read from the tables beside this file.

JSSC 52(1) 2017, Tables V and VI and Fig. 16; ISSCC 2016 14.5. MB are 1e6 bytes, MiB are 2**20. Values are never
edited and bounds never widened; where a figure or a bound needs a word, its note or reason says it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields, replace
from importlib import resources
from typing import Any, TypeVar

from sim.chips.eyeriss.silicon.measures import COMPRESSION, layer_figures, total_figures
from sim.chips.published import TOTAL, Bound, MeasuredNetwork, PowerShares, Published, PublishedFigure

_ENERGY_NOTE = "power x total latency"


NETWORKS = (
    MeasuredNetwork("alexnet", "AlexNet", "alexnet_jssc2017", batch=4),
    MeasuredNetwork("vgg16", "VGG-16", "vgg16_jssc2017", batch=3),
)


@dataclass(frozen=True, slots=True)
class Compression:
    """A layer's DRAM traffic in MB without and with the run-length code, and their printed ratio."""

    source: str
    workload: str
    layer: str
    raw_mb: float
    rlc_mb: float
    ratio: float


Record = TypeVar("Record", PublishedFigure, Bound, Compression)


def read_figures() -> tuple[PublishedFigure, ...]:
    """Read every cell of Tables V and VI, in their order, and the frame rates."""
    return _records("published.csv", PublishedFigure)


def published_figures(network: MeasuredNetwork) -> list[PublishedFigure]:
    """Return a network's cells, layers before totals, with the chip energy that power and total latency make.

    The frame rate is that of the table's total latency: 0.7 frames/s is printed to one digit.
    """
    printed = [figure for figure in read_figures() if figure.workload == network.workload]
    latency_ms = {figure.layer: figure.value for figure in printed if figure.quantity == "total_latency"}
    figures = []
    for figure in printed:
        if figure.quantity == "frame_rate":
            figures.append(replace(figure, value=1e3 * network.batch / latency_ms[TOTAL]))
            continue
        figures.append(figure)
        if figure.quantity == "power":
            energy_mj = figure.value * latency_ms[figure.layer] * 1e-3
            figures.append(replace(figure, quantity="chip_energy", value=energy_mj, unit="mJ", note=_ENERGY_NOTE))
    return sorted(figures, key=lambda figure: figure.layer == TOTAL)


def read_bounds() -> tuple[Bound, ...]:
    """Read the bounds."""
    return _records("bounds.csv", Bound)


def read_compression() -> tuple[Compression, ...]:
    """Read the DRAM traffic without and with compression."""
    return _records("dram_compression.csv", Compression)


def read_power_shares() -> tuple[PowerShares, ...]:
    """Read the chip's power by part."""
    heads = ("source", "layer")
    return tuple(
        PowerShares(row["source"], row["layer"], {part: float(row[part]) for part in row if part not in heads})
        for row in _rows("fig16_power_pct.csv")
    )


def _records(name: str, kind: type[Record]) -> tuple[Record, ...]:
    """Read a table whose columns are the fields of a dataclass of texts and numbers."""
    numbers = {field.name for field in fields(kind) if field.type == "float"}
    rows: list[dict[str, Any]] = [
        {name: float(text) if name in numbers else text for name, text in row.items()} for row in _rows(name)
    ]
    return tuple(kind(**row) for row in rows)


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("sim.chips.eyeriss.silicon").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _ratios(network: MeasuredNetwork) -> list[PublishedFigure]:
    """Return a network's published compression ratios as cells."""
    return [
        PublishedFigure(one.source, one.workload, one.layer, COMPRESSION, one.ratio, "1", "")
        for one in read_compression()
        if one.workload == network.workload
    ]


_NAMES = {
    "power": "power",
    "total_latency": "total latency",
    "processing_latency": "processing latency",
    "active_pes": "active PEs",
    "glb_accesses": "GLB accesses",
    "dram_accesses": "DRAM accesses",
    "chip_energy": "chip energy",
    "frame_rate": "frames/s",
    COMPRESSION: "DRAM compression",
}
_MEANINGS = {
    "glb_accesses": "What the papers count as buffer accesses, as bytes of 16-bit words: psums and ofmaps in and "
    "out, and ifmap reads. Ifmap fills and filters are left out, so it is less than all bytes (see glb).",
    "dram_accesses": "Bytes over the DRAM link, after compression.",
    "processing_latency": "Time without the waits for fmaps from and to DRAM.",
    "total_latency": "Time with the waits for fmaps from and to DRAM.",
    "chip_energy": "Published power times published total latency.",
}
PUBLISHED = Published(
    networks=NETWORKS,
    names=_NAMES,
    columns=tuple(_NAMES)[:7],  # the others are totals and ratios
    figures=published_figures,
    ratios=_ratios,
    bounds=read_bounds,
    layer_figures=layer_figures,
    total_figures=total_figures,
    meanings=_MEANINGS,
    source="JSSC 52(1) 2017, Tables V and VI",
    power_shares={NETWORKS[0].workload: read_power_shares()},  # the run whose layers Fig. 16 shows
    power_figure="Fig. 16",
)
