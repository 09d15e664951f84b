"""Results that nothing computed: a layer with given figures, and networks that agree with what was published."""

from __future__ import annotations

from sim.chips.eyeriss.levels import LEVELS, Level
from sim.chips.eyeriss.silicon.published import published_figures, read_compression
from sim.chips.published import TOTAL, MeasuredNetwork
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.ledger.results import Energy, LayerResult, LayerRun

CLOCK_HZ = 200_000_000


def made_up(
    name: str,
    *,
    total_ms: float = 10,
    processing_ms: float = 9,
    pes: int = 156,
    glb_bytes: float = 2e6,
    dram_bytes: float = 1e6,
    ratio: float = 1.5,
    energy_mj: float = 3,
) -> LayerResult:
    """Make a result with given figures."""
    ledger = Ledger(LEVELS)
    ledger.add(Level.GLB, Tensor.PSUM, Direction.WRITE, round(glb_bytes / 2), bits=0)
    ledger.add(Level.GLB, Tensor.FILTER, Direction.WRITE, 77, bits=0)  # in no published column
    ledger.add(Level.DRAM, Tensor.IFMAP, Direction.READ, round(ratio * dram_bytes / 2), bits=round(8 * dram_bytes))
    cycles = [round(latency_ms * 1e-3 * CLOCK_HZ) for latency_ms in (processing_ms, total_ms)]
    run = LayerRun(ledger, cycles[0], cycles[1], active_pes=pes, passes=1)
    energy = Energy("pJ", energy_mj * 1e9, 5e9, 0, 0, 0, {"mac": energy_mj * 1e9, "dram": 5e9})
    return LayerResult(name, "conv", {}, (), run, energy, CLOCK_HZ)


def as_published(network: MeasuredNetwork, **factors: dict[str, float]) -> list[LayerResult]:
    """Make results that agree with every cell, but for factors by quantity and layer."""
    ratios = {one.layer: one.ratio for one in read_compression() if one.workload == network.workload}
    rows: dict[str, dict[str, float]] = {}
    for figure in published_figures(network):
        factor = factors.get(figure.quantity, {}).get(figure.layer, 1.0)
        in_bytes = 2**20 if figure.unit == "MiB" else 1e6 if figure.unit == "MB" else 1
        rows.setdefault(figure.layer, {})[figure.quantity] = figure.value * factor * in_bytes
    rows.pop(TOTAL)
    return [
        made_up(
            layer,
            total_ms=row["total_latency"],
            processing_ms=row["processing_latency"],
            pes=round(row["active_pes"]),
            glb_bytes=row["glb_accesses"],
            dram_bytes=row["dram_accesses"],
            ratio=ratios.get(layer, 1.5) * factors.get("ratio", {}).get(layer, 1.0),
            energy_mj=row["chip_energy"],
        )
        for layer, row in rows.items()
    ]
