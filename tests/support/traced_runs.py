"""Two small layers, run under a timeline on machines of several kinds: what it says, and what it must agree with."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sim.chips.contract import Planned
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.parts.probes import Probes
from sim.files.catalogue import find_cost_table, find_machine
from sim.ledger.counts import Direction, Tensor
from sim.ledger.energy import read_cost_table
from sim.ledger.results import LayerResult
from sim.networks.layer import Layer, LayerKind, Shape
from sim.runs.runner import Planner, Runner
from sim.runs.timeline import Draft, Timeline

CHIP = Eyeriss()
COMPONENTS = ("layer", *(track.component for track in CHIP.tracks))  # from top to bottom of a timeline
MACHINE = read_machine(find_machine("eyeriss"))
COSTS = read_cost_table(find_cost_table("eyeriss-65nm"))
LAYER = Layer(
    name="a",
    kind=LayerKind.CONV,
    shape=Shape(G=2, M=20, C=6, R=3, S=3, E=13, F=13),
    stored_height=15,
    stored_width=15,
    ifmap_zeros=0.6,
    ofmap_zeros=0.5,
    mapping=tuple({"m": 10, "n": 1, "e": 7, "p": 5, "q": 2, "r": 1, "t": 2}.items()),
)
LAYERS = (LAYER, replace(LAYER, name='"b"/ä', coded_ifmap=False, shape=replace(LAYER.shape, M=13, C=5)))


def vary(**sections: dict[str, object]) -> Machine:
    """Return the chip with some parts changed."""
    changed = {name: getattr(MACHINE, name).model_copy(update=fields) for name, fields in sections.items()}
    return MACHINE.model_copy(update=changed)


MACHINES = {
    "as published": MACHINE,
    "fmaps overlap": vary(overlap={"fmaps": True}),
    "filters wait": vary(overlap={"filters": False, "drain": False}),
    "no code": vary(rlc={"enabled": False}),
    "preloads are cut": vary(link={"clock": 7_000_000, "burst_words": 1}, overlap={"fmaps": True}),
    "clocks that don't fit": vary(core={"clock": 130_000_000}, link={"clock": 59_999_999}),
}


@dataclass(frozen=True)
class Traced:
    """A trace, and what it must agree with."""

    machine: Machine
    planned: Sequence[Planned]
    results: Sequence[LayerResult]
    content: bytes

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """All events."""
        return list(json.loads(self.content)["traceEvents"])

    @property
    def cycles(self) -> int:
        """The sum of the layers' core cycles."""
        return sum(result.run.total_cycles for result in self.results)

    def ns(self, cycles: int) -> int:
        """Return the nanosecond in which a core cycle begins."""
        return cycles * 10**9 // self.machine.core.clock

    def on(self, component: str) -> list[tuple[int, int, str, dict[str, int]]]:
        """Return the intervals of a component in their order: first nanosecond, end, name and args."""
        tid = COMPONENTS.index(component) + 1
        found = [event for event in self.events if event["ph"] == "X" and event["tid"] == tid]
        return [
            (round(one["ts"] * 1000), round(one["ts"] * 1000) + round(one["dur"] * 1000), one["name"], one["args"])
            for one in found
        ]

    def bits(self, tensor: Tensor, direction: Direction) -> tuple[int, int]:
        """Return what the ledgers count at DRAM: values and bits."""
        ledgers = [result.run.ledger for result in self.results]
        return (
            sum(ledger.count(Level.DRAM, tensor, direction) for ledger in ledgers),
            sum(int(ledger.bits[Level.DRAM, tensor, direction]) for ledger in ledgers),
        )


def trace(
    machine: Machine = MACHINE, layers: Sequence[Layer] = LAYERS, *, reuse: bool = True, compressed: bool = False
) -> Traced:
    """Run layers with batch 2 under a timeline."""
    planned, stream = Planner(CHIP, machine, COSTS, 2).plan(layers), io.BytesIO()
    timeline = Timeline(Draft(stream, compressed=compressed), CHIP, machine, {"workload": "w", "seed": 3})
    model = CycleModel(machine, reuse=reuse, probes=Probes([timeline.observe]))
    results = []
    for result in Runner(CHIP, machine, COSTS, model, 2, 3).run(planned):
        timeline.finish_layer(result)
        results.append(result)
    timeline.close(complete=True)
    return Traced(machine, planned, results, stream.getvalue())
