"""The ledger's groups and stops, on the levels of a chip that isn't there."""

from __future__ import annotations

import pytest

from sim.ledger.counts import (
    GROUPS,
    Direction,
    Ledger,
    LedgerLevel,
    Statistic,
    Tensor,
    by_group,
    by_stop,
    check_statistics,
    inside_groups,
    places,
)

READ, WRITE = Direction
LEVELS = (
    LedgerLevel("dram", "dram"),
    LedgerLevel("weights", "glb"),
    LedgerLevel("acts", "glb"),
    LedgerLevel("mesh", "noc"),
    LedgerLevel("queue", "noc", stop=True),
)
DRAM, WEIGHTS, ACTS, MESH, QUEUE = range(5)


@pytest.fixture
def ledger() -> Ledger:
    """Count a few words of each level."""
    found = Ledger(LEVELS)
    found.add(DRAM, Tensor.IFMAP, READ, 100, bits=700)
    found.add(WEIGHTS, Tensor.FILTER, WRITE, 10, bits=80)
    found.add(ACTS, Tensor.FILTER, WRITE, 1, bits=8)
    found.add(ACTS, Tensor.IFMAP, READ, 5, bits=40)
    found.add(MESH, Tensor.IFMAP, READ, 7, bits=56)
    found.add(QUEUE, Tensor.IFMAP, READ, 1000, bits=8000)
    return found


def test_places_of_a_group() -> None:
    assert {group: places(LEVELS, group) for group in GROUPS} == {
        "dram": (DRAM,), "glb": (WEIGHTS, ACTS), "noc": (MESH,), "spad": (),
    }  # fmt: skip
    assert places(LEVELS, "noc", stops=True) == (MESH, QUEUE)


def test_a_new_ledger_is_empty_and_its_own() -> None:
    one, other = Ledger(LEVELS), Ledger(LEVELS)
    one.add(DRAM, Tensor.OFMAP, WRITE, 1, bits=2)
    assert one.words.shape == one.bits.shape == (len(LEVELS), len(Tensor), len(Direction))
    assert (one.words.sum(), one.bits.sum()) == (1, 2)
    assert not other.words.any() and not other.bits.any()


def test_words_add_up(ledger: Ledger) -> None:
    ledger.add(ACTS, Tensor.IFMAP, READ, 6, bits=3)
    assert ledger.count(ACTS, Tensor.IFMAP, READ) == 11
    assert ledger.bits[ACTS, Tensor.IFMAP, READ] == 43


def test_a_group_is_the_sum_of_its_levels_without_stops(ledger: Ledger) -> None:
    assert {group: ledger.words_in(group) for group in GROUPS} == {"dram": 100, "glb": 16, "noc": 7, "spad": 0}
    assert {group: ledger.bits_in(group) for group in GROUPS} == {"dram": 700, "glb": 128, "noc": 56, "spad": 0}
    assert ledger.dram_bits == 700


def test_counts_by_group(ledger: Ledger) -> None:
    found = by_group(LEVELS, ledger.words)
    assert list(found) == list(GROUPS)
    assert found["glb"]["filter"] == {"read": 0, "write": 11}
    assert found["glb"]["ifmap"] == {"read": 5, "write": 0}
    assert found["noc"]["ifmap"] == {"read": 7, "write": 0}
    assert all(ways == {"read": 0, "write": 0} for ways in found["spad"].values())
    assert all(list(tensors) == ["ifmap", "filter", "psum", "ofmap"] for tensors in found.values())


def test_only_groups_of_several_levels_are_written_level_by_level(ledger: Ledger) -> None:
    found = inside_groups(LEVELS, ledger.bits)
    assert {group: list(levels) for group, levels in found.items()} == {"glb": ["weights", "acts"]}
    assert found["glb"]["weights"]["filter"] == {"read": 0, "write": 80}
    assert found["glb"]["acts"]["filter"] == {"read": 0, "write": 8}


def test_stops_are_written_by_name(ledger: Ledger) -> None:
    found = by_stop(LEVELS, ledger.words)
    assert list(found) == ["queue"]
    assert found["queue"]["ifmap"] == {"read": 1000, "write": 0}


def test_what_is_not_declared_is_named(ledger: Ledger) -> None:
    declared = [
        Statistic("dram", Tensor.IFMAP, READ, "fetches"),
        Statistic("acts", Tensor.IFMAP, READ, "reads"),
        Statistic("acts", Tensor.PSUM, READ, "none here"),
        Statistic("mesh", Tensor.IFMAP, READ, "sent"),
    ]
    lacking = ["weights FILTER WRITE", "acts FILTER WRITE", "queue IFMAP READ"]
    assert check_statistics(LEVELS, declared, ledger) == lacking
    declared += [Statistic(name, Tensor.FILTER, WRITE, "filled") for name in ("weights", "acts")]
    declared += [Statistic("queue", Tensor.IFMAP, READ, "out of it")]
    assert check_statistics(LEVELS, declared, ledger) == []
