"""PE sets on the array: no two PEs in one place, psum chains unbroken, folded and replicated as published."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from sim.chips.eyeriss.mapping.placement import Placement, place
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import ArraySize

EYERISS = ArraySize(rows=12, columns=14)


def sets(filter_height: int, *, e: int, r: int, t: int, array: ArraySize = EYERISS) -> Placement:
    """Place r t sets of `filter_height` x e PEs."""
    return place(filter_height, Mapping(m=1, n=1, e=e, p=1, q=1, r=r, t=t), array)


def test_conv1_lays_two_sets_side_by_side_under_an_unused_row() -> None:
    placement = sets(11, e=7, r=1, t=2)
    assert placement.position(filter_set=0, column=0, channel_set=0, filter_row=0) == (1, 0)
    assert placement.position(filter_set=1, column=6, channel_set=0, filter_row=10) == (11, 13)


def test_conv2_folds_a_set_of_27_columns_into_14_and_13() -> None:
    placement = sets(5, e=27, r=1, t=1)
    assert (placement.segments, placement.rows_used, placement.active_pes) == (2, 10, 135)
    assert placement.position(filter_set=0, column=13, channel_set=0, filter_row=0) == (2, 13)
    assert placement.position(filter_set=0, column=14, channel_set=0, filter_row=0) == (7, 0)


def test_conv4_stacks_channel_sets_within_filter_sets() -> None:
    placement = sets(3, e=13, r=2, t=2)
    tops = [
        placement.position(filter_set=t, column=0, channel_set=r, filter_row=0)[0] for t in range(2) for r in range(2)
    ]
    assert tops == [0, 3, 6, 9]


@given(
    filter_height=st.integers(1, 4),
    e=st.integers(1, 9),
    r=st.integers(1, 3),
    t=st.integers(1, 4),
    rows=st.integers(1, 16),
    columns=st.integers(1, 8),
)
def test_pes_never_share_a_place_and_chains_climb_row_by_row(
    filter_height: int, e: int, r: int, t: int, rows: int, columns: int
) -> None:
    placement = sets(filter_height, e=e, r=r, t=t, array=ArraySize(rows=rows, columns=columns))
    assume(placement.fits)
    taken = set()
    for filter_set in range(t):
        for column in range(e):
            chain = [
                placement.position(filter_set=filter_set, column=column, channel_set=channel_set, filter_row=row)
                for channel_set in range(r)
                for row in range(filter_height)
            ]
            top, across = chain[0]
            assert chain == [(top + step, across) for step in range(len(chain))]
            taken.update(chain)
    assert len(taken) == placement.active_pes
    assert all(0 <= row < rows and 0 <= column < columns for row, column in taken)
    assert max(row for row, _ in taken) == rows - 1
