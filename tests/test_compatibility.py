"""Files that earlier versions wrote (tests/data/compatibility): still read, and what they say still adds up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import Outcome, read_json
from support.pages import check
from support.paths import DATA

from sim.studies.sweeps.store.stored import StoredSweep

FOLDER = DATA / "compatibility"
UNITS = {"run.json": "pJ", "run_check.json": "pJ", "run_normalized.json": "MAC", "estimate.json": "MAC"}
FIRE2_MACS = {
    "fire2/squeeze1x1": 56 * 56 * 64 * 16,
    "fire2/expand1x1": 56 * 56 * 16 * 64,
    "fire2/expand3x3": 56 * 56 * 16 * 64 * 9,
}
SUMMED = ("macs", "macs_performed", "processing_cycles", "total_cycles", "processing_latency_s", "total_latency_s")
DATA_KINDS = ("compute", "ifmap", "filter", "ofmap", "static")


def results() -> list[Any]:
    """Read every network's result, the two of a comparison as well, with its unit of energy."""
    found = [pytest.param(read_json(FOLDER / name), unit, id=name) for name, unit in UNITS.items()]
    both = read_json(FOLDER / "compare.json")
    return found + [pytest.param(both[model], "pJ", id=f"compare.json {model}") for model in ("cycle", "analytic")]


@pytest.mark.parametrize(("found", "unit"), results())
def test_energies_add_up(found: dict[str, Any], unit: str) -> None:
    """By kind of data, by level and by component; a network's are the sums of its layers'."""
    energies = [one["energy"] for one in (*found["layers"], found["total"])]
    for energy in energies:
        by_level, by_component = energy["by_level"], energy["by_component"]
        assert energy["unit"] == unit
        assert sum(energy[kind] for kind in DATA_KINDS) == pytest.approx(energy["system"], rel=1e-12)
        assert sum(by_level.values()) == pytest.approx(energy["system"], rel=1e-12)
        assert sum(by_component.values()) == pytest.approx(energy["chip"], rel=1e-12)
        assert energy["chip"] + by_level["dram"] == pytest.approx(energy["system"], rel=1e-12)
    *layers, total = energies
    for kind in (*DATA_KINDS, "system", "chip"):
        assert total[kind] == pytest.approx(sum(layer[kind] for layer in layers), rel=1e-12)
    for group in ("by_level", "by_component"):
        for part, energy in total[group].items():
            assert energy == pytest.approx(sum(layer[group][part] for layer in layers), rel=1e-12)


@pytest.mark.parametrize(("found", "unit"), results())
def test_words_and_macs_add_up(found: dict[str, Any], unit: str) -> None:
    assert (found["schema"], found["complete"]) == (1, True)
    assert {layer["name"]: layer["macs"] for layer in found["layers"]} == FIRE2_MACS
    for key in SUMMED:
        assert found["total"][key] == pytest.approx(sum(layer[key] for layer in found["layers"]), rel=1e-12)
    for layer in found["layers"]:
        words = layer["accesses"]
        for tensor in ("ifmap", "filter", "psum", "ofmap"):
            for way in ("read", "write"):
                assert words["noc"][tensor][way] == sum(part[tensor][way] for part in layer["noc"].values())
        for tensor in ("ifmap", "filter"):
            assert words["dram"][tensor]["read"] == words["glb"][tensor]["write"]
        assert words["dram"]["ofmap"]["write"] == words["glb"]["ofmap"]["read"]
        assert words["spad"]["psum"]["write"] == layer["macs_performed"] <= layer["macs"]
        assert layer["bits"]["glb"]["ifmap"]["read"] == 16 * words["glb"]["ifmap"]["read"]


def test_a_checked_run_says_how_many_values_were_compared() -> None:
    checked = [layer["checked"] for layer in read_json(FOLDER / "run_check.json")["layers"]]
    assert [one["values"] for one in checked] == [16 * 56 * 56, 64 * 56 * 56, 64 * 56 * 56]


