"""What happens to every fmap value: drawing, padding, ReLU, and finding the MACs that a zero switches off."""

import numpy as np

from sim.kernels import compiled


@compiled(boundscheck=False)
def place_image(draws, threshold, image, top, left, shift=1):
    """Turn uniform draws (C, h, w; uint16) into int16 values inside a zeroed, padded `image` (C, H, W).

    A draw below `threshold` is a zero, any other a positive value of 16 - `shift` bits. Rows and columns past the
    image are cut off.
    """
    channels, height, width = draws.shape
    rows = min(height, image.shape[1] - top)
    columns = min(width, image.shape[2] - left)
    for channel in range(channels):
        for row in range(rows):
            for column in range(columns):
                draw = draws[channel, row, column]
                if draw >= threshold:
                    # The shift leaves no sign bit, and may leave a zero of what is to be a value: hence the | 1.
                    image[channel, top + row, left + column] = (draw >> shift) | 1


@compiled(boundscheck=False)
def sign_draws(draws, threshold, values, negative, shift=1):
    """Turn uniform draws into int16: below `threshold` a negative value (`negative`) or a zero, else a positive one."""
    for place in range(draws.size):
        draw = np.int32(draws[place])
        level = (draw >> shift) | 1
        if draw >= threshold:
            values[place] = level
        else:
            values[place] = -level if negative else 0


@compiled(boundscheck=False)
def relu(values):
    """Set negative values to zero, in place."""
    for place in range(values.size):
        values[place] = max(values[place], 0)


@compiled
def count_uses(outputs, taps, stride):
    """Count, for each input position of one axis, the windows' taps that touch it."""
    uses = np.zeros((outputs - 1) * stride + taps, np.int64)
    for output in range(outputs):
        for tap in range(taps):
            uses[output * stride + tap] += 1
    return uses


@compiled(boundscheck=False)
def count_live_products(tile, row_uses, column_uses):
    """Count the products of one filter with a non-zero ifmap value, over a tile (images, channels, rows, columns)."""
    # A value is used once for every pair of a window row and a window column that touch it: the uses of a value are a
    # product, and nobody has to go through the windows. So for one filter; all filters meet the same zeros.
    live = 0
    images, channels, rows, columns = tile.shape
    for image in range(images):
        for channel in range(channels):
            for row in range(rows):
                in_row = 0
                for column in range(columns):
                    if tile[image, channel, row, column] != 0:
                        in_row += column_uses[column]
                live += in_row * row_uses[row]
    return live


@compiled(boundscheck=False)
def count_live_taps(tile, hits, stride_y, stride_x, outputs_y, outputs_x):
    """Count, for each filter tap (channels, R, S), the windows of a tile in which it meets a non-zero value."""
    # Where weights gate too (JSSC 2017, V-B, gates on ifmap zeros alone), a product lives by value and weight, which do
    # not factor: what is counted by tap is later taken times the filters whose weight there is not zero.
    images = tile.shape[0]
    channels, taps_y, taps_x = hits.shape
    for image in range(images):
        for channel in range(channels):
            for tap_y in range(taps_y):
                for tap_x in range(taps_x):
                    met = 0
                    for y in range(outputs_y):
                        for x in range(outputs_x):
                            if tile[image, channel, y * stride_y + tap_y, x * stride_x + tap_x] != 0:
                                met += 1
                    hits[channel, tap_y, tap_x] += met
