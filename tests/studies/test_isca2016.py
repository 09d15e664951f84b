"""The shipped study of array size and batch: its machines are of equal area, and go the way the paper's do."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest
from support.paths import ROOT

import sim
from sim.chips.eyeriss.area import storage_area_mm2
from sim.studies.sweeps.spec.spec import read_study

SPEC = ROOT / "benchmarks" / "isca2016.yaml"
PUBLISHED_SPLIT = 224  # words of the filter spad, in 512 B of register file a PE


@pytest.fixture(scope="module")
def totals() -> pd.DataFrame:
    """Evaluate the study; give whole networks, with figures an operation."""
    rows = sim.sweep(SPEC)
    found = rows[(rows.layer == "total") & rows.type.isna()]
    return found.assign(
        pes=found["pe_array.rows"] * found["pe_array.columns"],
        spad=found["pe.filter_spad.words"],
        buffer_kib=4 * (found["glb.fmap_banks"] + found["glb.filter_banks"]),
        energy_op=found.energy_system_mac / found.macs,
        dram_op=found.dram_words / found.macs,
    )


def test_every_point_is_there(totals: pd.DataFrame) -> None:
    assert len(totals) == 3 * 3 * 7
    assert set(totals.status) == {"done"}
    assert (totals.macs_performed == totals.macs).all()  # dense
    assert (totals.macs == 665_784_864 * totals.batch).all()
    assert (totals.dram_bits == 16 * totals.dram_words).all()  # nothing is coded


def test_the_published_split_has_512_bytes_of_each_kind_a_pe(totals: pd.DataFrame) -> None:
    published = totals[totals.spad == PUBLISHED_SPLIT]
    assert (published.buffer_kib == published.pes / 2).all()


def test_machines_of_a_size_have_one_storage_area_but_for_part_of_a_bank() -> None:
    study = read_study(SPEC)
    areas: dict[int, list[float]] = {}
    for number in study.numbers():
        machine = study.machine_of(study.point(number))
        areas.setdefault(machine.pe_array.rows * machine.pe_array.columns, []).append(storage_area_mm2(machine))
    bank_mm2 = 2.603e-6 * 512 * 64
    assert sorted(areas) == [256, 512, 1024]
    for found in areas.values():
        assert max(found) - min(found) < bank_mm2


def test_more_images_and_more_pes_save_dram_accesses_and_energy(totals: pd.DataFrame) -> None:
    best = totals.loc[totals.groupby(["pes", "batch"]).energy_op.idxmin()].set_index(["pes", "batch"])
    for column in ("energy_op", "dram_op"):
        figures = best[column]
        for pes in (256, 512, 1024):
            assert figures[pes, 1] > figures[pes, 16] > figures[pes, 64]
            assert figures[pes, 16] - figures[pes, 64] < 0.1 * (figures[pes, 1] - figures[pes, 64])
        for batch in (1, 16, 64):
            assert all(figures[few, batch] > figures[many, batch] for few, many in pairwise((256, 512, 1024)))


def test_energy_is_above_what_a_mac_and_its_spad_accesses_take(totals: pd.DataFrame) -> None:
    """A MAC, its two operands, its psum read and written: five units; the rest is what the dataflow saves."""
    assert totals.energy_op.min() > 5
    assert totals[totals.spad == PUBLISHED_SPLIT].energy_op.max() < 7