def test_a_comparison_s_differences_are_those_of_its_results() -> None:
    both = read_json(FOLDER / "compare.json")
    for number, layer in enumerate((*both["differences"]["layers"], both["differences"]["total"])):
        cycle, analytic = ((*both[model]["layers"], both[model]["total"])[number] for model in ("cycle", "analytic"))
        for kind in ("system", *DATA_KINDS):
            due = analytic["energy"][kind] - cycle["energy"][kind]
            assert layer[kind]["difference"] == pytest.approx(due, rel=1e-9, abs=1e-3)
        assert layer["total_cycles"]["difference"] == analytic["total_cycles"] - cycle["total_cycles"]


@pytest.fixture
def stores(folder: Path) -> Path:
    """Copy the stores to a folder that may be written."""
    for file in FOLDER.glob("*.sqlite"):
        shutil.copy(file, folder)
    return folder


@pytest.mark.parametrize(
    ("store", "options", "counts"),
    [
        ("two_networks", [], "8 done, 4 impossible"),
        ("two_networks", ["--where", "workload=vgg16"], "4 done, 2 impossible"),
        ("both_models", [], "4 done, 0 impossible"),
    ],
)
def test_stores_are_drawn(
    store: str, options: list[str], counts: str, stores: Path, sim: Callable[..., Outcome]
) -> None:
    drawn = sim("sweep", "plot", f"{store}.sqlite", *options)
    assert (drawn.status, drawn.out, drawn.err) == (0, f"{store}.html: points: {counts}\n", "")
    text = (stores / f"{store}.html").read_text(encoding="utf-8")
    assert store.replace("_", " ") in text
    impossible = int(counts.split()[2])
    assert f"Impossible, and not drawn: {impossible}." in text or impossible == 0


@pytest.mark.parametrize("store", ["two_networks", "both_models"])
def test_their_pages_are_whole_and_alone(store: str, stores: Path, sim: Callable[..., Outcome]) -> None:
    assert sim("sweep", "plot", f"{store}.sqlite").status == 0
    check((stores / f"{store}.html").read_text(encoding="utf-8"))


def test_the_store_of_two_networks_is_read(stores: Path) -> None:
    stored = StoredSweep(str(stores / "two_networks.sqlite"))
    assert (stored.title, stored.arch, stored.workloads) == ("two networks", ("eyeriss",), ("alexnet", "vgg16"))
    assert (stored.model, stored.objective, stored.units, stored.points) == ("analytic", "energy", ("pJ",), 12)
    assert [(axis.path, axis.written) for axis in stored.axes] == [
        ("workload", ("alexnet", "vgg16")),
        ("glb.fmap_banks", ("1", "12", "25")),
        ("core.clock", ("100 MHz", "200 MHz")),
    ]
    counts = stored.counts()
    assert (counts.done, counts.impossible, counts.missing) == (8, 4, 0)
    assert [row["layer"] for row in stored.layers(2)] == ["CONV1"]
    assert [row["layer"] for row in stored.layers(8)] == ["CONV1-1", "CONV1-2"]
    assert stored.differences() == []
    totals = stored.totals()
    assert [row["status"] for row in totals] == [*["impossible"] * 2, *["done"] * 4] * 2
    for total in totals:
        layers = stored.layers(total["point"]) if total["status"] == "done" else []
        for column in ("macs", "dram_bits", "energy_system_pj") if layers else ():
            assert total[column] == pytest.approx(sum(layer[column] for layer in layers), rel=1e-12)
    assert totals[2]["macs"] == 55 * 55 * 96 * 3 * 11 * 11


def test_the_store_of_both_models_is_read(stores: Path) -> None:
    stored = StoredSweep(str(stores / "both_models.sqlite"))
    assert (stored.title, stored.model, stored.points) == ("both models", "both", 4)
    assert [axis.shown(at) for axis in stored.axes for at in axis.values] == ["12", "25", "true", "false"]
    for total in stored.totals():
        layers = stored.layers(total["point"])
        assert {row["layer"]: row["macs"] for row in layers} == FIRE2_MACS
        assert total["macs"] == sum(FIRE2_MACS.values())
    gaps = {gap.figure: gap for gap in stored.differences()}
    assert {"processing_cycles", "cycles", "dram_bits", "glb_words"} <= set(gaps)
