"""The RLC codec between link and GLB: codes and expands the actual stream (JSSC 2017, Section IV-C).

Receives the values of a tile in the order in which the GLB holds them; hands on how many bits DRAM holds for them and
how long codec and link need for them together; counts values in and out. Raises ModelError if what comes out of the
decoder is not what went into the encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.machine import RunLengthCode
from sim.chips.parts.clock import Clocks
from sim.errors import ModelError
from sim.kernels.rlc import decode_rlc, encode_rlc, stream_ticks

Values = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Stream:
    """A tile's stream in DRAM: its values, its bits, the ticks through codec and link, and if it is coded."""

    values: int
    bits: int
    ticks: int
    coded: bool


class Codec:
    """The coder of fmaps on their way to DRAM, and their decoder on the way back; it passes them through where it is
    off.
    """

    def __init__(self, code: RunLengthCode, clocks: Clocks, *, link_width: int) -> None:
        self._code = code
        self._clocks = clocks
        self._link_width = link_width
        self._words = np.empty(0, np.uint64)
        self._covered = np.empty(0, np.int64)
        self._expanded = np.empty(0, np.int16)
        self.values_coded = 0
        self.values_expanded = 0

    def write(self, values: Values, *, value_bits: int, held: Values | None = None) -> Stream:
        """Code `values` for DRAM; put what DRAM holds then, expanded again, into `held`."""
        if not self._code.enabled:
            if held is not None:
                held[:] = values
            return self._raw(values.size, value_bits, code_first=True)
        used = self._encode(values)
        self.values_coded += values.size
        if held is not None:
            self._expand_and_check(values, used)
            held[:] = self._expanded[: values.size]
        return self._stream(values.size, used, code_first=True)

    def read(self, values: Values, *, value_bits: int, coded: bool) -> Stream:
        """Expand the stream in which DRAM holds `values`, and check that they come back."""
        if not (self._code.enabled and coded):
            return self._raw(values.size, value_bits, code_first=False)
        used = self._encode(values)
        self._expand_and_check(values, used)
        self.values_expanded += values.size
        return self._stream(values.size, used, code_first=False)

    def _encode(self, values: Values) -> int:
        self._grow(values.size)
        code = self._code
        return int(encode_rlc(values, self._words, self._covered, code.run, code.level, code.pairs))

    def _expand_and_check(self, values: Values, used: int) -> None:
        code = self._code
        expanded = self._expanded[: values.size]
        made, read = decode_rlc(self._words, used, expanded, code.run, code.level, code.pairs)
        if made != values.size or read != used:
            raise ModelError("codec conserves words", f"{values.size} values went in, {made} came out")
        if not np.array_equal(expanded, values):
            place = int(np.argmax(expanded != values))
            raise ModelError("codec conserves values", f"value {place} was {values[place]}, is {expanded[place]}")

    def _stream(self, values: int, used: int, *, code_first: bool) -> Stream:
        ticks = stream_ticks(
            self._covered,
            used,
            self._code.values_per_cycle,
            self._clocks.core_ticks,
            self._clocks.link_ticks,
            code_first,
        )
        return Stream(values, used * self._link_width, int(ticks), coded=True)

    def _raw(self, values: int, value_bits: int, *, code_first: bool) -> Stream:
        """Describe uncoded values: whole values packed into link words, unpacked at the codec's rate."""
        bits = values * value_bits
        words = -(-bits // self._link_width)
        covered = np.full(words, max(1, self._link_width // value_bits), np.int64)
        clocks = self._clocks
        rate = self._code.values_per_cycle
        ticks = stream_ticks(covered, words, rate, clocks.core_ticks, clocks.link_ticks, code_first)
        return Stream(values, bits, int(ticks), coded=False)

    def _grow(self, values: int) -> None:
        """Make room for the longest code of so many values: one pair a value."""
        if self._expanded.size < values:
            self._words = np.empty(values, np.uint64)
            self._covered = np.empty(values, np.int64)
            self._expanded = np.empty(values, np.int16)
