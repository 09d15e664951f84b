"""Figures: each is what the result file has and what tables show, and says in a sentence what it means."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
import yaml
from rich.console import Console
from support.workloads import TINY

from sim.ledger.figures import (
    AREA,
    CHIP,
    DRAM,
    DRAM_PER_MAC,
    DRAM_WORDS,
    EDP,
    ENERGIES,
    FIGURES,
    FPS,
    GLB,
    GLB_WORDS,
    IN_THE_FILE,
    IN_THE_TOTAL,
    KINDS,
    LIVE,
    MACS,
    OF_THE_RUN,
    PERFORMED,
    PES,
    POWER,
    PROCESSING,
    SYSTEM,
    TOTAL,
    TOTAL_CYCLES,
    Figure,
)
from sim.ledger.results import NetworkResult
from sim.runs.request import Choices, read_request
from sim.runs.run import RunOptions, run_network
from sim.views.run_table import layer_table

TABLES = {"pJ": "eyeriss-65nm", "MAC": "normalized-65nm"}
by_key = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
in_both_units = pytest.mark.parametrize("unit", TABLES)


@cache
def result(unit: str) -> NetworkResult:
    """Run the small workload on the analytic model, with energies in a unit."""
    request = read_request(Choices(network=yaml.safe_load(TINY), cost_table=TABLES[unit]))
    return run_network(request, RunOptions(model="analytic"))


@cache
def written(unit: str) -> dict[str, Any]:
    """Return the result file."""
    return result(unit).as_dict()


# Declarations


def test_figures_are_declared_once() -> None:
    assert max(Counter(figure.key for figure in FIGURES).values()) == 1
    assert max(Counter(figure.column for figure in FIGURES).values()) == 1
    assert {*OF_THE_RUN, *IN_THE_FILE, *IN_THE_TOTAL, *ENERGIES} <= set(FIGURES)


@by_key
def test_a_figure_says_what_it_is(figure: Figure) -> None:
    assert figure.sentence.endswith(".") and figure.formula and figure.head
    assert figure.key.isidentifier() and figure.column.isidentifier()


def test_a_figure_of_networks_alone_has_no_value_for_a_layer() -> None:
    for figure in (FPS, AREA):
        with pytest.raises(KeyError, match=figure.key):
            figure.value(result("pJ").layers[0])


# The result file


@in_both_units
@pytest.mark.parametrize("figure", IN_THE_FILE, ids=lambda figure: figure.key)
def test_a_layers_figure_is_the_files(figure: Figure, unit: str) -> None:
    for layer, entry in zip(result(unit).layers, written(unit)["layers"], strict=True):
        assert entry[figure.column] == figure.value(layer)
        assert type(entry[figure.column]) is (float if figure.unit == "s" else int)


@in_both_units
@pytest.mark.parametrize("figure", IN_THE_TOTAL, ids=lambda figure: figure.key)
def test_a_networks_figure_is_the_files_total(figure: Figure, unit: str) -> None:
    assert figure.of_network is not None
    assert written(unit)["total"][figure.column] == figure.of_network(result(unit))
    assert figure.of_network(result(unit)) == sum(entry[figure.column] for entry in written(unit)["layers"])


@in_both_units
@pytest.mark.parametrize("figure", ENERGIES, ids=lambda figure: figure.key)
def test_an_energy_is_the_files(figure: Figure, unit: str) -> None:
    for layer, entry in zip(result(unit).layers, written(unit)["layers"], strict=True):
        assert entry["energy"][figure.key] == figure.value(layer)
    assert figure.of_network is not None
    assert written(unit)["total"]["energy"][figure.key] == pytest.approx(figure.of_network(result(unit)))


@in_both_units
def test_kinds_add_up_to_the_system(unit: str) -> None:
    for layer in result(unit).layers:
        assert sum(figure.value(layer) for figure in KINDS) == pytest.approx(SYSTEM.value(layer))


def words_in(entry: dict[str, Any], counts: str, group: str) -> int:
    """Add up a group's counts in the file."""
    return sum(number for ways in entry[counts][group].values() for number in ways.values())


