"""What charts of a sweep measure, all per image, and the units in which it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from types import MappingProxyType

from sim.studies.sweeps.store.stored import Row
from sim.views.scale import Scale, scale_for

TITLES: Dict[str, str] = MappingProxyType(
    {
        "energy": "system energy per image",
        "delay": "latency per image",
        "edp": "energy-delay product per image",
        "area": "core area",
        "dram": "DRAM traffic per image",
    }
)
SHORT: Dict[str, str] = MappingProxyType(
    {"energy": "energy", "delay": "latency", "edp": "EDP", "area": "core area", "dram": "DRAM"}
)
METRICS = tuple(TITLES)
KINDS = ("compute", "filter", "ifmap", "ofmap", "static")  # in which a point's rows split system energy
_TIMES = (Scale(1e-6, "us"), Scale(1e-3, "ms"), Scale(1.0, "s"))
_TRAFFIC = (Scale(8e3, "kB"), Scale(8e6, "MB"), Scale(8e9, "GB"))


def measures_of(row: Row, unit: str) -> dict[str, float]:
    """Return a point's figures by metric, from its total's row; energies in `unit`, times in s, DRAM in bits."""
    batch = row["batch"]
    energy, delay = row[f"energy_system_{unit.lower()}"] / batch, row["latency_s"] / batch
    return {
        "energy": energy,
        "delay": delay,
        "edp": energy * delay,
        "area": row["area_mm2"],
        "dram": row["dram_bits"] / batch,
    }


def energies_of(row: Row, unit: str) -> dict[str, float]:
    """Return the energy per image of a point or of one of its layers by kind."""
    return {kind: row[f"energy_{kind}_{unit.lower()}"] / row["batch"] for kind in KINDS}


def unit_of(row: Row, units: Iterable[str]) -> str:
    """Return which of the sweep's units a finished row's energies are in."""
    return next(unit for unit in units if row[f"energy_system_{unit.lower()}"] is not None)


def scale_of(metric: str, unit: str, largest: float) -> Scale:
    """Choose the unit in which a metric is shown."""
    if metric == "area":
        return Scale(1.0, "mm²")
    if metric == "delay":
        return _fitting(_TIMES, largest)
    if metric == "dram":
        return _fitting(_TRAFFIC, largest)
    scale = scale_for(unit, largest, below=1000)
    return Scale(scale.factor, f"{scale.name} s") if metric == "edp" else scale


def _fitting(scales: Sequence[Scale], largest: float) -> Scale:
    """Choose the first in which the largest value stays below 1000."""
    return next((scale for scale in scales if largest < 1000 * scale.factor), scales[-1])


def shown(metric: str, value: float, unit: str) -> str:
    """Write a value in four digits with its unit."""
    scale = scale_of(metric, unit, value)
    return f"{value / scale.factor:.4g} {scale.name}"
