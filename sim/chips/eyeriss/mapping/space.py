"""The space of mappings: bounds of each parameter, and which of its values can be left out, with the proofs."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS

Values = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the largest value that a parameter may take."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"= {self.low}" if self.low == self.high else f"{self.low} to {self.high}"


def parameter_bounds(folded: Folded, batch: int, constraints: Dict[str, Bounds]) -> dict[str, Bounds]:
    """Return each parameter's bounds: its loop's, narrowed by the constraints."""
    shape = folded.shape
    loops = {
        "m": folded.filters_per_run,
        "n": batch,
        "e": shape.E,
        "p": shape.M,
        "q": shape.C,
        "r": shape.C,
        "t": shape.M,
    }
    bounds = {}
    for name in PARAMETERS:
        wish = constraints.get(name, Bounds(1, loops[name]))
        bounds[name] = Bounds(max(1, wish.low), min(loops[name], wish.high))
    return bounds


def _smallest_of_each_kind(bounds: Bounds, kind_of: Callable[[int], object]) -> Values:
    """List the smallest allowed size of each kind; largest first."""
    sizes = {kind_of(size): size for size in range(bounds.high, bounds.low - 1, -1)}
    return np.array(sorted(sizes.values(), reverse=True), np.int64)


def strip_widths_that_matter(rows: int, bounds: Bounds, *, columns: int | None) -> Values:
    """List the strip widths e that no other dominates.

    Where a filter word reaches one row of the array (`columns` PEs), it is sent to each segment of a folded set: then
    they are the smallest for each number of strips, of segments, and of segments of the last strip. Where one word
    reaches all segments (`columns` None), the smallest for each number of strips.

    Proof. Take two widths of the same kind. Words moved depend on these numbers, not on e. A pass's cycles are convex
    in its rows (`kernels.pass_time.pass_cycles`: sums and maxima of affine terms), and the smaller width's strips are
    majorised by the larger's, so their cycles add up to no more. Every rule that e enters (banks, rows of the array,
    tags) is weaker for the smaller e. Padding is assumed to be narrower than a strip.
    """

    def kind(width: int) -> tuple[int, ...]:
        strips = -(-rows // width)
        if columns is None:
            return (strips,)
        last = rows - (strips - 1) * width
        return strips, -(-width // columns), -(-last // columns)

    return _smallest_of_each_kind(bounds, kind)


def image_counts_that_matter(batch: int, bounds: Bounds) -> Values:
    """List the image counts n that no other dominates: the smallest for each number of groups.

    Proof. As for strip widths: words depend on the number of groups only, cycles of a pass are affine or a maximum of
    affine terms in its images, and n enters the rules only through the banks, which a smaller n loosens.
    """
    return _smallest_of_each_kind(bounds, lambda images: -(-batch // images))
