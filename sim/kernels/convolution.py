"""A plain convolution in the chip's arithmetic, from a layer's shape alone: what computed ofmaps are held against."""

import numpy as np

from sim.kernels import compiled


@compiled(boundscheck=False)
def convolve(ifmap, filters, psums, groups, stride_y, stride_x, window):
    """Convolve an image (G C, H, W) with filters (G M, C, R, S), both int16, into `psums` (G M, E, F; int64).

    Every product is shifted right by `window` bits, 0 to 31, rounding down; the sums are exact.
    """
    in_all, channels, height, width = filters.shape
    rows, columns = psums.shape[1], psums.shape[2]
    psums[:] = 0
    for number in range(in_all):
        group = number // (in_all // groups)
        for row in range(rows):
            sums = psums[number, row]
            for channel in range(channels):
                for i in range(height):
                    values = ifmap[group * channels + channel, row * stride_y + i]
                    for j in range(width):
                        weight = np.int32(filters[number, channel, i, j])
                        for column in range(columns):
                            product = np.int32(weight * values[np.uint64(column * stride_x + j)])
                            sums[np.uint64(column)] += product >> np.int32(window)
