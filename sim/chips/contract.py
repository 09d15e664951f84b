"""What a model of the chip is: a layer, its mapping and its data in; counts and cycles out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.ledger.results import LayerRun
from sim.networks.layer import Layer


@dataclass(frozen=True, slots=True)
class Job:
    """One layer to run: `ifmap` (N, G C, H, W) padded and trimmed, `ofmap` (N, G M, E, F) before ReLU.

    `filters` (G M, C, R, S) matter only where a machine skips their zeros or ofmaps are computed; `window` is then the
    right shift that cuts products to the psum's width, chosen where there is none, and `biases` (G M), in psums' words,
    are what psums begin with, 0 where there are none. A model that needs no tensors gets none.
    """

    layer: Layer
    folded: Folded
    mapping: Mapping
    batch: int
    ifmap: NDArray[np.int16] | None = None
    ofmap: NDArray[np.int16] | None = None
    filters: NDArray[np.int16] | None = None
    window: int | None = None
    biases: NDArray[np.int16] | None = None


class Model(Protocol):
    """A description of the chip that runs layers; `name` is what results call it."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def needs_tensors(self) -> bool:
        """Whether it looks at the values of a job's tensors."""
        ...

    def run(self, job: Job) -> LayerRun:
        """Find a layer's counts and cycles for its whole batch."""
        ...
