"""What densities alone tell of a layer's values: their bits in DRAM under a code, and the MACs that are not gated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sim.chips.eyeriss.machine import Machine
from sim.chips.parts.description import Gating
from sim.networks.coverage import live_products
from sim.networks.layer import Layer


class FmapCode(StrEnum):
    """What fmaps are coded with in DRAM."""

    SIGNIFICANCE_MAP = "significance_map"
    RLC = "rlc"
    NONE = "none"


def code_of(machine: Machine) -> FmapCode:
    """Return the code that a machine's own codec speaks."""
    return FmapCode.RLC if machine.rlc.enabled else FmapCode.NONE


@dataclass(frozen=True, slots=True)
class StreamBits:
    """Mean bits: of a stored value, of a value that is padding, and of a stream beside its values."""

    stored: float
    padding: float
    stream: float


def stream_bits(code: FmapCode, machine: Machine, *, zeros: float, width: int, coded: bool) -> StreamBits:
    """Return the mean bits of values that are zero with fraction `zeros`, independently of their neighbours.

    The significance map takes 1 bit for a zero and 1 + width for any other value (Asilomar 2017, Section III). Of
    the run-length code, a pair covers up to 2**run values and ends at the first that is not zero; a stream that ends
    in zeros takes a pair more, and its last code word is half empty on average.
    """
    if code is FmapCode.NONE or not coded:
        return StreamBits(width, width, 0.0)
    if code is FmapCode.SIGNIFICANCE_MAP:
        return StreamBits(1 + (1 - zeros) * width, 1.0, 0.0)
    longest = 1 << machine.rlc.run
    pairs = 1 / longest if zeros >= 1.0 else (1 - zeros) / (1 - zeros**longest)
    pair_bits = machine.link.width / machine.rlc.pairs
    ends = zeros + 0.5 * (machine.rlc.pairs - 1)
    return StreamBits(pairs * pair_bits, pair_bits / longest, ends * pair_bits)


def ifmap_stream_bits(code: FmapCode, machine: Machine, layer: Layer) -> StreamBits:
    """Return the mean bits of a layer's ifmap streams."""
    coded = layer.coded_ifmap or machine.rlc.codes_network_input
    return stream_bits(code, machine, zeros=layer.ifmap_zeros, width=layer.bits.ifmap, coded=coded)


def ofmap_stream_bits(code: FmapCode, machine: Machine, layer: Layer) -> StreamBits:
    """Return the mean bits of a layer's ofmap streams."""
    return stream_bits(code, machine, zeros=layer.ofmap_zeros, width=layer.bits.psum, coded=True)


def live_macs(layer: Layer, gating: Gating, *, batch: int) -> int:
    """Scale the MACs on stored values by the densities of what gates them."""
    shape = layer.shape
    if gating == Gating.OFF:
        return batch * shape.macs
    density = 1 - layer.ifmap_zeros
    if gating == Gating.EITHER_ZERO:
        density *= 1 - layer.filter_zeros
    return round(batch * shape.G * shape.M * shape.C * live_products(layer) * density)
