"""What the mapper is told: an objective, and limits on parameters, for all layers or for some."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sim.chips.contract import MappingGrammar
from sim.chips.goals import Bounds, Goal, Objective
from sim.codes.expected import FmapCode
from sim.errors import InputError, did_you_mean, quoted
from sim.networks.layer import Layer

_EXAMPLE = "write e.g. n=1, p=4..16, m=all or 'CONV*:n=1'"
_LIMIT = re.compile(
    r"(?:(?P<layers>.+):)?(?P<name>[A-Za-z_]\w*)=(?:(?P<low>\d{1,9})(?:\.\.(?P<high>\d{1,9}))?|(?P<all>all))"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """One constraint: the layers, a parameter, and its bounds; None means the whole loop."""

    layers: str
    name: str
    bounds: Bounds | None
    whole: Callable[[Layer], int] | None = None

    def bounds_in(self, layer: Layer) -> Bounds:
        """Return the bounds for a layer; of a whole loop, the loop's length."""
        if self.bounds is not None or self.whole is None:
            return self.bounds or Bounds(1, 1)
        loop = self.whole(layer)
        return Bounds(loop, loop)


def read_goals(
    objective: Objective,
    constraints: Sequence[str],
    layers: Sequence[Layer],
    grammar: MappingGrammar,
    code: FmapCode,
    fixed: Mapping[str, int],
) -> Callable[[Layer], Goal]:
    """Read constraints into a function that gives each layer's goal; `fixed` parameters are so in every layer.

    Raises InputError for what can't be meant.
    """
    limits = [Limit("*", name, Bounds(value, value)) for name, value in fixed.items()]
    limits += [_read_limit(text, layers, grammar) for text in constraints]

    def goal_of(layer: Layer) -> Goal:
        own = {limit.name: limit.bounds_in(layer) for limit in limits if fnmatch.fnmatchcase(layer.name, limit.layers)}
        return Goal(objective, tuple(own.items()), code)

    return goal_of


def _read_limit(text: str, layers: Sequence[Layer], grammar: MappingGrammar) -> Limit:
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise InputError.located("--constrain", wrong=f"{quoted(text)} is no constraint", allowed=_EXAMPLE)
    name, pattern, names = match["name"], match["layers"] or "*", grammar.parameters
    if name not in names:
        raise InputError.located("--constrain", wrong=f"no parameter '{name}'", allowed=did_you_mean(name, names))
    shown = [layer.name for layer in layers]
    if not fnmatch.filter(shown, pattern):
        raise InputError.located(
            "--constrain", wrong=f"no layer '{pattern}' is run", allowed=did_you_mean(pattern, shown)
        )
    if match["all"]:
        if name not in grammar.whole:
            allowed = f"{_in_words(list(grammar.whole))} can be a whole loop" if grammar.whole else "no parameter can"
            raise InputError.located("--constrain", wrong=f"{name}=all", allowed=allowed)
        return Limit(pattern, name, None, grammar.whole[name])
    low = int(match["low"])
    bounds = Bounds(low, int(match["high"]) if match["high"] else low)
    if not 1 <= bounds.low <= bounds.high:
        raise InputError.located("--constrain", wrong=quoted(text), allowed="from 1 up, the smaller value first")
    return Limit(pattern, name, bounds)


def _in_words(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
