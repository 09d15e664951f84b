"""Where PE sets lie on the array: sets side by side, stacked, and folded when wider than it (JSSC 2017, Fig. 6).

A set is R rows by e columns. Sets for different channels (r) stand on each other, so that psums climb through them.
A set wider than the array is cut into segments, stacked too. Rows that are left over are at the top.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import ArraySize


@dataclass(frozen=True, slots=True)
class Placement:
    """The geometry of a mapping on an array; see `position` for where a PE lies."""

    filter_height: int
    width: int
    channel_sets: int
    filter_sets: int
    segment_columns: int
    segments: int
    sets_across: int
    blocks_down: int
    array: ArraySize

    @property
    def rows_used(self) -> int:
        """The array rows that the sets need, which may be more than there are."""
        return self.blocks_down * self.segments * self.channel_sets * self.filter_height

    @property
    def fits(self) -> bool:
        """Whether the array has the rows."""
        return self.rows_used <= self.array.rows

    @property
    def active_pes(self) -> int:
        """The number of PEs that work in a full pass."""
        return self.filter_height * self.width * self.channel_sets * self.filter_sets

    def position(self, *, filter_set: int, column: int, channel_set: int, filter_row: int) -> tuple[int, int]:
        """Return (row, column) on the array of one PE of a set; row 0 is the top."""
        block, beside = divmod(filter_set, self.sets_across)
        segment, across = divmod(column, self.segment_columns)
        stack = (block * self.segments + segment) * self.channel_sets + channel_set
        top = self.array.rows - self.rows_used
        return top + stack * self.filter_height + filter_row, beside * self.segment_columns + across


def place(filter_height: int, mapping: Mapping, array: ArraySize) -> Placement:
    """Lay the r t sets of R x e PEs on `array`: across first, then down."""
    segment_columns = min(mapping.e, array.columns)
    sets_across = array.columns // segment_columns
    return Placement(
        filter_height=filter_height,
        width=mapping.e,
        channel_sets=mapping.r,
        filter_sets=mapping.t,
        segment_columns=segment_columns,
        segments=-(-mapping.e // array.columns),
        sets_across=sets_across,
        blocks_down=-(-mapping.t // sets_across),
        array=array,
    )