def test_what_the_file_has_as_parts_are_their_sums() -> None:
    for layer, entry in zip(result("pJ").layers, written("pJ")["layers"], strict=True):
        assert DRAM.value(layer) == words_in(entry, "bits", "dram")
        assert GLB.value(layer) == words_in(entry, "bits", "glb")
        assert DRAM_WORDS.value(layer) == words_in(entry, "accesses", "dram")
        assert GLB_WORDS.value(layer) == words_in(entry, "accesses", "glb")
        assert LIVE.value(layer) == 100 * entry["macs_performed"] / entry["macs"]
        assert DRAM_PER_MAC.value(layer) == words_in(entry, "bits", "dram") / 16 / entry["macs"]
        assert EDP.value(layer) == entry["energy"]["system"] * entry["total_latency_s"]
        assert POWER.value(layer) == entry["power_w"]


def test_a_networks_rates_are_of_its_totals() -> None:
    """None of them is a sum of the layers'."""
    total, network = written("pJ")["total"], result("pJ")
    dram_bits = sum(words_in(entry, "bits", "dram") for entry in written("pJ")["layers"])
    assert all(figure.of_network is not None for figure in FIGURES if figure not in (PES, AREA))
    due = {
        FPS: total["fps"],
        POWER: total["power_w"],
        LIVE: 100 * total["macs_performed"] / total["macs"],
        DRAM_PER_MAC: dram_bits / 16 / total["macs"],
        EDP: total["energy"]["system"] * total["total_latency_s"],
    }
    for figure, value in due.items():
        assert figure.of_network is not None
        assert figure.of_network(network) == pytest.approx(value)


def test_units_of_a_mac_have_no_watts() -> None:
    assert POWER.value(result("MAC").layers[0]) is None
    assert POWER.of_network is not None and POWER.of_network(result("MAC")) is None


# What people see


@pytest.mark.parametrize(
    ("figure", "unit", "title", "value", "text"),
    [
        (PES, "pJ", "PEs", 168, "168"),
        (MACS, "pJ", "MACs\nM", 1_234_567, "1.2"),
        (PERFORMED, "pJ", "performed\nM", 49_999, "0.0"),
        (LIVE, "pJ", "live\n%", 49.6, "50"),
        (TOTAL_CYCLES, "pJ", "total\nk cycles", 1_234_567, "1234.6"),
        (PROCESSING, "pJ", "processing\nms", 0.0123456, "12.35"),
        (TOTAL, "MAC", "total\nms", 1.0, "1000.00"),
        (GLB, "pJ", "GLB\nMB", 8_000_000, "1.00"),
        (DRAM, "MAC", "DRAM\nMB", 12_400_000, "1.55"),
        (DRAM_WORDS, "pJ", "DRAM words", 7, "7"),
        (CHIP, "pJ", "chip\nuJ", 1.25e9, "1250.0"),
        (CHIP, "MAC", "chip\nM MAC", 1.25e9, "1250.0"),
        (POWER, "pJ", "power\nmW", 0.2784, "278"),
        (FPS, "pJ", "frames/s\nframes/s", 34.7049, "34.70"),
        (DRAM_PER_MAC, "pJ", "DRAM accesses/MAC", 0.00291, "0.0029"),
        (AREA, "pJ", "area\nmm2", 12.251, "12.25"),
    ],
)
def test_titles_and_texts(figure: Figure, unit: str, title: str, value: float, text: str) -> None:
    assert figure.title(unit) == title
    assert figure.title(unit, between=" ") == title.replace("\n", " ")
    assert figure.text(value) == text
    assert float(figure.text(value, digits=6)) == pytest.approx(figure.scaled(value), abs=1e-6)


@in_both_units
def test_the_runs_table_has_their_titles_and_texts(unit: str) -> None:
    table = layer_table(result(unit).layers)
    assert [column.header for column in table.columns[2:]] == [figure.title(unit) for figure in OF_THE_RUN]
    cells = [[*column.cells] for column in table.columns[2:]]
    assert cells == [[figure.cell(layer) for layer in result(unit).layers] for figure in OF_THE_RUN]
    console = Console(width=200)
    with console.capture() as shown:
        console.print(table)
    for line, layer in zip(shown.get().splitlines()[2:], result(unit).layers, strict=True):
        assert line.split()[-len(OF_THE_RUN) :] == [figure.cell(layer) for figure in OF_THE_RUN]
