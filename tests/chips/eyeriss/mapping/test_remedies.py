"""The changes that are named where nothing is legal: they suffice, and one step less does not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.remedies import Change, apply, changes_for
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.files.catalogue import find_machine
from sim.networks.layer import BitWidths, Shape

EYERISS = read_machine(find_machine("eyeriss"))
SMALLEST = Mapping(1, 1, 1, 1, 1, 1, 1)


def part(machine: Machine, name: str, **changed: object) -> Machine:
    """Return a machine with one part changed."""
    return machine.model_copy(update={name: getattr(machine, name).model_copy(update=changed)})


def short_of(rng: random.Random) -> Case:
    """Draw a layer that a poor machine can't run, whatever the mapping."""
    machine = part(EYERISS, "pe_array", rows=rng.randint(1, 3), columns=rng.randint(1, 3))
    machine = part(machine, "glb", bank_words=rng.randint(1, 8), fmap_banks=rng.randint(1, 2), filter_banks=1)
    machine = part(machine, "limits", filter_height=rng.randint(1, 3), filter_width=2, horizontal_stride=1)
    machine = part(machine, "noc", row_id=rng.randint(1, 2), col_id=1, gin_ifmap=rng.choice((8, 16)), ln=12)
    machine = part(machine, "pe", zero_buffer=rng.randint(1, 3))
    machine = part(machine, "arithmetic", operand=rng.choice((8, 16)))
    shape = Shape(1, 2, 2, rng.randint(1, 5), rng.randint(1, 14), rng.randint(2, 6), rng.randint(2, 6), 2, 2)
    bits = BitWidths(ifmap=rng.choice((8, 16)), filter=rng.choice((8, 16)))
    return Case(fold(shape, machine), 1, bits, SMALLEST, machine)


def test_the_changes_make_the_smallest_mapping_legal() -> None:
    rng = random.Random(7)
    rules = set()
    for _ in range(300):
        case = short_of(rng)
        rules |= {violation.rule for violation in violations(case)}
        mended = replace(case, machine=apply(case.machine, changes_for(case)))
        assert violations(mended) == (), changes_for(case)
    assert rules >= {
        "native_limits",
        "operand_widths",
        "ifmap_spad",
        "zero_buffer",
        "bus_widths",
        "array_geometry",
        "multicast_tags",
        "glb_fmap_banks",
        "glb_filter_banks",
    }


def test_no_smaller_number_would_do() -> None:
    rng = random.Random(8)
    for _ in range(200):
        case = short_of(rng)
        changes = changes_for(case)
        for place, change in enumerate(changes):
            if not isinstance(change.value, int) or isinstance(change.value, bool) or change.value == 1:
                continue
            less = (*changes[:place], Change(change.path, change.value - 1), *changes[place + 1 :])
            assert violations(replace(case, machine=apply(case.machine, less))) != (), change


@pytest.mark.parametrize("width", [17, 20])
def test_a_code_that_is_too_narrow_can_be_left_off(width: int) -> None:
    machine = part(part(EYERISS, "arithmetic", operand=32, psum=32), "noc", gin_ifmap=32)
    case = Case(fold(Shape(1, 1, 1, 1, 1, 1, 1), machine), 1, BitWidths(ifmap=width), SMALLEST, machine)
    assert [str(change) for change in changes_for(case)] == ["rlc.enabled: False"]


def test_a_legal_mapping_needs_no_change() -> None:
    assert changes_for(Case(fold(Shape(1, 1, 1, 3, 3, 4, 4), EYERISS), 1, BitWidths(), SMALLEST, EYERISS)) == ()


def test_a_change_that_breaks_another_rule_is_followed_up() -> None:
    """A filter of 20 rows needs 20 array rows, and these need 5 bits to be told apart."""
    case = Case(fold(Shape(1, 1, 1, 20, 3, 4, 4), EYERISS), 1, BitWidths(), SMALLEST, EYERISS)
    changes = [str(change) for change in changes_for(case)]
    assert changes == ["limits.filter_height: 20", "pe_array.rows: 20", "noc.row_id: 5"]
    assert violations(replace(case, machine=apply(EYERISS, changes_for(case)))) == ()
