"""The Pareto front: the points that no other beats in one objective without losing in another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pareto_front(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows of [point, objective] are on the front, where less is better; equal rows are all on it or none.

    In lexicographic order a row can be beaten only by one that stands before it and is on the front itself.
    """
    distinct, place = np.unique(values, axis=0, return_inverse=True)
    on_front = np.zeros(len(distinct), np.bool_)
    front = np.empty_like(distinct)
    size = 0
    for at, row in enumerate(distinct):
        if not np.all(front[:size] <= row, axis=1).any():
            front[size], on_front[at] = row, True
            size += 1
    return on_front[place.reshape(-1)]
