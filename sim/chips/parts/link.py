"""The DRAM link: one bus for both directions, on its own clock, shared in bursts by priority (JSSC 2017, IV-A).

Receives requests to move link words one way; hands back an event that fires when the last word is through; counts
words and direction changes. Requests of the same instant are sorted before one is served, so their order of arrival
cannot matter.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import simpy
from simpy.events import EventPriority

from sim.chips.parts.clock import Clocks, now, to_next_edge
from sim.chips.parts.description import LinkDomain
from sim.chips.parts.probes import Probes

_AFTER_ALL_OTHERS = EventPriority(2)  # SimPy's priorities are 0 (urgent) and 1 (normal); a larger one waits for both


class Purpose(IntEnum):
    """What a transfer is for; the smallest goes first, since the array waits for it."""

    OFMAP_STORE = 0
    IFMAP_LOAD = 1
    FILTER_PRELOAD = 2


@dataclass(slots=True)
class Transfer:
    """A request in service or waiting: its link words, and ticks by which the codec is slower than the link.

    `begun` is the tick of its first word, -1 before it; `counts` is what it is told with.
    """

    purpose: Purpose
    words_left: int
    extra_ticks: int
    done: simpy.Event
    counts: dict[str, int] | None
    words_through: int = 0
    begun: int = -1

    @property
    def writes(self) -> bool:
        """Whether it goes towards DRAM."""
        return self.purpose is Purpose.OFMAP_STORE


class _LastOfInstant(simpy.Event):
    """An event that fires, once told to, in the same instant but after every other event of it."""

    def fire(self) -> None:
        """Come last in this instant."""
        self._ok = True
        self._value = None
        self.env.schedule(self, priority=_AFTER_ALL_OTHERS)


class Link:
    """The server of transfers, the most urgent first; only a filter preload can be interrupted, and only between
    bursts.
    """

    def __init__(self, env: simpy.Environment, domain: LinkDomain, clocks: Clocks, probes: Probes) -> None:
        self._env = env
        self._domain = domain
        self._clocks = clocks
        self._probes = probes
        self._waiting: list[Transfer] = []
        self._wake: _LastOfInstant | None = None
        self._server: simpy.Process | None = None
        self._preloading = False
        self._wrote = False
        self.words_moved = 0
        self.turnarounds = 0

    def words_for(self, bits: int) -> int:
        """Return the link words that carry `bits`."""
        return -(-bits // self._domain.width)

    def request(
        self, purpose: Purpose, words: int, *, stream_ticks: int = 0, values: int = 0, bits: int = 0
    ) -> simpy.Event:
        """Ask for `words` link words to be moved; the event fires when they are, with the tick of the first.

        `stream_ticks` is how long the codec at the other end needs for the whole stream, where that is longer.
        `values` and `bits` say what the words carry.
        """
        done = self._env.event()
        extra = max(0, stream_ticks - words * self._clocks.link_ticks)
        counts = {"values": values, "bits": bits} if bits and self._probes.observers else None
        self._waiting.append(Transfer(purpose, words, extra, done, counts))
        if self._preloading and purpose is not Purpose.FILTER_PRELOAD and self._server is not None:
            self._preloading = False
            self._server.interrupt()
        elif self._wake is not None and not self._wake.triggered:
            self._wake.fire()
        return done

    def serve(self) -> Generator[simpy.Event, Any, None]:
        """Run the arbiter for ever: wait until all requests of an instant are in, then serve the most urgent."""
        self._server = self._env.active_process
        while True:
            self._wake = _LastOfInstant(self._env)
            if self._waiting:
                self._wake.fire()
            yield self._wake
            transfer = min(self._waiting, key=lambda waiting: waiting.purpose)
            yield from self._move(transfer)

    def _time_to_start(self, transfer: Transfer) -> int:
        wait = to_next_edge(now(self._env), self._clocks.link_ticks)
        if transfer.writes != self._wrote:
            self.turnarounds += 1
            self._wrote = transfer.writes
            wait += self._domain.turnaround_cycles * self._clocks.link_ticks
        return wait

    def _move(self, transfer: Transfer) -> Generator[simpy.Event, Any, None]:
        """Move a transfer to its end, or a preload to the end of the burst in which something else is asked for."""
        wait = self._time_to_start(transfer)
        start = now(self._env) + wait
        if transfer.begun < 0:
            transfer.begun = start
        words = transfer.words_left
        # A slower codec holds the link: what it has not taken has nowhere to wait while others are served.
        ticks = words * self._clocks.link_ticks + transfer.extra_ticks
        self._preloading = transfer.purpose is Purpose.FILTER_PRELOAD
        try:
            yield self._env.timeout(wait + ticks)
        except simpy.Interrupt:
            # The array will wait for what has come; the preload is a pass ahead. The burst that is begun, or about to
            # be, goes through; the rest stays among the waiting and starts again, in its turn.
            words, ticks = self._cut_short(transfer, start, ticks)
            yield self._env.timeout(start + ticks - now(self._env))
        self._preloading = False
        first = transfer.words_through
        transfer.words_left -= words
        transfer.words_through += words
        self.words_moved += words
        what, last = transfer.purpose.name.lower(), first + words - 1
        self._probes.tell("link", start, start + ticks, what, first=first, last=last, counts=transfer.counts)
        if transfer.words_left == 0:
            self._waiting.remove(transfer)
            transfer.done.succeed(transfer.begun)

    def _cut_short(self, transfer: Transfer, start: int, ticks: int) -> tuple[int, int]:
        """Return the words and the ticks of the bursts that are begun by now; at least one is."""
        burst_ticks = self._domain.burst_words * self._clocks.link_ticks
        bursts = max(1, -(-(now(self._env) - start) // burst_ticks))
        words = bursts * self._domain.burst_words
        return (transfer.words_left, ticks) if words >= transfer.words_left else (words, bursts * burst_ticks)
