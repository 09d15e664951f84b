"""The models that may evaluate a point, and what a sweep may share between points where they do."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass

from sim.chips.contract import Model
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.expected import FmapCode
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.facts import CAPACITY_PATHS
from sim.studies.sweeps.spec.buffer_size import GLB_SIZE
from sim.studies.sweeps.spec.points import ModelChoice


@dataclass(frozen=True, slots=True)
class _ModelKind:
    """How a model is made, and what its figures don't depend on.

    `ignores` are parameters of the machine that change none of them, as long as the mapping is legal. A model that
    `looks_at_values` finds others for a layer of another name, whose tensors are drawn otherwise.
    """

    make: Callable[[Machine, FmapCode], Model]
    ignores: frozenset[str]
    looks_at_values: bool


_ANALYTIC = _ModelKind(AnalyticModel, frozenset((*CAPACITY_PATHS, GLB_SIZE)), looks_at_values=False)
_CYCLE = _ModelKind(lambda machine, code: CycleModel(machine), frozenset(), looks_at_values=True)
_KINDS: Dict[ModelChoice, tuple[_ModelKind, ...]] = {
    ModelChoice.ANALYTIC: (_ANALYTIC,),
    ModelChoice.CYCLE: (_CYCLE,),
    ModelChoice.BOTH: (_CYCLE, _ANALYTIC),
}


def models_of(choice: ModelChoice, machine: Machine, code: FmapCode) -> list[Model]:
    """Make the models to run, that whose figures count first."""
    return [kind.make(machine, code) for kind in _KINDS[choice]]


def ignored_by(choice: ModelChoice) -> frozenset[str]:
    """Name the parameters of the machine that change no figure of a mapped layer."""
    return frozenset.intersection(*(kind.ignores for kind in _KINDS[choice]))


def looks_at_values(choice: ModelChoice) -> bool:
    """Return whether figures depend on the values of tensors."""
    return any(kind.looks_at_values for kind in _KINDS[choice])
