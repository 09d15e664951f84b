"""Area: exact for the published chip, its shares as published, larger where a part is."""

from __future__ import annotations

from typing import Any

import pytest

from sim.chips.eyeriss.area import area_by_part_mm2, area_mm2, storage_area_mm2
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.files.catalogue import find_machine

CHIP = read_machine(find_machine("eyeriss"))


def with_part(part: str, **changed: Any) -> Machine:
    """Return the chip with some fields of a part changed."""
    return CHIP.model_copy(update={part: getattr(CHIP, part).model_copy(update=changed)})


def test_the_published_chip_has_its_published_area() -> None:
    assert area_mm2(CHIP) == 12.25
    assert sum(area_by_part_mm2(CHIP).values()) == pytest.approx(12.25, rel=1e-12)


def test_parts_have_their_published_shares() -> None:
    parts = area_by_part_mm2(CHIP)
    assert parts["glb"] / 12.25 == pytest.approx(0.188)
    assert parts["pe_spads"] / 12.25 == pytest.approx(0.786 * 0.609)
    assert sum(area for part, area in parts.items() if part.startswith("pe_")) / 12.25 == pytest.approx(0.786)


def test_storage_is_spads_and_buffer() -> None:
    assert storage_area_mm2(CHIP) == pytest.approx(12.25 * (0.786 * 0.609 + 0.188))
    assert storage_area_mm2(with_part("pe", psum_fifo=CHIP.pe.psum_fifo.model_copy(update={"words": 99}))) == (
        storage_area_mm2(CHIP)
    )


def test_a_bit_of_a_spad_is_larger_than_one_of_the_buffer() -> None:
    """The figures of the module's docstring, from the shares of Fig. 15 and the published sizes."""
    parts = area_by_part_mm2(CHIP)
    spad_um2, glb_um2 = parts["pe_spads"] * 1e6 / 700_896, parts["glb"] * 1e6 / 884_736
    assert (round(spad_um2, 3), round(glb_um2, 3), round(spad_um2 / glb_um2, 1)) == (8.366, 2.603, 3.2)
    wider = with_part("pe", filter_spad=CHIP.pe.filter_spad.model_copy(update={"words": 225}))
    assert area_mm2(wider) - area_mm2(CHIP) == pytest.approx(168 * 16 * spad_um2 * 1e-6)
    more = with_part("glb", fmap_banks=26)
    assert area_mm2(more) - area_mm2(CHIP) == pytest.approx(512 * 64 * glb_um2 * 1e-6)


def test_the_glb_scales_with_its_bits_alone() -> None:
    larger = with_part("glb", fmap_banks=52)
    assert area_mm2(larger) - 12.25 == pytest.approx(12.25 * 0.188)
    parts, before = area_by_part_mm2(larger), area_by_part_mm2(CHIP)
    assert [part for part in parts if parts[part] != before[part]] == ["glb"]


@pytest.mark.parametrize(
    "larger",
    [
        with_part("pe_array", rows=13),
        with_part("pe_array", columns=15),
        with_part("glb", bank_words=513),
        with_part("glb", filter_banks=3),
        with_part("pe", zero_buffer=13),
        with_part("pe", filter_spad=CHIP.pe.filter_spad.model_copy(update={"words": 225})),
        with_part("pe", psum_fifo=CHIP.pe.psum_fifo.model_copy(update={"width": 17})),
    ],
)
def test_more_of_anything_is_larger(larger: Machine) -> None:
    assert area_mm2(larger) > 12.25


def test_twice_the_pes_leave_glb_and_control_as_they_are() -> None:
    doubled = area_by_part_mm2(with_part("pe_array", rows=24))
    before = area_by_part_mm2(CHIP)
    constant = {"glb", "rlc_relu", "top_control", "scan_chain"}
    assert doubled == {part: area if part in constant else 2 * area for part, area in before.items()}
