"""Layer shapes: the numbers that define one CONV or FC layer (design of JSSC 2017, Table I).

A shape is what the array works on: padded, and trimmed to the rows and columns that some window covers.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sim.errors import InputError


class LayerKind(StrEnum):
    """What the network calls the layer; the hardware runs all three as convolutions."""

    CONV = "conv"
    DEPTHWISE = "depthwise"
    FC = "fc"


@dataclass(frozen=True, slots=True)
class Shape:
    """One layer's loop bounds, without the batch.

    G groups; per group: M filters, C channels. H x W ifmap (padded, trimmed), R x S filter, E x F ofmap,
    Uy x Ux stride. H = (E - 1) * Uy + R and W = (F - 1) * Ux + S hold always.
    """

    G: int
    M: int
    C: int
    R: int
    S: int
    E: int
    F: int
    Uy: int = 1
    Ux: int = 1

    @property
    def H(self) -> int:
        """The ifmap rows that some window covers."""
        return (self.E - 1) * self.Uy + self.R

    @property
    def W(self) -> int:
        """The ifmap columns that some window covers."""
        return (self.F - 1) * self.Ux + self.S

    @property
    def macs(self) -> int:
        """The number of MACs of one image, gated or not."""
        return self.G * self.M * self.C * self.R * self.S * self.E * self.F

    @property
    def weights(self) -> int:
        """The number of filter words, without biases."""
        return self.G * self.M * self.C * self.R * self.S


@dataclass(frozen=True, slots=True)
class Padding:
    """The zero rows and columns around the stored ifmap."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


@dataclass(frozen=True, slots=True)
class BitWidths:
    """The bits of one word of each tensor; ofmaps are as wide as psums where they have no width of their own."""

    ifmap: int = 16
    filter: int = 16
    psum: int = 16
    own_ofmap: int | None = None

    @property
    def ofmap(self) -> int:
        """The bits of an ofmap word as DRAM holds it, once it is finished and rectified."""
        return self.psum if self.own_ofmap is None else self.own_ofmap


@dataclass(frozen=True, slots=True)
class GivenTensors:
    """The `.npy` files of a layer's stored ifmap (N, G C, h, w) and filters (G M, C, R, S), where it has them."""

    ifmap: Path | None = None
    filters: Path | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network: its shape, its data and how they are stored.

    `stored_height` x `stored_width` is the ifmap without padding. Zero fractions are over stored values, 0 to 1;
    filters are dense unless said otherwise. `coded_ifmap` is false where DRAM holds the ifmap uncompressed (the
    network's own input).
    """

    name: str
    kind: LayerKind
    shape: Shape
    stored_height: int
    stored_width: int
    padding: Padding = field(default_factory=Padding)
    ifmap_zeros: float = 0.0
    ofmap_zeros: float = 0.0
    relu: bool = True
    coded_ifmap: bool = True
    bits: BitWidths = field(default_factory=BitWidths)
    mapping: tuple[tuple[str, int], ...] | None = None
    filter_zeros: float = 0.0
    given: GivenTensors = field(default_factory=GivenTensors)


def with_data(layer: Layer, bits: Dict[str, int], zeros: Dict[str, float]) -> Layer:
    """Hand a layer other bitwidths and zero fractions, by tensor; given tensors have no say beside these."""
    fractions: dict[str, Any] = {f"{tensor}_zeros": fraction for tensor, fraction in zeros.items()}
    given = GivenTensors() if zeros else layer.given
    found = replace(layer.bits, **{"own_ofmap" if tensor == "ofmap" else tensor: bits[tensor] for tensor in bits})
    if found.ofmap > found.psum:
        wrong = f"ofmap words of {found.ofmap} b in layer {layer.name}"
        raise InputError.located("bits", ["ofmap"], wrong=wrong, allowed=f"at most its psums' {found.psum} b")
    return replace(layer, bits=found, given=given, **fractions)
