"""A layer's tensors from `.npy` files: read with the shapes and the words that the layer has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import FieldFault, InputError
from sim.files.npy import read_array
from sim.networks.layer import Layer


def with_given_zeros(layer: Layer, batch: int) -> Layer:
    """Check a layer's files and give it their zero fractions; raise FieldFault at `ifmap` or `filters`."""
    try:
        ifmap = _ifmap(layer, batch)
    except FieldFault as fault:
        raise FieldFault(fault.wrong, fault.allowed, ("ifmap",)) from fault
    try:
        filters = _filters(layer)
    except FieldFault as fault:
        raise FieldFault(fault.wrong, fault.allowed, ("filters",)) from fault
    return replace(
        layer,
        ifmap_zeros=layer.ifmap_zeros if ifmap is None else _zero_fraction(ifmap),
        filter_zeros=layer.filter_zeros if filters is None else _zero_fraction(filters),
    )


def _zero_fraction(array: NDArray[Any]) -> float:
    return 1 - int(np.count_nonzero(array)) / array.size


def given_ifmap(layer: Layer, batch: int) -> NDArray[Any] | None:
    """Read at least `batch` stored images (N, G C, h, w); None where no file is given. Raises InputError."""
    try:
        return _ifmap(layer, batch)
    except FieldFault as fault:
        raise InputError.located(f"layer {layer.name}", wrong=fault.wrong, allowed=fault.allowed) from fault


def given_filters(layer: Layer) -> NDArray[Any] | None:
    """Read the filters (G M, C, R, S); None where no file is given. Raises InputError."""
    try:
        return _filters(layer)
    except FieldFault as fault:
        raise InputError.located(f"layer {layer.name}", wrong=fault.wrong, allowed=fault.allowed) from fault


def _ifmap(layer: Layer, batch: int) -> NDArray[Any] | None:
    shape, path = layer.shape, layer.given.ifmap
    stored = (batch, shape.G * shape.C, layer.stored_height, layer.stored_width)
    return None if path is None else read_array(path, stored, bits=layer.bits.ifmap, least_images=batch)


def _filters(layer: Layer) -> NDArray[Any] | None:
    shape, path = layer.shape, layer.given.filters
    sizes = (shape.G * shape.M, shape.C, shape.R, shape.S)
    return None if path is None else read_array(path, sizes, bits=layer.bits.filter)
