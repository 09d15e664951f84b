"""Chips by name: what a machine's file asks for, the exact line for one that isn't there, and designs changed."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from support.marked import place, plain

from sim.chips import registry
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import Machine
from sim.chips.registry import DEFAULT, chip_for, chip_of, design_around, design_of, kinds, read_design
from sim.errors import InputError
from sim.files.catalogue import find_machine

GOOD = find_machine("eyeriss").read_text(encoding="utf-8")


def test_eyeriss_is_the_chip_of_files_that_name_none() -> None:
    assert DEFAULT == "eyeriss" == kinds()[0]
    assert isinstance(chip_of("eyeriss"), Eyeriss)
    assert chip_of("none") is None
    assert isinstance(read_design(find_machine("eyeriss")).chip, Eyeriss)


def test_every_chip_goes_by_its_name() -> None:
    for kind in kinds():
        chip = chip_of(kind)
        assert chip is not None
        assert chip.kind == kind


@pytest.mark.parametrize(
    ("chip", "line"),
    [
        ("@eyeris", "chip: no chip 'eyeris'; did you mean 'eyeriss'?"),
        ("@7", f"chip: not a chip's name; allowed: {', '.join(kinds())}"),
        ("@[eyeriss]", f"chip: not a chip's name; allowed: {', '.join(kinds())}"),
    ],
)
def test_refuse_a_chip(chip: str, line: str, folder: Path) -> None:
    marked = f"{GOOD}chip: {chip}\n"
    Path("m.yaml").write_text(plain(marked), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_design(Path("m.yaml"))
    assert str(caught.value) == f"m.yaml:{place(marked)}: {line}"


def test_data_is_refused_at_its_place() -> None:
    with pytest.raises(InputError) as caught:
        design_of({"chip": "eyeris"}, "arch")
    assert str(caught.value) == "arch: chip: no chip 'eyeris'; did you mean 'eyeriss'?"


def test_an_empty_file_is_refused_by_what_it_should_have_been(folder: Path) -> None:
    Path("m.yaml").touch()
    with pytest.raises(InputError, match=r"^m\.yaml:1:1: the file is empty; expected a mapping with the keys schema, "):
        read_design(Path("m.yaml"))


def test_a_machine_whose_chip_has_gone_is_refused() -> None:
    machine = read_design(find_machine("eyeriss")).machine.model_copy(update={"chip": "eyeris"})
    with pytest.raises(InputError) as caught:
        chip_for(machine)
    assert str(caught.value) == "eyeriss: chip: no chip 'eyeris'; did you mean 'eyeriss'?"


# Designs


def test_a_design_is_the_same_from_file_data_and_machine() -> None:
    design = read_design(find_machine("eyeriss"))
    again = design_of(design.written, "arch"), design_around(design.machine)
    assert [one.machine for one in again] == [design.machine] * 2
    assert design.with_changes({}, "--set") is design


def test_changes_are_checked_as_if_they_were_written() -> None:
    design = read_design(find_machine("eyeriss"))
    changed = design.with_changes({"core.clock": "100 MHz", "pe_array.rows": 8}, "--set").machine
    assert isinstance(changed, Machine)
    assert (changed.core.clock, changed.pe_array.rows, changed.pe_array.columns) == (100_000_000, 8, 14)
    with pytest.raises(InputError) as caught:
        design.with_changes({"core.clock": 100}, "--set")
    assert str(caught.value) == "--set: core.clock: a number without a unit; write e.g. '200 MHz'"


def test_a_chips_extra_parameters_are_resolved() -> None:
    changed = read_design(find_machine("eyeriss")).with_changes({"glb.size": "54 KiB", "glb.fmap_banks": 25}, "--set")
    assert isinstance(changed.machine, Machine)
    assert (changed.machine.glb.size_bytes, changed.machine.glb.bank_words) == (54 * 1024, 256)


def test_a_package_that_does_not_load_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "no_such_package:Chip", "sim.chips")
    monkeypatch.setattr(registry, "entry_points", lambda **wanted: [broken])
    assert kinds() == ["eyeriss", "broken"]
    with pytest.raises(InputError) as caught:
        chip_of("broken")
    wrong = "the chip of another package, no_such_package:Chip, doesn't load: ModuleNotFoundError: "
    reason = "No module named 'no_such_package'"
    assert str(caught.value) == f"chip: broken: {wrong}{reason}; mend or remove that package"
