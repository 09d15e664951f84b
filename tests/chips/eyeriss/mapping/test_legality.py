"""One mapping beyond each rule: the rule, and only it, objects, in these words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import Gating
from sim.files.catalogue import find_machine
from sim.networks.layer import BitWidths, Shape

EYERISS = read_machine(find_machine("eyeriss"))
CONV3 = Shape(G=1, M=384, C=256, R=3, S=3, E=13, F=13)
LEGAL = Mapping(m=64, n=4, e=13, p=16, q=3, r=2, t=2)


def case(
    shape: Shape = CONV3,
    mapping: Mapping = LEGAL,
    *,
    machine: Machine = EYERISS,
    bits: BitWidths = BitWidths(),  # noqa: B008 - frozen
    **changed: int,
) -> Case:
    """Make a case without folding, with some mapping parameters changed."""
    return Case(Folded(shape, shape, shape.M), 4, bits, replace(mapping, **changed), machine)


def with_pe(**parts: object) -> Machine:
    """Return the chip with other PEs."""
    return EYERISS.model_copy(update={"pe": EYERISS.pe.model_copy(update=parts)})


def with_noc(**widths: int) -> Machine:
    """Return the chip with other networks."""
    return EYERISS.model_copy(update={"noc": EYERISS.noc.model_copy(update=widths)})


ONE_OUTPUT = Shape(G=1, M=64, C=16, R=1, S=1, E=1, F=1)
SMALLEST = Mapping(m=1, n=1, e=1, p=1, q=1, r=1, t=1)

BROKEN = [
    (case(m=385), "loop_bounds: m=385; 1 to 384 here"),
    (case(n=5), "loop_bounds: n=5; 1 to 4 here"),
    (case(e=14), "loop_bounds: e=14; 1 to 13 here"),
    (case(m=10), "loop_bounds: p=16; 1 to 10 here"),
    (case(t=5), "loop_bounds: t=5; 1 to 4 here"),
    (case(replace(CONV3, C=4)), None),
    (case(replace(CONV3, C=3)), "loop_bounds: r=2; 1 to 1 here"),
    (
        case(machine=EYERISS.model_copy(update={"limits": EYERISS.limits.model_copy(update={"filter_height": 2})})),
        "native_limits: R=3; at most 2 on this machine",
    ),
    (case(replace(CONV3, C=1025)), "native_limits: C=1025; at most 1024 on this machine"),
    (case(replace(CONV3, Ux=13), SMALLEST), "native_limits: horizontal stride=13; at most 12 on this machine"),
    (case(replace(CONV3, Uy=3), SMALLEST), "native_limits: vertical stride 3; one of 1, 2, 4 on this machine"),
    (
        case(bits=BitWidths(filter=17), p=8),
        "operand_widths: filter words of 17 bits; at most 16 on this machine",
    ),
    (case(q=4, p=19, r=1, t=1, m=19), "filter_spad: p q S = 228 words; at most 224"),
    (case(p=25, q=2, t=1, m=50), "psum_spad: p = 25 words; at most 24"),
    (case(r=3, q=2), "array_geometry: 6 PE sets of 3 x 13 need 18 rows; at most 12"),
    (
        case(Shape(1, 8, 64, 1, 1, 4, 4), SMALLEST, e=4, r=12, machine=with_noc(row_id=3)),
        "multicast_tags: 12 row tags; at most 7 in 3 bits",
    ),
    (
        case(Shape(1, 8, 4, 1, 1, 42, 4), SMALLEST, e=42),
        "multicast_tags: 42 column tags; at most 31 in 5 bits",
    ),
    (case(m=96), "glb_fmap_banks: 3 ifmap and 32 psum banks; at most 25 together"),
    (
        case(
            ONE_OUTPUT,
            SMALLEST,
            m=64,
            p=22,
            q=10,
            r=1,
            t=3,
            machine=EYERISS.model_copy(
                update={"glb": EYERISS.glb.model_copy(update={"filter_banks": 1, "bank_words": 128})}
            ),
        ),
        "glb_filter_banks: 640 filter words a pass; at most 512",
    ),
    (
        case(machine=with_pe(psum_fifo=EYERISS.pe.psum_fifo.model_copy(update={"words": 3}))),
        "psum_fifo: a bus word of 4 psums; at most the FIFO's 3",
    ),
    (
        case(machine=with_noc(gin_ifmap=8)),
        "bus_widths: a word of 16 bits on the 8-bit gin_ifmap bus; at most 8 bits",
    ),
]


@pytest.mark.parametrize(("broken", "message"), BROKEN)
def test_each_rule_objects_in_its_words(broken: Case, message: str | None) -> None:
    assert [str(violation) for violation in violations(broken)] == ([] if message is None else [message])


def test_window_needs_room_in_the_ifmap_spad_and_flags_while_gating() -> None:
    found = [str(violation) for violation in violations(case(q=5, r=1, p=14))]
    assert found == [
        "ifmap_spad: q S = 15 words; at most 12",
        "zero_buffer: q S = 15 words; at most the zero buffer's 12 flags while gating is on",
    ]


def test_narrow_words_pack_into_the_spads_but_flags_bind_until_gating_is_off() -> None:
    bits = BitWidths(ifmap=8, filter=8, psum=16)
    found = [str(violation) for violation in violations(case(q=5, r=1, p=14, bits=bits))]
    assert found == ["zero_buffer: q S = 15 words; at most the zero buffer's 12 flags while gating is on"]
    assert violations(case(q=5, r=1, p=14, bits=bits, machine=with_pe(gating=Gating.OFF))) == ()


def test_overlapped_fmaps_need_twice_the_banks() -> None:
    overlapped = EYERISS.model_copy(update={"overlap": EYERISS.overlap.model_copy(update={"fmaps": True})})
    (found,) = violations(case(machine=overlapped))
    assert str(found) == "glb_fmap_banks: 6 ifmap and 43 psum banks; at most 25 together"


def test_the_published_machine_takes_its_own_mapping() -> None:
    assert violations(case()) == ()
