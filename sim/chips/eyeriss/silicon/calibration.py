"""Costs of the chip, fitted to what was published of AlexNet on it; no other network's figures take part.

Evidence: the energies of the five measured layers (power x total latency; JSSC 2017, Table V) and the energies of the
parts of the chip in CONV1 and CONV5 (their shares in Fig. 16 of those energies). Each is a sum of unknown costs times
counts; the costs are the non-negative least squares of the relative residuals. Counts are the cycle model's; what goes
with time is taken over the measured latency, so that no error of our timing hides in a cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.levels import NOC, Level
from sim.chips.eyeriss.silicon.published import NETWORKS, published_figures, read_power_shares
from sim.chips.parts.calibration import Calibration, Fitted, Residual
from sim.chips.published import PowerShares
from sim.ledger.counts import Direction, Tensor
from sim.ledger.results import LayerResult

WORD_BITS = 16
SHARE_WEIGHT = 0.25  # Fig. 16 is a simulation after layout: trusted a quarter as much as what was measured
CONFIDENCE = 0.95
# Published efficiencies at two voltages tell leakage from switching: at 0.82 V and 100 MHz it lasts twice as long.
EFFICIENCY_1_00_V, EFFICIENCY_0_82_V, LOW_VOLTAGE, SLOWER = 83.1, 122.8, 0.82, 2.0
ALEXNET_POWER_W = 0.278

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """How often a layer did each thing that costs; cycles are of the measured total latency."""

    layer: str
    energy_pj: float
    run: LayerResult
    cycles: float

    def words(self, level: Level, *, but: tuple[Tensor, Direction] | None = None) -> float:
        """Count 16-bit words in and out of a level, both ways, leaving one entry out."""
        bits = self.run.run.ledger.bits[level].copy()
        if but is not None:
            bits[but] = 0
        return float(bits.sum()) / WORD_BITS

    def arrivals(self) -> float:
        """Count 16-bit words off the networks: to PEs, to the PE above, to the GLB."""
        bits = self.run.run.ledger.bits
        return sum(float(bits[level, :, Direction.WRITE].sum()) for level in NOC) / WORD_BITS

    @property
    def pe_cycles(self) -> float:
        """The cycles of all PEs in use."""
        return self.cycles * self.run.run.active_pes


@dataclass(frozen=True, slots=True)
class Unknown:
    """A cost to be fitted: the part of the chip whose energy it makes, and what it is the cost of.

    `above` names a cost that it can't be less than: it is fitted as an excess over that.
    """

    name: str
    part: str
    count: Callable[[LayerCounts], float]
    meaning: str
    above: str | None = None


_IFMAP_READ = (Tensor.IFMAP, Direction.READ)

UNKNOWNS = (
    Unknown("clock_cycle", "clock", lambda n: n.cycles, "core cycle: clock outside the PEs"),
    Unknown("pe_cycle.clock", "clock", lambda n: n.pe_cycles, "cycle of a PE in use; an unused one is gated"),
    Unknown("spad_access", "spads", lambda n: n.words(Level.SPAD, but=_IFMAP_READ), "spad access but an ifmap's read"),
    Unknown(
        "ifmap_spad_read",
        "spads",
        lambda n: float(n.run.run.ledger.bits[Level.SPAD][_IFMAP_READ]) / WORD_BITS,
        "ifmap spad read, of gated MACs too",
    ),
    Unknown("pe_cycle.spads", "spads", lambda n: n.pe_cycles, "cycle of a PE's spads"),
    Unknown("mac", "mult_add", lambda n: float(n.run.run.ledger.macs_performed), "MAC that is not gated"),
    Unknown(
        "performed_mac_control",
        "pe_control",
        lambda n: float(n.run.run.ledger.macs_performed),
        "control of a MAC that is not gated",
    ),
    Unknown("pe_cycle.control", "pe_control", lambda n: n.pe_cycles, "cycle of a PE's control"),
    Unknown("fifo_access", "pe_fifos", lambda n: n.words(Level.FIFO), "word into or out of a PE's FIFO"),
    Unknown("glb_access", "glb", lambda n: n.words(Level.GLB), "word into or out of the GLB", above="spad_access"),
    Unknown("noc_word", "multicast_noc", lambda n: n.arrivals(), "word off GIN, GON or LN"),
    Unknown("link_word", "io_pads", lambda n: n.words(Level.DRAM), "word through the pads, after compression"),
    Unknown("top_control_cycle", "top_control", lambda n: n.cycles, "core cycle of the top-level control"),
)


def leakage_power_w() -> float:
    """Return the leakage power at 1 V in watts that two published efficiencies imply (GMAC/s/W; JSSC 2017, Section VI).

    Energy a MAC at 0.82 V over that at 1 V is (1 - s) V^2 + 2 s V^3, s being leakage's share at 1 V and 200 MHz.
    """
    ratio = EFFICIENCY_1_00_V / EFFICIENCY_0_82_V
    square = LOW_VOLTAGE**2
    share = (ratio - square) / (SLOWER * square * LOW_VOLTAGE - square)
    return max(0.0, share) * ALEXNET_POWER_W


def calibrate(layers: Sequence[LayerResult]) -> Calibration:
    """Fit the costs to AlexNet's `layers` as run by the cycle model with the measured run's mappings."""
    leakage_w = leakage_power_w()
    counts = _counts(layers)
    rows, published, weights, heads = _evidence(counts, read_power_shares(), leakage_w)
    scale = (weights / published)[:, None]
    values, free = _non_negative(rows * scale, weights)
    residuals = tuple(
        Residual(layer, part, float(due), float(found), energy)
        for (layer, part, energy), due, found in zip(heads, published, rows @ values, strict=True)
    )
    halves = _half_intervals(rows * scale, weights, values, free)
    return Calibration(
        costs=_fitted(values, halves, free),
        residuals=residuals,
        leakage_power_w=leakage_w,
        confidence=CONFIDENCE,
        title="costs at 1 V, fitted to AlexNet alone",
        leakage_source="from the published efficiencies at 1 V and 0.82 V",
    )


def _counts(layers: Sequence[LayerResult]) -> list[LayerCounts]:
    """Put the measured energy and latency beside each layer's counts."""
    figures = {(figure.layer, figure.quantity): figure.value for figure in published_figures(NETWORKS[0])}
    return [
        LayerCounts(
            layer=layer.name,
            energy_pj=figures[layer.name, "chip_energy"] * 1e9,
            run=layer,
            cycles=figures[layer.name, "total_latency"] * 1e-3 * layer.clock_hz,
        )
        for layer in layers
    ]


