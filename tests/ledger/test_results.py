"""The result file: the keys that are promised, whole numbers where things are counted, and totals that add up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sim.chips.eyeriss.components import PARTS, sort_by_part
from sim.chips.eyeriss.levels import LEVELS, Level
from sim.files.catalogue import find_cost_table
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.ledger.energy import Timed, energy_of, read_cost_table
from sim.ledger.results import Energy, LayerResult, LayerRun, NetworkResult, OperatingPoint, add_energies
from sim.networks.layer import BitWidths

CLOCK_HZ = 200_000_000
BATCH = 4
COMPONENTS = [part.name for part in PARTS]
READ, WRITE = Direction

# The promise (design, section 10). Keys may be added to these, none may go.
PROVENANCE = {"version", "git", "arch", "workload", "batch", "model", "cost_table", "seed", "options"}
LAYER = {"name", "type", "mapping", "macs", "macs_performed", "active_pes", "processing_cycles", "total_cycles"}
LAYER |= {"processing_latency_s", "total_latency_s", "accesses", "bits", "energy", "power_w"}
GROUPS = {"dram", "glb", "noc", "spad"}
TENSORS = {"ifmap", "filter", "psum", "ofmap"}
ENERGY = {"unit", "compute", "ifmap", "filter", "ofmap", "static", "by_level", "chip", "system"}
BY_LEVEL = {"mac", "spad", "noc", "glb", "dram", "static"}
MORE_IN_ENERGY = {"by_component"}
MORE_BY_LEVEL = {"link", "control"}
TOTAL = {"macs", "macs_performed", "total_latency_s", "processing_latency_s", "energy", "fps"}
MORE_IN_LAYER = {"folded", "passes", "noc", "fifo", "zero_buffer_reads", "power_by_component_w"}
MORE_IN_TOTAL = {"processing_cycles", "total_cycles", "power_w", "power_by_component_w"}


def layer(name: str, *, scale: int = 1, table: str = "eyeriss-65nm") -> LayerResult:
    """Make the result of a layer, with a different count in every entry of its ledger."""
    ledger = Ledger(LEVELS, macs=9000 * scale, macs_performed=4000 * scale, zero_buffer_reads=70 * scale)
    entries = [(level, tensor, direction) for level in Level for tensor in Tensor for direction in Direction]
    for number, (level, tensor, direction) in enumerate(entries, start=1):
        ledger.add(level, tensor, direction, number * scale, bits=(1000 + number) * scale)
    costs = read_cost_table(find_cost_table(table))
    timed = Timed(cycles=8000 * scale, clock_hz=CLOCK_HZ, active_pes=12)
    return LayerResult(
        name=name,
        kind="conv",
        mapping={"m": 8, "n": 2, "e": 4, "p": 4, "q": 3, "r": 1, "t": 2},
        folded=("channels in 2 parts",),
        run=LayerRun(ledger, processing_cycles=5000 * scale, total_cycles=8000 * scale, active_pes=84, passes=6),
        energy=energy_of(ledger, costs, bits=BitWidths(), timed=timed, sort_by_part=sort_by_part),
        clock_hz=CLOCK_HZ,
    )


def network(*layers: LayerResult, complete: bool = True) -> NetworkResult:
    """Make the result of a network."""
    provenance = dict.fromkeys(sorted(PROVENANCE), "x")
    return NetworkResult(provenance=provenance, layers=layers, batch=BATCH, complete=complete)


@pytest.fixture
def written() -> dict[str, Any]:
    """Return a result file of two layers, as it comes back from JSON."""
    text = json.dumps(network(layer("a"), layer("b", scale=3)).as_dict(), allow_nan=False)
    return json.loads(text)  # type: ignore[no-any-return]


def test_the_files_keys(written: dict[str, Any]) -> None:
    assert list(written) == ["schema", "complete", "provenance", "layers", "total"]
    assert written["schema"] == 1
    assert set(written["provenance"]) == PROVENANCE
    assert set(written["total"]) == TOTAL | MORE_IN_TOTAL
    assert set(written["total"]["energy"]) == ENERGY | MORE_IN_ENERGY
    assert set(written["total"]["energy"]["by_level"]) == BY_LEVEL | MORE_BY_LEVEL
    assert list(written["total"]["energy"]["by_component"]) == COMPONENTS


def test_a_layers_keys(written: dict[str, Any]) -> None:
    for entry in written["layers"]:
        assert set(entry) == LAYER | MORE_IN_LAYER
        assert list(entry["mapping"]) == list("mnepqrt")
        for counts in (entry["accesses"], entry["bits"]):
            assert set(counts) == GROUPS
            for level in counts.values():
                assert set(level) == TENSORS
                assert all(set(ways) == {"read", "write"} for ways in level.values())
        assert set(entry["noc"]) == {"gin", "gon", "ln"}
        assert set(entry["fifo"]) == TENSORS
        assert set(entry["energy"]) == ENERGY | MORE_IN_ENERGY
        assert set(entry["energy"]["by_level"]) == BY_LEVEL | MORE_BY_LEVEL
        assert list(entry["energy"]["by_component"]) == COMPONENTS == list(entry["power_by_component_w"])


def leaves(part: object) -> list[object]:
    """List the values at the ends of nested mappings."""
    return [leaf for inner in part.values() for leaf in leaves(inner)] if isinstance(part, dict) else [part]


def test_counts_are_whole_numbers(written: dict[str, Any]) -> None:
    counts = ["macs", "macs_performed", "active_pes", "passes", "processing_cycles", "total_cycles"]
    counts += ["zero_buffer_reads", "mapping", "accesses", "bits", "noc", "fifo"]
    for entry in written["layers"]:
        assert {type(leaf) for key in counts for leaf in leaves(entry[key])} == {int}
    totals = ["macs", "macs_performed", "processing_cycles", "total_cycles"]
    assert {type(written["total"][key]) for key in totals} == {int}


def test_counts_stand_where_they_were_counted(written: dict[str, Any]) -> None:
    ledger = layer("a").run.ledger
    entry = written["layers"][0]
    for name in ("dram", "glb", "spad"):
        for tensor in Tensor:
            for way in Direction:
                words = entry["accesses"][name][tensor.name.lower()][way.name.lower()]
                assert words == ledger.count(Level[name.upper()], tensor, way)
    assert entry["bits"]["dram"]["ifmap"] == {"read": 1001, "write": 1002}
    assert entry["fifo"]["psum"]["read"] == ledger.count(Level.FIFO, Tensor.PSUM, READ)
    assert (entry["macs"], entry["macs_performed"], entry["zero_buffer_reads"]) == (9000, 4000, 70)


def test_the_noc_is_the_sum_of_its_networks(written: dict[str, Any]) -> None:
    entry = written["layers"][0]
    for tensor in TENSORS:
        for way in ("read", "write"):
            parts = [entry["noc"][network][tensor][way] for network in ("gin", "gon", "ln")]
            assert entry["accesses"]["noc"][tensor][way] == sum(parts)


def test_latency_and_power_of_a_layer() -> None:
    """5000 and 8000 cycles of 5 ns; picojoules over 40 us."""
    one = layer("a")
    assert one.processing_latency_s == pytest.approx(25e-6)
    assert one.total_latency_s == pytest.approx(40e-6)
    assert one.power_w == pytest.approx(one.energy.chip * 1e-12 / 40e-6)


def test_totals_add_up(written: dict[str, Any]) -> None:
    total, layers = written["total"], written["layers"]
    for key in ("macs", "macs_performed", "processing_cycles", "total_cycles"):
        assert total[key] == sum(entry[key] for entry in layers)
    for key in ("processing_latency_s", "total_latency_s"):
        assert total[key] == pytest.approx(sum(entry[key] for entry in layers))
    for key in ENERGY - {"unit", "by_level"}:
        assert total["energy"][key] == pytest.approx(sum(entry["energy"][key] for entry in layers))
    for key in BY_LEVEL | MORE_BY_LEVEL:
        parts = [entry["energy"]["by_level"][key] for entry in layers]
        assert total["energy"]["by_level"][key] == pytest.approx(sum(parts))
    for key in COMPONENTS:
        parts = [entry["energy"]["by_component"][key] for entry in layers]
        assert total["energy"]["by_component"][key] == pytest.approx(sum(parts))
        assert total["power_by_component_w"][key] == pytest.approx(sum(parts) * 1e-12 / total["total_latency_s"])
    assert total["energy"]["unit"] == "pJ"
    assert total["fps"] == pytest.approx(BATCH / total["total_latency_s"])
    assert total["power_w"] == pytest.approx(total["energy"]["chip"] * 1e-12 / total["total_latency_s"])


def test_units_of_a_mac_have_no_watts() -> None:
    one = layer("a", table="normalized-65nm")
    assert one.power_w is None
    assert one.as_dict()["power_by_component_w"] is None
    assert network(one).totals()["power_by_component_w"] is None
    assert network(one).totals()["power_w"] is None
    assert network(one).totals()["energy"]["unit"] == "MAC"


def test_sums_of_an_energy() -> None:
    levels = {"mac": 1.0, "spad": 2.0, "noc": 3.0, "glb": 4.0, "dram": 5.0, "static": 6.0}
    one = Energy(unit="pJ", compute=1.0, ifmap=7.0, filter=4.0, ofmap=3.0, static=6.0, by_level=levels)
    one = replace(one, by_component={"clock": 6.0, "spads": 10.0})
    assert (one.system, one.chip) == (21.0, 16.0)
    twice = add_energies([one, one])
    assert (twice.system, twice.chip, dict(twice.by_level)) == (42.0, 32.0, {k: 2 * v for k, v in levels.items()})
    assert twice.by_component == {"clock": 12.0, "spads": 20.0}
    assert twice.power_w(16e-12) == 2.0
    assert twice.power_by_component_w(4e-12) == {"clock": 3.0, "spads": 5.0}


def test_an_operating_point_stands_behind_the_provenance() -> None:
    point = OperatingPoint(voltage_v=0.82, clock_hz=100_000_000, link_clock_hz=30_000_000)
    found = replace(network(layer("a")), operating_point=point).as_dict()
    assert list(found) == ["schema", "complete", "provenance", "operating_point", "layers", "total"]
    assert found["operating_point"] == {"voltage_v": 0.82, "clock_hz": 100_000_000, "link_clock_hz": 30_000_000}


def test_an_interrupted_run_says_so() -> None:
    part = network(layer("a"), complete=False).as_dict()
    assert (part["complete"], len(part["layers"])) == (False, 1)
    assert part["total"]["macs"] == 9000


def test_a_run_without_layers_has_no_total() -> None:
    assert network(complete=False).as_dict()["total"] is None
