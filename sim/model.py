"""What a model of the chip is: a layer, its mapping and its data in; counts and cycles out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.layer import Layer
from sim.mapping.folding import Folded
from sim.mapping.row_stationary import Mapping
from sim.results import LayerRun


@dataclass(frozen=True, slots=True)
class Job:
    """Hold one layer to run: `ifmap` (N, G C, H, W) padded and trimmed, `ofmap` (N, G M, E, F) before ReLU."""

    layer: Layer
    folded: Folded
    mapping: Mapping
    batch: int
    ifmap: NDArray[np.int16]
    ofmap: NDArray[np.int16]


class Model(Protocol):
    """Run layers on some description of the chip."""

    def run(self, job: Job) -> LayerRun:
        """Find a layer's counts and cycles for its whole batch."""
        ...
