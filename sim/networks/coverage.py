"""Which of a layer's ifmap values are stored, not padding, and how many products meet one."""

from __future__ import annotations

from sim.networks.layer import Layer


def stored_rows(layer: Layer, strip_rows: int) -> int:
    """Count the ifmap rows that are stored, not padding, in all strips of `strip_rows` ofmap rows; strips overlap."""
    shape, pad = layer.shape, layer.padding
    rows = 0
    for first in range(0, shape.E, strip_rows):
        outputs = min(strip_rows, shape.E - first)
        top = first * shape.Uy
        stop = top + (outputs - 1) * shape.Uy + shape.R
        rows += max(0, min(stop, pad.top + layer.stored_height) - max(top, pad.top))
    return rows


def stored_columns(layer: Layer) -> int:
    """Count the ifmap columns that are stored, not padding, and that some window covers."""
    return max(0, min(layer.stored_width, layer.shape.W - layer.padding.left))


def taps_inside(outputs: int, taps: int, stride: int, before: int, stored: int) -> int:
    """Count the (output, tap) pairs of one axis that meet a stored value, not padding."""
    inside = 0
    for tap in range(taps):
        first = max(0, -((tap - before) // stride))
        last = min(outputs - 1, (stored - 1 + before - tap) // stride)
        inside += max(0, last - first + 1)
    return inside


def live_products(layer: Layer) -> int:
    """Count one filter's products with stored ifmap values, per image and channel: the padding's are left out."""
    shape, pad = layer.shape, layer.padding
    rows = taps_inside(shape.E, shape.R, shape.Uy, pad.top, layer.stored_height)
    return rows * taps_inside(shape.F, shape.S, shape.Ux, pad.left, layer.stored_width)