def _evidence(
    counts: Sequence[LayerCounts], shares: Sequence[PowerShares], leakage_w: float
) -> tuple[Array, Array, Array, list[tuple[str, str, float]]]:
    """Lay out the equations: counts by unknown, published energy in pJ, weight, and (layer, part, layer's energy)."""
    rows, published, weights, heads = [], [], [], []
    by_layer = {share.layer: share.percent for share in shares}
    for count in counts:
        leakage_pj = leakage_w * count.cycles / count.run.clock_hz * 1e12
        rows.append(_row(count, part=None))
        published.append(count.energy_pj - leakage_pj)
        weights.append(1.0)
        heads.append((count.layer, "chip", count.energy_pj))
        for part, percent in by_layer.get(count.layer, {}).items():
            rows.append(_row(count, part=part))
            published.append(count.energy_pj * percent / 100)
            weights.append(SHARE_WEIGHT)
            heads.append((count.layer, part, count.energy_pj))
    return np.array(rows), np.array(published), np.array(weights), heads


def _row(count: LayerCounts, *, part: str | None) -> list[float]:
    """Count each unknown in one part of the chip, or in all; what has an excess counts where the excess does too."""
    own = {one.name: one.count(count) if part in (None, one.part) else 0.0 for one in UNKNOWNS}
    for one in UNKNOWNS:
        if one.above is not None:
            own[one.above] += own[one.name]
    return [own[one.name] for one in UNKNOWNS]


def _non_negative(rows: Array, due: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Solve for the non-negative unknowns; say which are free of their bound."""
    from scipy.optimize import nnls

    size = np.abs(rows).max(axis=0)
    values, _ = nnls(rows / size, due)
    return values / size, values > 0


def _half_intervals(rows: Array, due: Array, values: Array, free: NDArray[np.bool_]) -> Array:
    """Return half the confidence intervals of the free unknowns, from the residuals' variance (Student's t)."""
    from scipy.stats import t

    left = rows @ values - due
    freedom = due.size - int(free.sum())
    variance = float(left @ left) / freedom
    used = rows[:, free]
    halves = np.zeros(values.size)
    halves[free] = t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(variance * np.diag(np.linalg.pinv(used.T @ used)))
    return halves


def _fitted(values: Array, halves: Array, free: NDArray[np.bool_]) -> tuple[Fitted, ...]:
    found = {one.name: float(value) for one, value in zip(UNKNOWNS, values, strict=True)}
    return tuple(
        Fitted(
            one.name,
            one.meaning,
            found[one.name] + (found[one.above] if one.above else 0.0),
            float(half) if is_free else None,
        )
        for one, half, is_free in zip(UNKNOWNS, halves, free, strict=True)
    )
