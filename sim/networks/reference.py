"""The reference convolution: what a layer's ofmaps must be, from its shape and tensors alone, in the chip's arithmetic.

A product of two 16-bit words has 32 bits. A window, the same for a whole layer, takes the psum's bits from them: an
arithmetic shift to the right, what is above cut off (JSSC 2017, Section V). Psums wrap at their width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import ModelError
from sim.kernels.convolution import convolve
from sim.networks.layer import Shape

Words = NDArray[np.int16]
MOST_SHIFTED = 31  # the sign bit of a product, which is all that is left then


@dataclass(frozen=True, slots=True)
class Reference:
    """Finished psums (N, G M, E, F), the `window` that they were made with, and how many of them wrapped."""

    psums: Words
    window: int
    overflows: int


def reference_of(
    ifmap: Words,
    filters: Words,
    shape: Shape,
    *,
    psum_bits: int,
    window: int | None = None,
    biases: Words | None = None,
) -> Reference:
    """Convolve an ifmap (N, G C, H, W) with filters (G M, C, R, S); choose the window where none is given.

    Psums begin with `biases` (G M), in words of their own.
    """
    _check_sizes(ifmap, filters, shape)
    if window is None:
        window = choose_window(ifmap, filters, shape, psum_bits=psum_bits)
    psums = np.empty((ifmap.shape[0], shape.G * shape.M, shape.E, shape.F), np.int16)
    overflows = 0
    for image, sums in enumerate(_convolve_images(ifmap, filters, shape, window)):
        if biases is not None:
            sums += biases[:, None, None]
        wrapped = wrap_values(sums, psum_bits)
        overflows += int(np.count_nonzero(wrapped != sums))
        psums[image] = wrapped
    return Reference(psums, window, overflows)


def choose_window(ifmap: Words, filters: Words, shape: Shape, *, psum_bits: int) -> int:
    """Return the least shift by which the layer's largest psum, in magnitude and from whole products, fits its width.

    Cut products are rounded down one by one, so a psum within C R S of the most negative number may still wrap.
    """
    most = max(int(np.abs(sums).max()) for sums in _convolve_images(ifmap, filters, shape, 0))
    return min(MOST_SHIFTED, max(0, most.bit_length() - (psum_bits - 1)))


def part_of_psum(values: Words, weights: Words, *, window: int, psum_bits: int) -> int:
    """Add up the cut products of two arrays of the same form: the part of a psum that they make."""
    products = values.astype(np.int64) * weights.astype(np.int64)
    return int(wrap_values(np.asarray((products >> window).sum()), psum_bits))


def wrap_values(sums: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Keep the lowest `bits` of whole numbers, read as two's complement."""
    half = 1 << (bits - 1)
    return (sums + half) % (2 * half) - half


def _convolve_images(ifmap: Words, filters: Words, shape: Shape, window: int) -> Iterator[NDArray[np.int64]]:
    """Yield each image's sums (G M, E, F), always in the same array."""
    sums = np.empty((shape.G * shape.M, shape.E, shape.F), np.int64)
    for image in ifmap:
        convolve(image, filters, sums, shape.G, shape.Uy, shape.Ux, window)
        yield sums


def _check_sizes(ifmap: Words, filters: Words, shape: Shape) -> None:
    """Raise ModelError unless the tensors have the layer's size: the kernels do not look."""
    due = (shape.G * shape.C, shape.H, shape.W), (shape.G * shape.M, shape.C, shape.R, shape.S)
    if (ifmap.shape[1:], filters.shape) != due:
        raise ModelError("tensors have their layer's size", f"{ifmap.shape} and {filters.shape} came, {due} are due")
