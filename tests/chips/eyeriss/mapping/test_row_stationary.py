"""The pass list: tails are real passes, order is Fig. 7's, and every MAC belongs to exactly one pass."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sim.chips.eyeriss.mapping.row_stationary import Mapping, Span, even_shares, spans, tiles
from sim.networks.layer import Shape

SMALL = st.integers(1, 6)


@given(total=st.integers(1, 60), most=st.integers(1, 70))
def test_spans_cover_a_loop_once_with_one_smaller_tail(total: int, most: int) -> None:
    cut = spans(total, most)
    assert [step for span in cut for step in range(span.start, span.stop)] == list(range(total))
    assert all(span.size == most for span in cut[:-1])
    assert 1 <= cut[-1].size <= most


@given(total=st.integers(1, 60), most=st.integers(1, 70))
def test_even_shares_use_as_few_sets_as_hold_the_work(total: int, most: int) -> None:
    shares = even_shares(total, most)
    assert sum(shares) == total
    assert len(shares) == -(-total // most)
    assert max(shares) - min(shares) <= 1
    assert max(shares) <= most
    assert list(shares) == sorted(shares, reverse=True)


def test_order_is_filters_then_channels_then_filter_groups_then_strips_then_images() -> None:
    shape = Shape(G=1, M=3, C=2, R=1, S=1, E=2, F=1)
    mapping = Mapping(m=2, n=1, e=1, p=1, q=1, r=1, t=1)
    order = [
        (tile.images.start, tile.rows.start, tile.filters.start, tile.channels.start, filters.start)
        for tile in tiles(shape, mapping, batch=2, run_filters=3)
        for filters in tile.passes
    ]
    assert order == [
        (image, row, held, channel, filters)
        for image in (0, 1)
        for row in (0, 1)
        for held, passes in ((0, (0, 1)), (2, (2,)))
        for channel in (0, 1)
        for filters in passes
    ]


def test_runs_are_never_shared_by_a_filter_group() -> None:
    shape = Shape(G=1, M=5, C=1, R=1, S=1, E=1, F=1)
    mapping = Mapping(m=2, n=1, e=1, p=2, q=1, r=1, t=1)
    held = [tile.filters for tile in tiles(shape, mapping, batch=1, run_filters=3)]
    assert held == [Span(0, 2), Span(2, 1), Span(3, 2)]


@given(
    shape=st.builds(Shape, G=st.integers(1, 2), M=SMALL, C=SMALL, R=st.just(1), S=st.just(1), E=SMALL, F=st.just(1)),
    mapping=st.builds(Mapping, m=SMALL, n=SMALL, e=SMALL, p=SMALL, q=SMALL, r=SMALL, t=SMALL),
    batch=st.integers(1, 4),
    run_filters=SMALL,
)
def test_every_product_is_computed_once_and_psums_open_and_close_once(
    shape: Shape, mapping: Mapping, batch: int, run_filters: int
) -> None:
    products: Counter[tuple[int, ...]] = Counter()
    opened: Counter[tuple[int, ...]] = Counter()
    closed: Counter[tuple[int, ...]] = Counter()
    for tile in tiles(shape, mapping, batch=batch, run_filters=run_filters):
        for filters in tile.passes:
            assert filters.size <= mapping.filters_per_pass
            for image in range(tile.images.start, tile.images.stop):
                for row in range(tile.rows.start, tile.rows.stop):
                    for filter_ in range(filters.start, filters.stop):
                        psum = (tile.group, image, row, filter_)
                        opened[psum] += tile.first
                        closed[psum] += tile.last
                        products.update((*psum, channel) for channel in range(tile.channels.start, tile.channels.stop))
    outputs = batch * shape.G * shape.M * shape.E
    assert len(products) == outputs * shape.C
    assert set(products.values()) == {1}
    for ends in (opened, closed):
        assert len(ends) == outputs
        assert set(ends.values()) == {1}
