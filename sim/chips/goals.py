"""What a mapper looks for, and what it finds: the same words on every chip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from sim.codes.expected import FmapCode

PlanT = TypeVar("PlanT", covariant=True)


class Objective(StrEnum):
    """What the mapper makes as small as can be: system energy, total cycles, their product, or DRAM bits."""

    ENERGY = "energy"
    DELAY = "delay"
    EDP = "edp"
    DRAM = "dram"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the largest value that a mapping parameter may take."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"= {self.low}" if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Goal:
    """What is looked for: an objective, limits on parameters, and how fmaps are coded in DRAM."""

    objective: Objective = Objective.ENERGY
    constraints: tuple[tuple[str, Bounds], ...] = ()
    code: FmapCode = FmapCode.RLC


@dataclass(frozen=True, slots=True)
class Candidate(Generic[PlanT]):
    """A plan with its estimates: system energy in the cost table's unit, total core cycles, DRAM bits."""

    plan: PlanT
    energy: float
    cycles: float
    dram_bits: float

    def score(self, objective: Objective) -> float:
        """Return what an objective makes least."""
        return {
            Objective.ENERGY: self.energy,
            Objective.DELAY: self.cycles,
            Objective.EDP: self.energy * self.cycles,
            Objective.DRAM: self.dram_bits,
        }[objective]


@dataclass(frozen=True, slots=True)
class Findings(Generic[PlanT]):
    """The best plans, best first, and how many were legal and how many of these had to be evaluated in full."""

    candidates: tuple[Candidate[PlanT], ...]
    legal: int
    evaluated: int
