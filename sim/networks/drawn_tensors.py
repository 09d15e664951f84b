"""Tensors drawn with a seed at the densities that a workload states; one independent stream an image and role."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels.fmaps import place_image, sign_draws
from sim.networks.given_tensors import given_filters, given_ifmap
from sim.networks.layer import Layer

Tensor = NDArray[np.int16]
_IFMAP, _OFMAP, _FILTERS = 0, 1, 2


def _draws(layer: Layer, seed: int, role: int, image: int, size: tuple[int, ...]) -> NDArray[np.uint16]:
    sequence = np.random.SeedSequence([seed, zlib.crc32(layer.name.encode()), role, image])
    return np.random.Generator(np.random.PCG64(sequence)).integers(0, 1 << 16, size, dtype=np.uint16)


def _threshold(zero_fraction: float) -> int:
    """Return the draw below which a value is zero; fractions are resolved to 2**-16."""
    return round(zero_fraction * (1 << 16))


def _shift(width: int) -> int:
    """Return the places by which a 16-bit draw is shifted to become a positive number of `width` bits at most."""
    return 17 - min(width, 16)


def place_stored(layer: Layer, stored: NDArray[Any], ifmap: Tensor) -> Tensor:
    """Put stored values (N, G C, h, w) inside a zeroed, padded ifmap; what no window covers is cut off."""
    top, left = layer.padding.top, layer.padding.left
    inside = ifmap[:, :, top : top + layer.stored_height, left : left + layer.stored_width]
    inside[...] = stored[: len(ifmap), :, : inside.shape[2], : inside.shape[3]]
    return ifmap


def draw_ifmap(layer: Layer, *, batch: int, seed: int) -> Tensor:
    """Draw the padded, trimmed ifmap (batch, G C, H, W) at the layer's zero fraction, or take its file's."""
    shape = layer.shape
    channels = shape.G * shape.C
    ifmap = np.zeros((batch, channels, shape.H, shape.W), np.int16)
    corner = layer.padding.top, layer.padding.left
    given = given_ifmap(layer, batch)
    if given is not None:
        return place_stored(layer, given, ifmap)
    for image in range(batch):
        draws = _draws(layer, seed, _IFMAP, image, (channels, layer.stored_height, layer.stored_width))
        place_image(draws, _threshold(layer.ifmap_zeros), ifmap[image], *corner, _shift(layer.bits.ifmap))
    return ifmap


def draw_ofmap(layer: Layer, *, batch: int, seed: int) -> Tensor:
    """Draw the finished psums (batch, G M, E, F).

    What ReLU will make zero is negative; without ReLU it is zero itself.
    """
    shape = layer.shape
    ofmap = np.empty((batch, shape.G * shape.M, shape.E, shape.F), np.int16)
    for image in range(batch):
        draws = _draws(layer, seed, _OFMAP, image, ofmap.shape[1:])
        sign_draws(
            draws.reshape(-1),
            _threshold(layer.ofmap_zeros),
            ofmap[image].reshape(-1),
            layer.relu,
            _shift(layer.bits.ofmap),
        )
    return ofmap


def draw_filters(layer: Layer, *, seed: int) -> Tensor:
    """Draw the filters (G M, C, R, S), zero at the layer's fraction, else of either sign; or take the file's."""
    shape = layer.shape
    given = given_filters(layer)
    if given is not None:
        return given.astype(np.int16)
    draws = _draws(layer, seed, _FILTERS, 0, (shape.G * shape.M, shape.C, shape.R, shape.S))
    filters = np.empty(draws.shape, np.int16)
    sign_draws(draws.reshape(-1), _threshold(layer.filter_zeros), filters.reshape(-1), False, _shift(layer.bits.filter))
    return np.negative(filters, out=filters, where=(draws & 1).astype(np.bool_))  # the bit that no value has used
