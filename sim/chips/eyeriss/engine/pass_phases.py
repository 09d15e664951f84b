"""The phases of a pass, told network by network: filters in, then ifmaps and psums in and out, then the last psums out.

The pass kernel counts words and knows when filters are in and when the last MAC is done; it keeps no record of when
each word moved. An interval on a network is therefore the phase in which its words move, not a time when it is busy.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.eyeriss.engine.pe_array import PassRun
from sim.chips.eyeriss.kernels import pass_layout
from sim.chips.eyeriss.mapping.row_stationary import Span
from sim.chips.parts.clock import Clocks
from sim.chips.parts.probes import Probes


@dataclass(frozen=True, slots=True)
class PassPhases:
    """The ticks of a pass: when the array is given to it, when its filters are in the GLB, and its end.

    `early` ticks of the filter load, from `early_from`, were in the drain of the pass before; the rest, which may be
    none, begins at `load_from`.
    """

    begun: int
    ready: int
    early_from: int
    early: int
    load_from: int
    end: int
    clocks: Clocks


def tell_phases(probes: Probes, phases: PassPhases, run: PassRun, filters: Span, counts: dict[str, int]) -> None:
    """Tell a pass, with its `counts`, and what went over each network in it."""
    core, end = phases.clocks.core_ticks, phases.end
    first, last = filters.start, filters.stop - 1
    counts["cycles"] = phases.clocks.core_cycles(end - phases.begun)
    probes.tell("array", phases.begun, end, "filters", first=first, last=last, counts=counts)
    if phases.ready > phases.begun:
        probes.tell("waits", phases.begun, phases.ready, "filters")
    count = run.counters.tolist()
    left = run.filter_cycles * core - phases.early
    filters_in = phases.load_from + left
    drained_from = end - run.drain_cycles * core
    words = {"words": count[pass_layout.GIN_FILTER_WORDS], "deliveries": count[pass_layout.GIN_FILTER_DELIVERIES]}
    for start, ticks in ((phases.early_from, phases.early), (phases.load_from, left)):
        if ticks:
            counts = words if start == phases.load_from or not left else {}
            probes.tell("gin filter", start, start + ticks, "filters", first=first, last=last, counts=counts)
    ifmaps = {
        "words": count[pass_layout.GIN_IFMAP_WORDS],
        "deliveries": count[pass_layout.GIN_IFMAP_DELIVERIES],
        "stalled_cycles": count[pass_layout.IFMAP_STALLS],
    }
    probes.tell("gin ifmap", filters_in, drained_from, "ifmaps", counts=ifmaps)
    if run.psums_in:
        psums = {"words": run.psums_in, "conflict_cycles": count[pass_layout.BANK_CONFLICTS]}
        probes.tell("gin psum", filters_in, end, "psums in", counts=psums)
    probes.tell("gon", filters_in, end, "psums out", counts={"words": run.psums_out})
    if run.drain_cycles:
        probes.tell("gon", drained_from, end, "drain")
