"""What people see of a mapper's findings: the best mappings, and what the second lost by."""

from __future__ import annotations

from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.search import Findings, Goal, Objective
from sim.ledger.energy import energy_of
from sim.ledger.results import Energy
from sim.networks.layer import Layer
from sim.runs.request import Inputs
from sim.views.console import energy_unit


@dataclass(frozen=True, slots=True)
class Mapped:
    """A layer, its folding, and what the mapper found."""

    layer: Layer
    folded: Folded
    goal: Goal
    findings: Findings


def _layer_table(one: Mapped, inputs: Inputs) -> Table:
    unit = energy_unit(inputs.table.unit)
    table = Table(box=None, pad_edge=False, header_style="bold", title=None)
    table.add_column(escape(one.layer.name), no_wrap=True)
    for head in ("m n e p q r t", f"energy {unit}", "total ms", "DRAM MB", "behind %"):
        table.add_column(head, justify="right" if head[0] != "m" else "left", no_wrap=True)
    best = _score(one, 0)
    for place, candidate in enumerate(one.findings.candidates):
        table.add_row(
            str(place + 1),
            " ".join(map(str, candidate.mapping.as_dict().values())),
            f"{candidate.energy / 1e6:.3f}",
            f"{candidate.cycles / inputs.machine.core.clock * 1e3:.3f}",
            f"{candidate.dram_bits / 8e6:.3f}",
            f"{100 * (_score(one, place) / best - 1):.3f}" if best else "0",
        )
    return table


def _score(one: Mapped, place: int) -> float:
    candidate = one.findings.candidates[place]
    return {
        Objective.ENERGY: candidate.energy,
        Objective.DELAY: candidate.cycles,
        Objective.EDP: candidate.energy * candidate.cycles,
        Objective.DRAM: candidate.dram_bits,
    }[one.goal.objective]


def _notes(one: Mapped, inputs: Inputs) -> list[str]:
    """State what was folded, and by what the second lost to the first."""
    notes = [f"folded: {note}" for note in one.folded.notes]
    if len(one.findings.candidates) < 2:
        return [*notes, "there is no other legal mapping"]
    first, second = (_energy(one, inputs, place) for place in (0, 1))
    gaps = {level: second.by_level[level] - first.by_level[level] for level in first.by_level}
    ranked = sorted(gaps.items(), key=lambda gap: -abs(gap[1]))
    parts = [f"{level} {100 * gap / first.system:+.3f} %" for level, gap in ranked if abs(gap) > 1e-9 * first.system]
    return [*notes, f"the second differs by {', '.join(parts[:4])} of the winner's energy" if parts else "a tie"]


def _energy(one: Mapped, inputs: Inputs, place: int) -> Energy:
    machine = inputs.machine
    job = Job(one.layer, one.folded, one.findings.candidates[place].mapping, inputs.batch)
    run = AnalyticModel(machine, one.goal.code).run(job)
    return energy_of(
        run.ledger,
        inputs.table,
        bits=one.layer.bits,
        cycles=run.total_cycles,
        clock_hz=machine.core.clock,
        active_pes=run.active_pes,
    )
