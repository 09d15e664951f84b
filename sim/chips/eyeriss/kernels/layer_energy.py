"""Energy of a mapped layer in closed form: words moved times their costs, fmaps in DRAM, and time."""

from typing import NamedTuple

from sim.chips.eyeriss.kernels.layer_time import fmap_traffic, sum_cycles
from sim.chips.eyeriss.kernels.loop_cuts import cut_channels, cut_filters, cut_rows_and_images
from sim.chips.eyeriss.kernels.pass_time import times_sent
from sim.kernels import compiled


class MappingEstimate(NamedTuple):
    """What the mapper compares: system energy, total core cycles, DRAM bits."""

    energy: float
    cycles: float
    dram_bits: float


@compiled
def times_sent_for_all_strips(facts, e):
    """Add up, over the strips of a layer, how often a filter word goes on the bus."""
    full, rest = facts.E // e, facts.E % e
    return full * times_sent(facts, e, e) + (times_sent(facts, rest, e) if rest else 0)


@compiled
def moved_energy(facts, costs, filter_cuts, channel_cuts, strips):
    """Return the energy of all words on the chip and of filters from DRAM, but for what no mapping changes."""
    R, S, E, F = facts.R, facts.S, facts.E, facts.F
    width = (F - 1) * facts.Ux + S
    rows = (E - strips.number) * facts.Uy + strips.number * R
    rows_sent = (E - strips.number) * min(facts.Uy, R) + strips.number * R
    columns_sent = (F - 1) * min(facts.Ux, S) + S
    fmaps = facts.N * facts.G
    channels = fmaps * facts.C
    weights = facts.G * facts.M * facts.C * R * S * strips.image_groups
    outputs = fmaps * facts.M * E * F
    return (
        channels * rows * width * filter_cuts.groups * costs.ifmap_fill
        + weights * strips.number * costs.filter_fetch
        + weights * times_sent_for_all_strips(facts, strips.e) * costs.filter_send
        + channels * rows_sent * columns_sent * filter_cuts.passes * costs.ifmap_send
        + channels * R * E * columns_sent * filter_cuts.sets * costs.ifmap_delivery
        + weights * E * costs.filter_delivery
        + outputs * (channel_cuts.passes - 1) * (costs.psum_out + costs.psum_in)
        + outputs * (channel_cuts.sets * R - channel_cuts.passes) * costs.psum_hop
    )


@compiled
def system_energy(costs, moved, ifmap_bits, ofmap_bits, cycles, active_pes):
    """Add up the energy of words moved, of fmaps in DRAM, of what no mapping changes, and of time."""
    fmaps = ifmap_bits * costs.dram_ifmap_bit + ofmap_bits * costs.dram_ofmap_bit
    return moved + fmaps + costs.fixed + cycles * (costs.cycle + active_pes * costs.pe_cycle)


@compiled
def evaluate(facts, transfers, costs, mapping, stored):
    """Estimate a mapped layer; a channel has `stored` values in all strips."""
    filter_cuts = cut_filters(facts, mapping.m, mapping.p, mapping.t)
    channel_cuts = cut_channels(facts, mapping.q, mapping.r)
    strips = cut_rows_and_images(facts, mapping.e, mapping.n, stored)
    ifmap_bits, ofmap_bits, waits = fmap_traffic(facts, transfers, filter_cuts.groups, channel_cuts.passes, strips)
    cycles, _ = sum_cycles(facts, transfers, mapping, filter_cuts, waits)
    moved = moved_energy(facts, costs, filter_cuts, channel_cuts, strips)
    active_pes = facts.R * mapping.e * mapping.r * mapping.t
    energy = system_energy(costs, moved, ifmap_bits, ofmap_bits, cycles, active_pes)
    weights = facts.G * facts.M * facts.C * facts.R * facts.S
    filter_bits = weights * strips.image_groups * strips.number * facts.filter_bits
    return MappingEstimate(energy, cycles, filter_bits + ifmap_bits + ofmap_bits)
