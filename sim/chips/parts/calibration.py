"""What a calibration hands back: fitted costs with their intervals, and what is left of the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted cost in pJ with half its confidence interval; None where non-negativity holds it at its bound."""

    name: str
    meaning: str
    value_pj: float
    half_interval_pj: float | None


@dataclass(frozen=True, slots=True)
class Residual:
    """One piece of evidence: what was published and what the fit makes of it, in pJ."""

    layer: str
    part: str
    published_pj: float
    fitted_pj: float
    layer_energy_pj: float

    @property
    def percent(self) -> float:
        """The deviation from the published figure in per cent."""
        return 100 * (self.fitted_pj / self.published_pj - 1)

    @property
    def points(self) -> float:
        """The deviation in per cent of the layer's energy."""
        return 100 * (self.fitted_pj - self.published_pj) / self.layer_energy_pj


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fit: its costs, what is left of the evidence, and the leakage power that was taken off first.

    `title` says what the costs were fitted to, `leakage_source` where the leakage power comes from.
    """

    costs: tuple[Fitted, ...]
    residuals: tuple[Residual, ...]
    leakage_power_w: float
    confidence: float
    title: str
    leakage_source: str

    def cost(self, name: str) -> float:
        """Return one cost in pJ."""
        return next(cost.value_pj for cost in self.costs if cost.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Return the form for JSON."""
        return {
            "unit": "pJ",
            "confidence": self.confidence,
            "leakage_power_w": self.leakage_power_w,
            "costs": {
                cost.name: {"value": cost.value_pj, "half_interval": cost.half_interval_pj} for cost in self.costs
            },
            "residuals": [
                {"layer": left.layer, "part": left.part, "deviation_pct": left.percent, "points": left.points}
                for left in self.residuals
            ],
        }
