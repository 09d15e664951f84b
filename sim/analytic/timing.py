"""Cycles in closed form: what bounds a pass, and how passes and DRAM traffic add up to a layer.

A pass loads its filters, then is bound by the slowest of three things that run together: the PEs, the psum buses, the
ifmap bus. Each bound begins and ends with a part that can't overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from sim.analytic.coding import FmapBits
from sim.analytic.loops import Loops
from sim.arch import Machine
from sim.layer import BitWidths


@dataclass(frozen=True, slots=True)
class PassSize:
    """Hold a pass's tile: images, ofmap rows, filters, channels."""

    images: int
    rows: int
    filters: int
    channels: int


@dataclass(frozen=True, slots=True)
class PassCycles:
    """Hold a pass's core cycles, and those of its filter load."""

    load: int
    total: int


@dataclass(frozen=True, slots=True)
class LayerCycles:
    """Hold a layer's core cycles without and with the waits for fmaps; the configuration is not in them."""

    processing: int
    total: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Hold the words that each bus moves a cycle."""

    filters: int
    ifmaps: int
    psums: int

    @staticmethod
    def of(machine: Machine, bits: BitWidths) -> Rates:
        """Give the rates for words of a layer's widths; psums go at the slower of their two buses."""
        noc = machine.noc
        return Rates(
            filters=noc.gin_filter // bits.filter,
            ifmaps=noc.gin_ifmap // bits.ifmap,
            psums=min(noc.gon, noc.gin_psum) // bits.psum,
        )


def pass_cycles(size: PassSize, loops: Loops, rates: Rates, *, stages: int) -> PassCycles:
    """Bound one pass."""
    shape, mapping = loops.shape, loops.mapping
    filter_sets = -(-size.filters // mapping.p)
    channel_sets = -(-size.channels // mapping.q)
    load = _filter_load(size, loops, rates, filter_sets, channel_sets)
    p, q = -(-size.filters // filter_sets), -(-size.channels // channel_sets)
    chains = size.rows * filter_sets
    columns = size.images * shape.F
    macs = p * q * shape.S
    slide_y, slide_x = min(shape.Uy, shape.R), min(shape.Ux, shape.S)
    strip_rows = (size.rows - 1) * slide_y + shape.R
    ifmap_column = -(-strip_rows * size.channels // rates.ifmaps)
    psum_column = size.rows * size.filters / rates.psums
    climb = channel_sets * shape.R + stages
    # The last PE gets its first word after most of a column, and works off a window at the bus's pace or its own.
    first = ifmap_column * size.channels**0 + max(macs, ifmap_column * (shape.S - 1) + p * q)
    per_column = max(macs, ifmap_column * slide_x)
    refill = max(0, ifmap_column * shape.S - macs) if per_column > macs else 0
    by_pes = (
        first + (columns - 1) * per_column + (size.images - 1) * refill + min(psum_column, chains * p / rates.psums)
    )
    by_psums = macs + p * q + columns * psum_column
    return PassCycles(load, round(load + max(by_pes, by_psums) + climb))


def _filter_load(size: PassSize, loops: Loops, rates: Rates, filter_sets: int, channel_sets: int) -> int:
    """Count the filter bus's cycles: a row of PEs takes its own bus words."""
    shape = loops.shape
    cycles = 0
    for filters, f_count in _shares(size.filters, filter_sets):
        for channels, c_count in _shares(size.channels, channel_sets):
            cycles += f_count * c_count * shape.R * -(-filters * channels * shape.S // rates.filters)
    return cycles


def _shares(total: int, sets: int) -> tuple[tuple[int, int], ...]:
    share, rest = divmod(total, sets)
    return ((share + 1, rest), (share, sets - rest))


def layer_cycles(loops: Loops, machine: Machine, bits: BitWidths, fmap_bits: FmapBits) -> LayerCycles:
    """Add up a layer's passes, the filter fetches that they don't hide, and the fmap traffic."""
    rates = Rates.of(machine, bits)
    per_link_word = machine.core.clock / machine.link.clock
    processing = _first_fetch(loops, machine, bits) * per_link_word
    hidden = _hidden_by_a_load(loops, machine, per_link_word)
    window = loops.shape.R * loops.shape.S
    for images, rows, filters, channels in product(loops.images, loops.strips, loops.filters, loops.channels):
        size = PassSize(images.size, rows.size, filters.size, channels.size)
        one = pass_cycles(size, loops, rates, stages=machine.pe.pipeline_stages)
        fetch = -(-filters.size * channels.size * window * bits.filter // machine.link.width) * per_link_word
        stall = max(0.0, fetch - (one.total - one.load)) if machine.overlap.filters else fetch
        repeats = loops.shape.G * images.count * rows.count * filters.count * channels.count
        processing += (one.total + stall - min(stall, hidden)) * repeats
    total = processing + _fmap_waits(loops, machine, fmap_bits, processing)
    return LayerCycles(round(processing), round(total))


def _hidden_by_a_load(loops: Loops, machine: Machine, per_link_word: float) -> float:
    """Estimate the cycles of a filter fetch, a pass, that fall in the wait for the next tile's ifmaps.

    The load waits for the end of the preload's burst, half a burst on average, and crosses into the core's clock
    while the preload goes on.
    """
    held = sum(chunk.count for chunk in loops.filter_groups)
    loads_per_pass = held / loops.filter_passes
    return loads_per_pass * (machine.link.burst_words / 2 * per_link_word + _crossing(machine))


def _crossing(machine: Machine) -> float:
    """Give the mean cycles from a transfer's end to the core's seeing it."""
    return machine.link.fifo_sync_cycles + 0.5


def _first_fetch(loops: Loops, machine: Machine, bits: BitWidths) -> int:
    """Count the link words of the first pass's filters: there is no pass before it to hide them."""
    shape = loops.shape
    words = loops.filters[0].size * loops.channels[0].size * shape.R * shape.S
    return -(-words * bits.filter // machine.link.width)


def _fmap_waits(loops: Loops, machine: Machine, fmap_bits: FmapBits, processing: float) -> float:
    """Estimate the cycles in which the array waits for fmaps; with overlap only what processing does not hide."""
    per_link_word = machine.core.clock / machine.link.clock
    stores = sum(chunk.count for chunk in loops.filter_groups)
    stores *= loops.shape.G * loops.image_groups * loops.strip_count
    loads = stores * loops.channel_passes
    waits = 0.0
    for bits, values in (
        (fmap_bits.ifmap_read, fmap_bits.values_read),
        (fmap_bits.ofmap_written, fmap_bits.values_written),
    ):
        waits += max(bits / machine.link.width * per_link_word, values / machine.rlc.values_per_cycle)
    # A transfer begins on the link's next edge, half a link cycle away on average.
    waits += (loads + stores) * (per_link_word / 2 + _crossing(machine))
    return max(0.0, waits - processing) if machine.overlap.fmaps else waits
