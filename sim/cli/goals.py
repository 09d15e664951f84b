"""What the mapper is told on the command line: an objective, and limits on parameters, for all layers or for some."""

from __future__ import annotations

import argparse
import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.chips.eyeriss.expected import FmapCode
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS
from sim.chips.eyeriss.mapping.search import Goal, Objective
from sim.chips.eyeriss.mapping.space import Bounds
from sim.errors import InputError, did_you_mean, quoted
from sim.networks.layer import Layer

_EXAMPLE = "write e.g. n=1, p=4..16, m=all or 'CONV*:n=1'"
_LIMIT = re.compile(r"(?:(?P<layers>.+):)?(?P<name>[a-z]+)=(?:(?P<low>\d{1,9})(?:\.\.(?P<high>\d{1,9}))?|(?P<all>all))")


@dataclass(frozen=True, slots=True)
class Limit:
    """One `--constrain`: the layers, a parameter, and its bounds; None means the whole loop."""

    layers: str
    name: str
    bounds: Bounds | None

    def bounds_in(self, layer: Layer) -> Bounds:
        """Return the bounds for a layer; of a whole loop, the loop's length."""
        if self.bounds is not None:
            return self.bounds
        shape = layer.shape
        loops = {"m": shape.M, "e": shape.E, "p": shape.M, "q": shape.C}
        return Bounds(loops[self.name], loops[self.name])


def read_goals(options: argparse.Namespace, layers: Sequence[Layer], code: FmapCode) -> Callable[[Layer], Goal]:
    """Read the options into a function that gives each layer's goal; raise InputError for what can't be meant."""
    limits = [_read_limit(text, layers) for text in options.constrain]
    objective = Objective(options.objective)

    def goal_of(layer: Layer) -> Goal:
        own = {limit.name: limit.bounds_in(layer) for limit in limits if fnmatch.fnmatchcase(layer.name, limit.layers)}
        return Goal(objective, tuple(own.items()), code)

    return goal_of


def _read_limit(text: str, layers: Sequence[Layer]) -> Limit:
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise InputError.located("--constrain", wrong=f"{quoted(text)} is no constraint", allowed=_EXAMPLE)
    name, pattern = match["name"], match["layers"] or "*"
    if name not in PARAMETERS:
        raise InputError.located("--constrain", wrong=f"no parameter '{name}'", allowed=did_you_mean(name, PARAMETERS))
    names = [layer.name for layer in layers]
    if not fnmatch.filter(names, pattern):
        raise InputError.located(
            "--constrain", wrong=f"no layer '{pattern}' is run", allowed=did_you_mean(pattern, names)
        )
    if match["all"]:
        if name not in "mepq":
            raise InputError.located("--constrain", wrong=f"{name}=all", allowed="m, e, p and q can be a whole loop")
        return Limit(pattern, name, None)
    low = int(match["low"])
    bounds = Bounds(low, int(match["high"]) if match["high"] else low)
    if not 1 <= bounds.low <= bounds.high:
        raise InputError.located("--constrain", wrong=quoted(text), allowed="from 1 up, the smaller value first")
    return Limit(pattern, name, bounds)
