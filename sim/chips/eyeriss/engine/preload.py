"""Filter preload: the filters of the next pass come from DRAM into the filter banks while one pass runs.

Receives the sizes of the passes' filters in order and a sign that the banks are free again; hands on a sign that a
pass's filters are there, and since when; counts the words.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import simpy

from sim.chips.eyeriss.engine.buffer import Buffer
from sim.chips.eyeriss.levels import Level
from sim.chips.parts.clock import now
from sim.chips.parts.link import Link, Purpose
from sim.chips.parts.probes import Probes
from sim.ledger.counts import Direction, Ledger, Tensor


class FilterPreload:
    """The process that keeps the filter banks filled one pass ahead."""

    def __init__(
        self, env: simpy.Environment, link: Link, buffer: Buffer, ledger: Ledger, probes: Probes, *, word_bits: int
    ) -> None:
        self._link = link
        self._buffer = buffer
        self._ledger = ledger
        self._probes = probes
        self._word_bits = word_bits
        self._env = env
        self._ready = env.event()
        self._banks_free = env.event().succeed()
        self._held_bits = 0
        self.ready_since = 0

    def fill(self, filter_words: Iterable[int]) -> Generator[simpy.Event, Any, None]:
        """Run through all passes' filters."""
        for words in filter_words:
            yield self._banks_free
            self._banks_free = self._env.event()
            bits = words * self._word_bits
            request = self._link.request(Purpose.FILTER_PRELOAD, self._link.words_for(bits), values=words, bits=bits)
            begun = yield request
            self._ledger.add(Level.DRAM, Tensor.FILTER, Direction.READ, words, bits=bits)
            self._buffer.filter.put(bits)
            self._held_bits = bits
            self._buffer.count(Tensor.FILTER, Direction.WRITE, words)
            self.ready_since = now(self._env)
            if self._probes.observers:
                self._probes.tell("glb filter", begun, self.ready_since, "fill", counts={"words": words})
            self._ready.succeed()

    def wait(self) -> simpy.Event:
        """Return an event for the next pass's filters being in their banks."""
        return self._ready

    def release(self) -> None:
        """Return the banks back once a pass has its filters in the array."""
        self._buffer.filter.drop(self._held_bits)
        self._ready = self._env.event()
        self._banks_free.succeed()
