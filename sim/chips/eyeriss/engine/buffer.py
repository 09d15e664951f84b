"""The global buffer: banks for ifmaps, for psums and for filters, and every word in and out (JSSC 2017, Section IV-B).

Receives fills and drains by tensor; counts words and bits in the ledger; refuses, with ModelError, to hold more than
its banks or to give what it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import simpy

from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import GlobalBuffer
from sim.chips.parts.clock import now
from sim.chips.parts.probes import Probes
from sim.errors import ModelError
from sim.ledger.counts import Direction, Ledger, Tensor

LevelTeller = Callable[[str, int], None]


def level_teller(env: simpy.Environment, probes: Probes) -> LevelTeller:
    """Return a function that tells the bits that banks hold from this instant on."""

    def tell(name: str, bits: int) -> None:
        probes.tell(f"glb {name}", now(env), now(env), "holds", counts={"bits": bits})

    return tell


@dataclass(slots=True)
class Region:
    """Some banks given to one kind of data for a layer: their capacity and what is in them, in bits."""

    name: str
    banks: int
    capacity_bits: int
    held_bits: int = 0
    tell: LevelTeller | None = None

    def put(self, bits: int) -> None:
        """Take `bits` in."""
        self.held_bits += bits
        if self.held_bits > self.capacity_bits:
            raise ModelError(
                "GLB capacity",
                f"{self.name} banks hold {self.capacity_bits} bits, {self.held_bits} were put in",
            )
        if self.tell is not None:
            self.tell(self.name, self.held_bits)

    def drop(self, bits: int) -> None:
        """Forget `bits`."""
        self.held_bits -= bits
        if self.held_bits < 0:
            raise ModelError("GLB holds what it gives", f"{self.name} banks gave {-self.held_bits} bits too many")
        if self.tell is not None:
            self.tell(self.name, self.held_bits)


@dataclass(slots=True)
class Buffer:
    """The GLB of one layer: its regions, and the ledger that they count in."""

    ledger: Ledger
    ifmap: Region
    psum: Region
    filter: Region
    _word_bits: dict[Tensor, int] = field(default_factory=dict)

    def count(self, tensor: Tensor, direction: Direction, words: int) -> None:
        """Count `words` of `tensor` into (WRITE) or out of (READ) the GLB."""
        self.ledger.add(Level.GLB, tensor, direction, words, bits=words * self._word_bits[tensor])


def make_buffer(
    glb: GlobalBuffer,
    ledger: Ledger,
    *,
    ifmap_banks: int,
    psum_banks: int,
    word_bits: dict[Tensor, int],
    tell: LevelTeller | None = None,
) -> Buffer:
    """Split the fmap banks for a layer."""
    if ifmap_banks + psum_banks > glb.fmap_banks:
        raise ModelError("GLB banks", f"{ifmap_banks} + {psum_banks} banks of {glb.fmap_banks}")

    def region(name: str, banks: int) -> Region:
        return Region(name, banks, banks * glb.bank_bits, tell=tell)

    return Buffer(
        ledger,
        region("ifmap", ifmap_banks),
        region("psum", psum_banks),
        region("filter", glb.filter_banks),
        word_bits,
    )
