"""Published data, and the validation's arithmetic on made-up results: what is inside, and what breaks a bound."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.made_up import as_published, made_up
from support.paths import PACKAGE

from sim.chips.eyeriss.silicon.measures import compression_ratio, layer_figures, total_figures
from sim.chips.eyeriss.silicon.published import (
    NETWORKS,
    PUBLISHED,
    published_figures,
    read_bounds,
    read_compression,
    read_figures,
    read_power_shares,
)
from sim.chips.published import TOTAL, Bound, MeasuredNetwork
from sim.studies.validation import Cell, NetworkValidation, Validation, validate_network

ALEXNET, VGG16 = NETWORKS
# Never widened: what must be inside, by network, quantity and scope, in per cent but for the ratio.
BOUNDS = {
    ("alexnet", "active_pes", "worst"): 0,
    ("vgg16", "active_pes", "worst"): 0,
    ("alexnet", "processing_latency", "mean"): 3,
    ("alexnet", "processing_latency", "worst"): 6,
    ("vgg16", "processing_latency", "mean"): 3.5,
    ("vgg16", "processing_latency", "worst"): 6,
    ("alexnet", "total_latency", "mean"): 3,
    ("alexnet", "total_latency", "worst"): 6,
    ("vgg16", "total_latency", "mean"): 5,
    ("vgg16", "total_latency", "worst"): 10,
    ("alexnet", "glb_accesses", "worst"): 1,
    ("vgg16", "glb_accesses", "worst"): 6,
    ("alexnet", "dram_accesses", "worst"): 5,
    ("vgg16", "dram_accesses", "mean"): 10,
    ("alexnet", "chip_energy", "worst"): 6.5,
    ("vgg16", "chip_energy", "worst"): 9,
    ("alexnet", "frame_rate", "total"): 3,
    ("vgg16", "frame_rate", "total"): 3,
    ("alexnet", "power", "total"): 3,
    ("vgg16", "power", "total"): 3,
    ("alexnet", "chip_energy", "total"): 3,
    ("vgg16", "chip_energy", "total"): 2,
    ("alexnet", "dram_compression", "worst"): 0.1,
}


def broken(network: MeasuredNetwork, **factors: dict[str, float]) -> list[str]:
    """Name the bounds that results break which agree with the chip but for some factors."""
    return [one.name for one in validate_network(PUBLISHED, network, as_published(network, **factors)).broken]


def cell_of(found: NetworkValidation, layer: str, quantity: str) -> Cell:
    """Find a cell."""
    (cell,) = (one for one in found.every_cell if (one.layer, one.quantity) == (layer, quantity))
    return cell


# Published data


def test_the_bounds_are_as_agreed() -> None:
    keys = {network.workload: network.key for network in NETWORKS}
    found = {(keys[bound.workload], bound.quantity, bound.scope): bound.limit for bound in read_bounds()}
    assert found == BOUNDS
    assert len(read_bounds()) == len(BOUNDS)
    assert all(bound.reason for bound in read_bounds())
    assert {bound.unit for bound in read_bounds() if bound.quantity != "dram_compression"} == {"%"}


@pytest.mark.parametrize(("network", "layers"), [(ALEXNET, 5), (VGG16, 13)], ids=lambda one: str(one))
def test_every_cell_of_the_tables_is_there(network: MeasuredNetwork, layers: int) -> None:
    cells = [figure for figure in read_figures() if figure.workload == network.workload]
    assert len(cells) == 6 * (layers + 1) + 1
    assert len({(cell.layer, cell.quantity) for cell in cells}) == len(cells)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.key)
@pytest.mark.parametrize("quantity", ["total_latency", "processing_latency", "glb_accesses", "dram_accesses"])
def test_rows_add_up_to_the_printed_totals(network: MeasuredNetwork, quantity: str) -> None:
    column = {one.layer: one.value for one in published_figures(network) if one.quantity == quantity}
    total = column.pop(TOTAL)
    assert sum(column.values()) == pytest.approx(total, abs=0.05 * len(column) + 0.05)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.key)
def test_derived_figures(network: MeasuredNetwork) -> None:
    printed = {(one.layer, one.quantity): one for one in read_figures() if one.workload == network.workload}
    derived = {(one.layer, one.quantity): one for one in published_figures(network)}
    rate, rounded = derived[TOTAL, "frame_rate"].value, printed[TOTAL, "frame_rate"].value
    assert round(rate, 1) == rounded
    assert rate * derived[TOTAL, "total_latency"].value == pytest.approx(1e3 * network.batch)
    joules = [one.value for (layer, quantity), one in derived.items() if quantity == "chip_energy" and layer != TOTAL]
    assert sum(joules) == pytest.approx(derived[TOTAL, "chip_energy"].value, rel=2e-3)


def test_compression_is_the_ratio_of_its_bars() -> None:
    assert [one.ratio for one in read_compression()] == [1.2, 1.4, 1.7, 1.8, 1.9]
    for one in read_compression():
        assert one.raw_mb / one.rlc_mb == pytest.approx(one.ratio, abs=0.11)  # bars are read off to 0.05 MB


def test_power_shares_add_up() -> None:
    conv1, conv5 = read_power_shares()
    assert (conv1.layer, conv5.layer) == ("CONV1", "CONV5")
    assert conv5.percent["clock"] == 45.0
    for shares in (conv1, conv5):
        assert sum(shares.percent.values()) == pytest.approx(100, abs=0.3)


def test_a_bound_is_strict_and_zero_means_exact() -> None:
    bound = Bound("power", "alexnet_jssc2017", "worst", 6, "%", "")
    assert [bound.holds(value) for value in (5.99, -5.99, 6, -6)] == [True, True, False, False]
    exact = replace(bound, limit=0)
    assert [exact.holds(value) for value in (0, 1e-9, -1e-9)] == [True, False, False]
    assert (str(bound), str(exact)) == ("6", "exact")


# Measures


def test_figures_of_a_layer() -> None:
    layer = made_up("CONV1", total_ms=10, processing_ms=8, pes=7, glb_bytes=2**20, dram_bytes=1e6, energy_mj=3)
    assert layer_figures(layer) == pytest.approx(
        {
            ("power", "mW"): 300,
            ("total_latency", "ms"): 10,
            ("processing_latency", "ms"): 8,
            ("active_pes", "PE"): 7,
            ("glb_accesses", "MB"): 1.048576,
            ("glb_accesses", "MiB"): 1,
            ("dram_accesses", "MB"): 1,
            ("chip_energy", "mJ"): 3,
            ("dram_compression", "1"): 1.5,
        }
    )
    assert compression_ratio(layer) == pytest.approx(1.5)


def test_totals_weigh_power_and_pes_by_time() -> None:
    layers = [
        layer_figures(made_up("a", total_ms=10, processing_ms=1, pes=100, energy_mj=1)),
        layer_figures(made_up("b", total_ms=30, processing_ms=3, pes=200, energy_mj=5)),
    ]
    total = total_figures(layers, batch=2)
    assert total["power", "mW"] == pytest.approx(150)
    assert total["active_pes", "PE"] == pytest.approx(175)
    assert total["frame_rate", "frames/s"] == pytest.approx(50)
    assert total["chip_energy", "mJ"] == pytest.approx(6)


# Cells, columns, totals


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.key)
def test_results_as_published_break_nothing(network: MeasuredNetwork) -> None:
    found = validate_network(PUBLISHED, network, as_published(network))
    assert found.broken == []
    assert all(abs(cell.deviation_pct) < 1e-3 for cell in found.cells + found.ratios)
    assert [column.quantity for column in found.columns] == list(PUBLISHED.columns)
    assert {cell.quantity for cell in found.totals} == {*PUBLISHED.columns, "frame_rate"}
    assert len(found.ratios) == (5 if network is ALEXNET else 0)


def test_a_deviation_is_ours_against_published() -> None:
    found = validate_network(PUBLISHED, ALEXNET, as_published(ALEXNET, processing_latency={"CONV2": 1.04}))
    cell = cell_of(found, "CONV2", "processing_latency")
    assert (cell.published, cell.unit) == (39.2, "ms")
    assert cell.ours == pytest.approx(40.768)
    assert cell.deviation_pct == pytest.approx(4)
    assert cell.inside


def test_a_cell_breaks_its_bound() -> None:
    assert broken(ALEXNET, processing_latency={"CONV5": 0.93}) == ["processing_latency/alexnet/CONV5"]
    assert broken(VGG16, glb_accesses={"CONV4-2": 1.061}) == ["glb_accesses/vgg16/CONV4-2"]


def test_a_pe_too_few_is_not_exact() -> None:
    assert broken(ALEXNET, active_pes={"CONV4": 155 / 156}) == ["active_pes/alexnet/CONV4"]


def test_a_mean_breaks_where_no_cell_does() -> None:
    """Deviations of either sign do not cancel."""
    factors = {"CONV1": 1.04, "CONV2": 0.96, "CONV3": 1.04, "CONV4": 0.96, "CONV5": 1.04}
    assert broken(ALEXNET, processing_latency=factors) == ["processing_latency/alexnet/mean"]
    found = validate_network(PUBLISHED, ALEXNET, as_published(ALEXNET, processing_latency=factors))
    (column,) = (one for one in found.columns if one.quantity == "processing_latency")
    assert column.mean == pytest.approx(4)
    assert column.inside is False


def test_a_total_breaks_where_no_cell_does() -> None:
    layers = [figure.layer for figure in published_figures(ALEXNET) if figure.quantity == "power"]
    assert broken(ALEXNET, chip_energy=dict.fromkeys(layers, 1.05)) == [
        "power/alexnet/total",
        "chip_energy/alexnet/total",
    ]


def test_the_total_of_vgg16_energy_is_bounded_more_closely_than_its_power() -> None:
    layers = [figure.layer for figure in published_figures(VGG16) if figure.quantity == "power"]
    assert broken(VGG16, chip_energy=dict.fromkeys(layers, 1.025)) == ["chip_energy/vgg16/total"]


def test_a_cell_without_a_bound_breaks_nothing_alone() -> None:
    found = validate_network(PUBLISHED, VGG16, as_published(VGG16, dram_accesses={"CONV1-2": 1.6}))
    assert found.broken == []
    cell = cell_of(found, "CONV1-2", "dram_accesses")
    assert (cell.bound, cell.inside) == (None, None)
    (column,) = (one for one in found.columns if one.quantity == "dram_accesses")
    assert (column.worst_layer, column.inside) == ("CONV1-2", True)
    assert column.worst == pytest.approx(60)
    assert column.mean == pytest.approx(60 / 13, abs=1e-3)


def test_a_compression_ratio_is_bounded_by_its_plain_difference() -> None:
    assert broken(ALEXNET, ratio={"CONV5": 1.99 / 1.9}) == []
    assert broken(ALEXNET, ratio={"CONV5": 2.01 / 1.9}) == ["dram_compression/alexnet/CONV5"]
    found = validate_network(PUBLISHED, ALEXNET, as_published(ALEXNET, ratio={"CONV5": 2.01 / 1.9}))
    assert found.broken[0].deviation == pytest.approx(0.11, abs=1e-4)


def test_broken_bounds_come_column_by_column() -> None:
    found = broken(ALEXNET, total_latency={"CONV1": 2.0, "CONV5": 1.2}, glb_accesses={"CONV3": 1.1})
    assert found == [
        "power/alexnet/total",
        "total_latency/alexnet/CONV1",
        "total_latency/alexnet/CONV5",
        "total_latency/alexnet/mean",
        "glb_accesses/alexnet/CONV3",
        "frame_rate/alexnet/total",
    ]


# Files


def test_the_form_of_the_json_file() -> None:
    alexnet = validate_network(PUBLISHED, ALEXNET, as_published(ALEXNET, total_latency={"CONV5": 1.1}))
    found = Validation((alexnet, validate_network(PUBLISHED, VGG16, as_published(VGG16)))).as_dict()
    assert list(found) == ["schema", "bounds_checked", "broken", "networks"]
    # Bounded columns by layers, means, totals; and AlexNet's ratios.
    assert found["bounds_checked"] == (6 * 5 + 2 + 3) + (5 * 13 + 3 + 3) + 5
    (one,) = found["broken"]
    assert list(one) == ["id", "deviation", "bound", "unit", "reason_of_the_bound"]
    assert (one["id"], one["bound"], one["unit"]) == ("total_latency/alexnet/CONV5", 6, "%")
    network = found["networks"][0]
    assert (network["name"], network["workload"], network["batch"]) == ("alexnet", "alexnet_jssc2017", 4)
    assert network["cells"][0]["source"] == "JSSC 52(1) 2017 Table V"
    assert [column["quantity"] for column in network["columns"]] == list(PUBLISHED.columns)


def test_one_row_a_cell() -> None:
    found = Validation(tuple(validate_network(PUBLISHED, network, as_published(network)) for network in NETWORKS))
    rows = found.as_rows()
    assert len(rows) == 7 * (5 + 1 + 13 + 1) + 2 + 5
    assert len({(row["network"], row["layer"], row["quantity"]) for row in rows}) == len(rows)
    assert rows[0] == rows[0] | {"network": "alexnet", "layer": "CONV1", "quantity": "power", "unit": "mW"}
    assert (rows[0]["published"], rows[0]["bound"], rows[0]["inside"]) == (332, None, None)


def test_the_validation_knows_neither_engine_nor_simpy() -> None:
    silicon = PACKAGE / "chips" / "eyeriss" / "silicon"
    files = (PACKAGE / "studies" / "validation.py", PACKAGE / "chips" / "published.py")
    for file in (*files, silicon / "measures.py", silicon / "published.py"):
        text = file.read_text(encoding="utf-8")
        assert "simpy" not in text.lower()
        assert "sim.chips.eyeriss.engine" not in text
