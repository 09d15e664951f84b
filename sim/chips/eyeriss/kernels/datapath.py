"""What the PEs compute: the values of one processing pass, chain by chain, in the order in which psums climb.

A PE multiplies the ifmap row that reached it by the words in its filter spad; every 32-bit product is cut to a window,
and a psum is cut to its width where it leaves the array: sums that wrap do not depend on their order.
"""

import numpy as np

from sim.kernels import compiled

I32 = np.int32


@compiled
def wrap(value, bits):
    """Keep the lowest `bits` of a number, read as two's complement."""
    half = np.int64(1) << np.int64(bits - 1)
    return ((np.int64(value) + half) & (2 * half - 1)) - half


@compiled(boundscheck=False)
def fill_spad(spad, weights, source):
    """Put the filter words that reached a PE into its spad, in the order filter, channel, tap.

    `source` holds their first filter, filters, first channel, channels and filter row; without filters nothing came.
    Words that the spad has no room for are lost, places without a word hold 0.
    """
    used = 0
    for number in range(source[0], source[0] + source[1]):
        for channel in range(source[2], source[2] + source[3]):
            for tap in range(min(weights.shape[3], spad.size - used)):
                spad[used] = weights[number, channel, source[4], tap]
                used += 1
    spad[used:] = 0


@compiled(boundscheck=False)
def line_up(line, tile, channel, row, first_column, stride, outputs):
    """Line up, image by image, the ifmap values that one tap of a filter row meets at each ofmap column."""
    place = 0
    for image in range(tile.shape[0]):
        for output in range(outputs):
            line[place] = tile[image, channel, row, first_column + output * stride]
            place += 1


@compiled(boundscheck=False)
def run_pe(psums, line, spad, tile, own, source, stride, window, flip, outputs):
    """Add what one PE computes to the psums (p, images x F) that came from below: p q S products an ofmap column.

    `own` holds first filter, p, q and ofmap row of the PE; `source` first channel, channels and strip row of the ifmap
    words that reached it. `flip` is exclusive-or'ed into every product but those of a zero value: a gated MAC adds
    nothing.
    """
    filters, channels = own[1], own[2]
    taps = spad.size // (filters * channels)
    for channel in range(min(channels, source[1])):
        for tap in range(taps):
            line_up(line, tile, source[0] + channel, source[2], tap, stride, outputs)
            for number in range(filters):
                weight = I32(spad[(number * channels + channel) * taps + tap])
                sums = psums[number]
                for place in range(line.size):
                    i = np.uint64(place)
                    product = I32(I32(line[i] * weight) ^ (flip if line[i] != 0 else I32(0)))
                    sums[i] += product >> window


@compiled
def take_in(psums, glb, own):
    """Bring a chain's psums back from the GLB to its bottom PE."""
    outputs = glb.shape[3]
    for number in range(own[1]):
        for image in range(glb.shape[0]):
            for output in range(outputs):
                psums[number, image * outputs + output] = glb[image, own[0] + number, own[3], output]


@compiled
def put_out(psums, glb, own, psum_bits):
    """Take a chain's psums from its top PE to the GLB, cut to `psum_bits`."""
    outputs = glb.shape[3]
    for number in range(own[1]):
        for image in range(glb.shape[0]):
            for output in range(outputs):
                value = psums[number, image * outputs + output]
                glb[image, own[0] + number, own[3], output] = wrap(value, psum_bits)


@compiled
def compute_pass(tile, weights, glb, own, filter_sources, ifmap_sources, flips, setting):
    """Compute one pass: its psums (images, filters, rows, F; int16) in `glb` go up through the chains and come back.

    `tile` (images, channels, strip rows, W) and `weights` (filters, channels, R, S) are int16. `own` (PEs x 4),
    `filter_sources` (PEs x 5) and `ifmap_sources` (PEs x 3) describe each PE as `run_pe` and `fill_spad` say, chain by
    chain from the bottom up; `flips` (PEs; int32) is 0 in sound ones. `setting` holds the PEs of a chain, 1 where
    psums come in, the horizontal stride, the window's right shift (0 to 31), and the bits of a psum.
    """
    levels, reads_psums, stride, window, psum_bits = setting
    outputs = glb.shape[3]
    line = np.zeros(glb.shape[0] * outputs, np.int32)
    for bottom in range(0, own.shape[0], levels):
        psums = np.zeros((own[bottom, 1], line.size), np.int64)
        if reads_psums:
            take_in(psums, glb, own[bottom])
        for pe in range(bottom, bottom + levels):
            spad = np.empty(own[pe, 1] * own[pe, 2] * weights.shape[3], np.int16)
            fill_spad(spad, weights, filter_sources[pe])
            run_pe(psums, line, spad, tile, own[pe], ifmap_sources[pe], stride, I32(window), I32(flips[pe]), outputs)
        put_out(psums, glb, own[bottom], psum_bits)
