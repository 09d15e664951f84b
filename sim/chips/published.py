"""What was published about a measured chip: records that `validate` and `power` hold a model's figures against.

Values are never edited and bounds never widened without a reason; where a figure or a bound needs a word, its note or
reason says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sim.ledger.results import LayerResult

TOTAL = "total"  # stands for a layer's name in a table's last row
Figures = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class MeasuredNetwork:
    """A measured network: as bounds are called, as people write it, its workload, and images a batch."""

    key: str
    title: str
    workload: str
    batch: int


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One published cell; `layer` is TOTAL in the last row of a table."""

    source: str
    workload: str
    layer: str
    quantity: str
    value: float
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What a deviation must stay under, in `unit`: "%", or "1" for an absolute difference of ratios.

    Its scope is `worst` (each layer's cell), `mean` (of the layers' magnitudes) or `total` (the table's last row).
    """

    quantity: str
    workload: str
    scope: str
    limit: float
    unit: str
    reason: str

    def holds(self, deviation: float) -> bool:
        """Return whether a deviation, of either sign, is inside; a limit of 0 asks for equality."""
        return deviation == 0 or abs(deviation) < self.limit

    def __str__(self) -> str:
        return "exact" if self.limit == 0 else f"{self.limit:g}"


@dataclass(frozen=True, slots=True)
class PowerShares:
    """A layer's chip power by part, in per cent, and where that was published."""

    source: str
    layer: str
    percent: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Published:
    """The measured networks of a chip, the published figures of each, and how our results have the same ones.

    `names` are the quantities as people write them, `columns` those that the tables have for each layer; `ratios` are
    figures held to a plain difference. `layer_figures` and `total_figures` give ours by quantity and unit.
    `meanings` say what a quantity counts; `power_shares` are by workload. Energies are compared in `unit`.
    """

    networks: tuple[MeasuredNetwork, ...]
    names: Mapping[str, str]
    columns: tuple[str, ...]
    figures: Callable[[MeasuredNetwork], Sequence[PublishedFigure]]
    ratios: Callable[[MeasuredNetwork], Sequence[PublishedFigure]]
    bounds: Callable[[], Sequence[Bound]]
    layer_figures: Callable[[LayerResult], Figures]
    total_figures: Callable[[Sequence[Figures], int], Figures]
    source: str
    meanings: Mapping[str, str] = field(default_factory=dict)
    power_shares: Mapping[str, Sequence[PowerShares]] = field(default_factory=dict)
    power_figure: str = ""
    unit: str = "pJ"
