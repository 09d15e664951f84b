"""`sim compress`: tallies by hand, the same bits as the cycle model's ledger, and what clustering does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.naive.run_lengths import rlc_words

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import read_machine
from sim.cli.main import main
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.counts import Direction, Tensor
from sim.ledger.energy import read_cost_table
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, Runner
from sim.studies.compression import StreamTally, cluster_zeros, report_layer, tally_stream

CHIP = Eyeriss()
MACHINE = read_machine(find_machine("eyeriss"))
CODE = CHIP.streams(MACHINE)
COSTS = read_cost_table(find_cost_table("eyeriss-65nm"))
ALEXNET = read_workload(find_workload("alexnet_jssc2017"))
SEE = "see sim compress --help"


def tally(values: Sequence[int], bits: int = 16) -> StreamTally:
    """Code one stream with the chip's code."""
    return tally_stream(np.array(values, np.int16), CODE, value_bits=bits)


def test_a_stream_by_hand() -> None:
    """Take 0 0 7 0 9 9: runs of two and one, three pairs in one word."""
    found = tally([0, 0, 7, 0, 9, 9], bits=8)
    assert found == StreamTally(
        values=6, zeros=3, starts=2, after_zero=3, streams=1, raw_bits=48, coded_bits=64, level_bits=24
    )
    assert (found.zero_fraction, found.mean_run, found.ratio) == (0.5, 1.5, 48 / 64)
    assert found.limit_bits == 6 * 1 + 3 * 8
    # after a zero: 0 7, 9; after another value: 0, 9, and the first value, which follows nothing
    after_zero = 3 * -(1 / 3 * log2(1 / 3) + 2 / 3 * log2(2 / 3))
    assert found.chain_limit_bits == pytest.approx(after_zero + after_zero + 3 * 8)
    assert found.overhead_pct(50.0) == pytest.approx(28)


@pytest.mark.parametrize(("values", "limit"), [([0] * 40, 0.0), ([5] * 40, 640.0)])
def test_a_pattern_without_news_costs_nothing(values: list[int], limit: float) -> None:
    found = tally(values)
    assert (found.limit_bits, found.overhead_pct(0.0)) == (limit, 0.0)


@given(st.lists(st.sampled_from([0, 0, 3, -4]), min_size=1, max_size=200))
def test_tallies_are_counts(values: list[int]) -> None:
    found = tally(values)
    assert found.zeros == values.count(0)
    assert found.starts == sum(now == 0 and before != 0 for before, now in pairwise([1, *values]))
    assert found.after_zero == values[:-1].count(0)
    assert found.coded_bits == 64 * len(rlc_words(values, run=5, level=16, pairs=3)[0])
    assert found.chain_limit_bits <= found.limit_bits + 1e-6 or len(values) < 50


@pytest.mark.parametrize("name", ["CONV2", "CONV5"])
def test_the_streams_are_the_engines(name: str) -> None:
    """Hold the bits against the ledger: the ofmap's once, the ifmap's once for each group of filters."""
    layers = [layer for layer in ALEXNET.layers if layer.name == name]
    planned = Planner(CHIP, MACHINE, COSTS, 4).plan(layers)[0]
    result = next(Runner(CHIP, MACHINE, COSTS, CycleModel(MACHINE), 4, 7).run([planned]))
    ifmap, ofmap = report_layer(planned, CODE, 4, seed=7, cluster=None)
    bits = result.run.ledger.bits[Level.DRAM]
    fetches = -(-planned.plan.folded.shape.M // planned.plan.mapping.m)
    assert fetches * ifmap.random.coded_bits == int(bits[Tensor.IFMAP, Direction.READ])
    assert ofmap.random.coded_bits == int(bits[Tensor.OFMAP, Direction.WRITE])


def test_random_zeros_have_no_better_limit() -> None:
    """Expect the pattern's entropy not to fall where it is told the value before, and the code above it."""
    values = np.random.default_rng(3).integers(0, 5, 1 << 20).astype(np.int16)
    found = tally_stream(values, CODE, value_bits=16)
    assert found.chain_limit_bits == pytest.approx(found.limit_bits, rel=1e-4)
    pair = 64 / 3 * (1 - found.zero_fraction) / (1 - found.zero_fraction**32)
    assert found.coded_bits / found.values == pytest.approx(pair, rel=1e-3)


@pytest.mark.parametrize(("zeros", "wanted", "run"), [(0.5, 8, 8), (0.8, 20, 20), (0.9, 4, 10), (0.2, 1, 1.25)])
def test_clusters_have_their_length_and_density(zeros: float, wanted: float, run: float) -> None:
    """Draw chains: never less clustered than chance, whose runs are 1 / (1 - z) long."""
    random = np.random.default_rng(1)
    values = (random.random((1, 4, 512, 514)) >= zeros).astype(np.int16)
    stored = (..., slice(None), slice(1, 513))
    clustered = cluster_zeros(values, stored=stored, mean_run=wanted, random=random)
    assert not clustered[..., [0, 513]].any()
    found = tally_stream(np.ascontiguousarray(clustered[stored]).reshape(-1), CODE, value_bits=16)
    assert found.zero_fraction == pytest.approx(zeros, abs=0.01)
    assert found.mean_run == pytest.approx(run, rel=0.03)


@pytest.mark.parametrize("value", [0, 1])
def test_nothing_to_cluster(value: int) -> None:
    values = np.full((1, 1, 4, 4), value, np.int16)
    random = np.random.default_rng(1)
    assert np.array_equal(cluster_zeros(values, stored=(slice(None),), mean_run=4, random=random), values)


def test_json_and_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.json"
    arguments = ["compress", "alexnet_jssc2017", "--layers", "CONV1,CONV3", "--cluster", "8"]
    assert main([*arguments, "--json", str(target)]) == 0
    out = capsys.readouterr().out
    assert "CONV1  ifmap (raw in DRAM)" in out
    content = json.loads(target.read_text())
    assert [(one["layer"], one["tensor"], one["coded"]) for one in content["tensors"]] == [
        ("CONV1", "ifmap", False), ("CONV1", "ofmap", True), ("CONV3", "ifmap", True), ("CONV3", "ofmap", True),
    ]  # fmt: skip
    coded = [one for one in content["tensors"] if one["coded"]]
    for kind in ("random", "clustered"):
        assert content["total"][kind]["rlc_bits"] == sum(one[kind]["rlc_bits"] for one in coded)
    ofmap = content["tensors"][3]
    assert ofmap["clustered"]["chain_overhead_pct"] > ofmap["clustered"]["overhead_pct"]
    assert main([*arguments, "--json", "-", "--quiet"]) == 0
    assert capsys.readouterr().out == target.read_text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--cluster", "0"], f"sim compress: argument --cluster: '0' is not a whole number from 1 to 4096; {SEE}"),
        (["--layers", "CONV33"], "--layers: no layer 'CONV33' in alexnet; did you mean 'CONV3'?"),
        (["--json", "nowhere/a"], "nowhere/a: its folder is missing; make it first"),
    ],
)
def test_refuse(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["compress", "alexnet", *arguments])
    except SystemExit as exit_:
        status = int(exit_.code or 0)
    assert (status, capsys.readouterr().err) == (2, f"{line}\n")
