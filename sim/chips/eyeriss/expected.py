"""What densities alone tell of a layer's values: their bits in DRAM under a code, and the MACs that are not gated."""

from __future__ import annotations

from sim.chips.eyeriss.machine import Machine
from sim.chips.parts.description import Gating
from sim.codes.expected import FmapCode, StreamBits, raw_bits, run_length_bits, significance_map_bits
from sim.networks.coverage import live_products
from sim.networks.layer import Layer


def code_of(machine: Machine) -> FmapCode:
    """Return the code that a machine's own codec speaks."""
    return FmapCode.RLC if machine.rlc.enabled else FmapCode.NONE


def stream_bits(code: FmapCode, machine: Machine, *, zeros: float, width: int, coded: bool) -> StreamBits:
    """Return the mean bits of values that are zero with fraction `zeros`, independently of their neighbours."""
    if code is FmapCode.NONE or not coded:
        return raw_bits(width)
    if code is FmapCode.SIGNIFICANCE_MAP:
        return significance_map_bits(zeros=zeros, width=width)
    return run_length_bits(zeros=zeros, run=machine.rlc.run, pairs=machine.rlc.pairs, word=machine.link.width)


def ifmap_stream_bits(code: FmapCode, machine: Machine, layer: Layer) -> StreamBits:
    """Return the mean bits of a layer's ifmap streams."""
    coded = layer.coded_ifmap or machine.rlc.codes_network_input
    return stream_bits(code, machine, zeros=layer.ifmap_zeros, width=layer.bits.ifmap, coded=coded)


def ofmap_stream_bits(code: FmapCode, machine: Machine, layer: Layer) -> StreamBits:
    """Return the mean bits of a layer's ofmap streams."""
    return stream_bits(code, machine, zeros=layer.ofmap_zeros, width=layer.bits.ofmap, coded=True)


def live_macs(layer: Layer, gating: Gating, *, batch: int) -> int:
    """Scale the MACs on stored values by the densities of what gates them."""
    shape = layer.shape
    if gating == Gating.OFF:
        return batch * shape.macs
    density = 1 - layer.ifmap_zeros
    if gating == Gating.EITHER_ZERO:
        density *= 1 - layer.filter_zeros
    return round(batch * shape.G * shape.M * shape.C * live_products(layer) * density)
