"""Cycles of a mapped layer in closed form: its passes, the fmaps between DRAM and GLB, and its configuration."""

from sim.chips.eyeriss.kernels.loop_cuts import ceil_div, cut_channels, cut_filters, cut_rows_and_images, piece
from sim.chips.eyeriss.kernels.pass_time import Pass, fetch_cycles, pass_cycles
from sim.kernels import compiled


@compiled
def fmap_traffic(facts, transfers, groups, channel_passes, strips):
    """Return (ifmap bits, ofmap bits, cycles) of the fmaps between DRAM and GLB, for so many groups of filters."""
    width = (facts.F - 1) * facts.Ux + facts.S
    rows = (facts.E - strips.number) * facts.Uy + strips.number * facts.R
    channels = facts.N * facts.G * facts.C * groups
    values = channels * rows * width
    kept = channels * strips.stored
    outputs = facts.N * facts.G * facts.M * facts.E * facts.F
    stores = groups * facts.G * strips.image_groups * strips.number
    loads = stores * channel_passes
    ifmap_bits = kept * transfers.stored_bits + (values - kept) * transfers.padding_bits
    ifmap_bits += loads * transfers.ifmap_stream_bits
    ofmap_bits = transfers.ofmap_bits + stores * transfers.ofmap_stream_bits
    link, codec = transfers.link_cycle / facts.link_width, transfers.codec_cycle
    cycles = max(ifmap_bits * link, values * codec) + max(ofmap_bits * link, outputs * codec)
    return ifmap_bits, ofmap_bits, cycles + (loads + stores) * (transfers.link_cycle / 2 + transfers.crossing)


@compiled
def busy_cycles(facts, transfers, mapping, filter_cuts):
    """Add up the passes; return (cycles with stalls for filters, the part of the stalls that loads hide)."""
    m, n, e, p, q, r, t = mapping
    hidden_by_load = filter_cuts.groups / filter_cuts.passes * (transfers.burst_wait + transfers.crossing)
    busy, hidden = 0.0, 0.0
    for run_kind in range(2):
        run, runs = piece(facts.M, facts.run_filters, run_kind)
        for group_kind in range(2):
            group, held = piece(run, m, group_kind) if runs else (0, 0)
            for filter_kind in range(2):
                filters, f_count = piece(group, p * t, filter_kind) if held else (0, 0)
                for channel_kind in range(2):
                    channels, c_count = piece(facts.C, q * r, channel_kind)
                    if f_count * c_count == 0:
                        continue
                    for row_kind in range(2):
                        rows, r_count = piece(facts.E, e, row_kind)
                        for image_kind in range(2):
                            images, i_count = piece(facts.N, n, image_kind)
                            repeats = runs * held * f_count * c_count * r_count * i_count
                            if repeats == 0:
                                continue
                            size = Pass(images, rows, filters, channels, ceil_div(filters, p), ceil_div(channels, q))
                            cycles, stall = pass_cycles(facts, transfers, size, e)
                            busy += repeats * (cycles + stall)
                            hidden += repeats * min(stall, hidden_by_load)
    return busy * facts.G, hidden * facts.G


@compiled
def first_fetch(facts, transfers, mapping):
    """Count the cycles of the first pass's filter fetch, which no pass hides."""
    filters = min(min(mapping.p * mapping.t, mapping.m), facts.run_filters)
    return fetch_cycles(facts, transfers, filters, min(mapping.q * mapping.r, facts.C))


@compiled
def sum_cycles(facts, transfers, mapping, filter_cuts, waits):
    """Return (total cycles, processing cycles) of a layer whose fmaps take `waits` cycles on their way."""
    busy, hidden = busy_cycles(facts, transfers, mapping, filter_cuts)
    busy += first_fetch(facts, transfers, mapping)
    if facts.fmap_copies == 2:
        waits = max(0.0, waits - busy)
    return busy + waits + facts.configuration, busy - hidden


@compiled
def time_layer(facts, transfers, mapping, stored):
    """Return (total cycles, processing cycles) of a mapped layer; a channel has `stored` values in all strips."""
    filter_cuts = cut_filters(facts, mapping.m, mapping.p, mapping.t)
    channel_passes = cut_channels(facts, mapping.q, mapping.r).passes
    strips = cut_rows_and_images(facts, mapping.e, mapping.n, stored)
    _, _, waits = fmap_traffic(facts, transfers, filter_cuts.groups, channel_passes, strips)
    return sum_cycles(facts, transfers, mapping, filter_cuts, waits)
