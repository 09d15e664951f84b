"""How a layer lies on Eyeriss: folded into the controller's limits, and mapped row-stationary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.row_stationary import Mapping, Tile, tiles


@dataclass(frozen=True, slots=True)
class MappedLayer:
    """A folded layer and its mapping."""

    folded: Folded
    mapping: Mapping

    @property
    def notes(self) -> tuple[str, ...]:
        """What was folded, in words."""
        return self.folded.notes

    def as_dict(self) -> dict[str, int]:
        """Return the mapping's parameters by name, in the published order."""
        return self.mapping.as_dict()

    def tiles(self, batch: int) -> Iterator[Tile]:
        """Yield every tile in the order in which the chip runs them."""
        return tiles(self.folded.shape, self.mapping, batch=batch, run_filters=self.folded.filters_per_run)

    def __str__(self) -> str:
        return str(self.mapping)
