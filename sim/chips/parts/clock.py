"""Two clocks on one time line: integer ticks in which both the core's and the link's cycles are whole."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever only converts ticks does without the engine's library
    import simpy


@dataclass(frozen=True, slots=True)
class Clocks:
    """The length of each domain's cycle in ticks."""

    core_ticks: int
    link_ticks: int
    ticks_per_second: int

    def core_cycles(self, ticks: int) -> int:
        """Return the core cycles that `ticks` last, a begun one counted whole."""
        return -(-ticks // self.core_ticks)


def make_clocks(core_hz: int, link_hz: int) -> Clocks:
    """Find the coarsest tick in which both cycles are whole."""
    rate = lcm(core_hz, link_hz)
    return Clocks(core_ticks=rate // core_hz, link_ticks=rate // link_hz, ticks_per_second=rate)


def to_next_edge(now: int, cycle_ticks: int) -> int:
    """Return the ticks from `now` to the next edge of a clock, 0 on an edge."""
    return -now % cycle_ticks


def now(env: simpy.Environment) -> int:
    """Return the present tick; the engine schedules whole ticks only."""
    return int(env.now)
