"""Some of a network's layers, chosen by names or patterns."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from sim.errors import InputError, PathStep, did_you_mean
from sim.networks.layer import Layer
from sim.networks.workload import Workload


def choose_layers(
    workload: Workload, patterns: Sequence[str], place: str, steps: Sequence[PathStep] = ()
) -> tuple[Layer, ...]:
    """Return the layers that any of `patterns` (CONV1, fire2/*) names, in the network's order.

    A layer's own name comes before a pattern: [/] may be one. Raises InputError at `place` for one that names none,
    and where there is none.
    """
    if not patterns:
        raise InputError.located(place, steps, wrong="none were named", allowed="name at least one, or leave it out")
    names = [layer.name for layer in workload.layers]
    wanted: set[str] = set()
    for pattern in map(str.strip, patterns):
        matched = [pattern] if pattern in names else fnmatch.filter(names, pattern)
        if not matched:
            wrong = f"no layer '{pattern}' in {workload.name}"
            raise InputError.located(place, steps, wrong=wrong, allowed=did_you_mean(pattern, names))
        wanted.update(matched)
    return tuple(layer for layer in workload.layers if layer.name in wanted)
