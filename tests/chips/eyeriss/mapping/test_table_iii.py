"""The published mapping of AlexNet: legal, with the published active PEs and GLB allocation (JSSC 2017, Table III)."""

from __future__ import annotations

import csv

import pytest
from support.paths import DATA

from sim.chips.eyeriss.machine import read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case, ifmap_tile_words, psum_tile_words, violations
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS, Mapping
from sim.files.catalogue import find_machine, find_workload
from sim.networks.workload import read_workload

TABLE = DATA / "jssc2017_table3_mapping.csv"
ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
ACTIVE_PES = {"CONV1": 154, "CONV2": 135, "CONV3": 156, "CONV4": 156, "CONV5": 156}
BATCH = 4


def case_of(row: dict[str, str]) -> Case:
    """Make the case of one printed row."""
    layer = next(layer for layer in read_workload(find_workload("alexnet")).layers if layer.name == row["layer"])
    machine = read_machine(find_machine("eyeriss"))
    mapping = Mapping(**{name: int(row[name]) for name in PARAMETERS})
    return Case(fold(layer.shape, machine), BATCH, layer.bits, mapping, machine)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["layer"])
def test_mapping_is_legal(row: dict[str, str]) -> None:
    assert violations(case_of(row)) == ()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["layer"])
def test_active_pes_are_the_published_ones(row: dict[str, str]) -> None:
    assert case_of(row).placement.active_pes == ACTIVE_PES[row["layer"]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["layer"])
def test_glb_allocation_matches_to_the_printed_digit(row: dict[str, str]) -> None:
    case = case_of(row)
    assert f"{ifmap_tile_words(case) * 2 / 1024:.1f}" == row["glb_ifmap_kib"]
    assert f"{psum_tile_words(case) * 2 / 1024:.1f}" == row["glb_psum_kib"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["layer"])
def test_shape_is_the_printed_one(row: dict[str, str]) -> None:
    shape = case_of(row).folded.shape
    printed = {key: int(row[key]) for key in ("H", "R", "E", "C", "U")}
    assert {"H": shape.H, "R": shape.R, "E": shape.E, "C": shape.C, "U": shape.Uy} == printed
    # Table III prints M over both groups where the filters of a group are half of it.
    assert int(row["M"]) == shape.M * shape.G
