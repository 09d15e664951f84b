"""`sim compare`: what it calls unequal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.commands import call, read_json
from support.comparisons import spoil, written

from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import LEVELS, Level
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.ledger.results import Energy, LayerResult, LayerRun, NetworkResult
from sim.studies.comparison import compare_results, unequal_counts

pytestmark = pytest.mark.usefixtures("dense")


def one_more_glb_read(run: LayerRun) -> LayerRun:
    """Count an ifmap word too many."""
    run.ledger.add(Level.GLB, Tensor.IFMAP, Direction.READ, 1, bits=16)
    return run


def test_a_word_too_many_is_listed_and_ends_with_status_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, one_more_glb_read)
    assert call("compare", "tiny.yaml", "--json", "out.json") == 3
    printed = capsys.readouterr()
    layer = read_json("out.json")["differences"]["layers"][2]
    (count,) = layer["unequal_counts"]
    words = count["cycle"]
    assert count == {"place": ["glb", "ifmap", "read"], "cycle": words, "analytic": words + 1}
    text = f"glb ifmap read: {words} simulated, {words + 1} analytic"
    lines = printed.out.splitlines()
    assert [line.split()[-2:] for line in lines[3:7] if line.startswith(("fc3", "total"))] == [["1", "differ"]] * 2
    assert lines[8] == f"unequal: fc3: {text}"
    law = "both models count the same"
    assert printed.err == f"conservation law broken (please report this): {law}: layer fc3: {text}\n"


def test_dense_data_leave_no_macs_to_differ_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(workload="dense.yaml")["differences"]["total"]["compute"]["difference"] == 0

    def one_mac_less(run: LayerRun) -> LayerRun:
        run.ledger.macs_performed -= 1
        return run

    spoil(monkeypatch, one_mac_less)
    layer = written(workload="dense.yaml", status=3)["differences"]["layers"][2]
    assert layer["unequal_counts"][0]["place"] == ["macs_performed"]


def result_of(run: LayerRun) -> LayerResult:
    """Wrap a run that has no energy."""
    energy = Energy("MAC", 0, 0, 0, 0, 0, {"dram": 0})
    return LayerResult("layer", "conv", {}, (), run, energy, 1)


@pytest.fixture
def run() -> Callable[[], LayerRun]:
    """Return a way to make equal runs with 100 MACs performed."""

    def make() -> LayerRun:
        ledger = Ledger(LEVELS, macs=200, macs_performed=100, zero_buffer_reads=200)
        for tensor in (Tensor.FILTER, Tensor.PSUM):
            ledger.add(Level.SPAD, tensor, Direction.READ, 100, bits=1600)
        return LayerRun(ledger, 10, 20, 3, 4)

    return make


def unequal(cycle: LayerRun, analytic: LayerRun, *, dense: bool = False) -> list[str]:
    """List unequal counts as they are printed."""
    found = unequal_counts(result_of(cycle), result_of(analytic), dense=dense, live=Eyeriss.live_entries)
    return [str(count) for count in found]


def test_equal_runs_have_nothing_unequal(run: Callable[[], LayerRun]) -> None:
    assert unequal(run(), run(), dense=True) == []


def test_spad_accesses_may_differ_as_the_macs_performed_do(run: Callable[[], LayerRun]) -> None:
    other = run()
    other.ledger.macs_performed = 93
    other.ledger.add(Level.SPAD, Tensor.FILTER, Direction.READ, -7, bits=0)
    other.ledger.add(Level.SPAD, Tensor.PSUM, Direction.READ, -7, bits=0)
    assert unequal(run(), other) == []
    assert unequal(run(), other, dense=True) == ["macs_performed: 100 simulated, 93 analytic"]
    other.ledger.add(Level.SPAD, Tensor.PSUM, Direction.READ, 1, bits=0)
    assert unequal(run(), other) == ["spad psum read: 100 simulated, 94 analytic"]


def test_other_words_may_not(run: Callable[[], LayerRun]) -> None:
    other = run()
    other.ledger.macs_performed = 93
    for place in ((Level.SPAD, Tensor.FILTER, Direction.WRITE), (Level.GIN, Tensor.PSUM, Direction.READ)):
        other.ledger.add(*place, -7, bits=0)
    assert unequal(run(), other) == [
        "gin psum read: 0 simulated, -7 analytic",
        "spad filter write: 0 simulated, -7 analytic",
    ]


def test_counts_that_are_no_words(run: Callable[[], LayerRun]) -> None:
    other = replace(run(), active_pes=5, passes=6, total_cycles=1)
    other.ledger.macs, other.ledger.zero_buffer_reads = 1, 2
    assert unequal(run(), other) == [
        "macs: 200 simulated, 1 analytic",
        "zero_buffer_reads: 200 simulated, 2 analytic",
        "passes: 4 simulated, 6 analytic",
        "active_pes: 3 simulated, 5 analytic",
    ]


def test_results_of_different_layers_are_refused(run: Callable[[], LayerRun]) -> None:
    one = NetworkResult({}, (result_of(run()),), 1)
    with pytest.raises(ValueError, match="shorter"):
        compare_results(one, replace(one, layers=()))
