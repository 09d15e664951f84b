"""Every conservation law, broken on purpose: the error names the law."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.chips.contract import Job
from sim.chips.eyeriss.engine import conservation, pe_array
from sim.chips.eyeriss.engine.buffer import Region, make_buffer
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.engine.codec import Codec
from sim.chips.eyeriss.engine.conservation import check_layer
from sim.chips.eyeriss.engine.pe_array import PassShape, PeArray
from sim.chips.eyeriss.kernels import pass_layout, pass_step
from sim.chips.eyeriss.levels import LEVELS, Level
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.placement import place
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.clock import make_clocks
from sim.errors import ModelError
from sim.files.catalogue import find_machine
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.networks.layer import BitWidths, Layer, LayerKind, Shape

SHAPE = Shape(G=1, M=3, C=4, R=2, S=2, E=4, F=3)
MAPPING = Mapping(m=2, n=1, e=3, p=1, q=2, r=1, t=2)
BATCH = 2
READ, WRITE = Direction.READ, Direction.WRITE
IFMAP, FILTER, PSUM, OFMAP = Tensor
MANY = 10**9
Entry = tuple[Level, Tensor, Direction]


@cache
def eyeriss() -> Machine:
    """Read the published chip."""
    return read_machine(find_machine("eyeriss"))


def make_job() -> Job[MappedLayer]:
    """Make a small job of two strips, two filter groups and two channel groups."""
    layer = Layer("small", LayerKind.CONV, SHAPE, stored_height=SHAPE.H, stored_width=SHAPE.W)
    return Job(
        layer=layer,
        plan=MappedLayer(fold(SHAPE, eyeriss()), MAPPING),
        batch=BATCH,
        ifmap=np.arange(BATCH * SHAPE.C * SHAPE.H * SHAPE.W, dtype=np.int16).reshape(BATCH, SHAPE.C, SHAPE.H, SHAPE.W),
        ofmap=np.ones((BATCH, SHAPE.M, SHAPE.E, SHAPE.F), np.int16),
    )


@cache
def sound_run() -> Ledger:
    """Run the job once."""
    return CycleModel(eyeriss()).run(make_job()).ledger


def sound_ledger() -> Ledger:
    """Copy the ledger of a run that went well."""
    return deepcopy(sound_run())


LAWS: list[tuple[str, dict[Entry, int]]] = [
    ("every ofmap value is stored once", {(Level.DRAM, OFMAP, WRITE): 1}),
    ("every ofmap value is completed once", {(Level.GLB, OFMAP, WRITE): -1}),
    ("what is completed is read out", {(Level.GLB, OFMAP, READ): 1}),
    ("psums come back once", {(Level.GLB, PSUM, READ): -1}),
    ("psums come back once", {(Level.GLB, PSUM, WRITE): 1}),
    ("fills equal fetches", {(Level.GLB, IFMAP, WRITE): 1}),
    ("fills equal fetches", {(Level.DRAM, IFMAP, READ): 1}),
    ("preloads equal fetches", {(Level.DRAM, FILTER, READ): -1}),
    ("preloads are used", {(Level.GLB, FILTER, READ): -1}),
    ("psums reach the bottom PEs", {(Level.GIN, PSUM, WRITE): 1}),
    ("psums leave over the GON", {(Level.GON, PSUM, WRITE): -1}),
    ("ifmap words sent are read", {(Level.GIN, IFMAP, READ): 1}),
    ("ifmap words sent are read", {(Level.GLB, IFMAP, READ): 1}),
    ("filter words sent are read", {(Level.GIN, FILTER, READ): 1}),
    ("ifmap spad fills equal deliveries", {(Level.GIN, IFMAP, WRITE): 1}),
    ("ifmap spad fills equal deliveries", {(Level.SPAD, IFMAP, WRITE): 1}),
    ("filter spad fills equal deliveries", {(Level.SPAD, FILTER, WRITE): -1}),
    (
        "ifmap multicast reaches someone",
        {(Level.GIN, IFMAP, WRITE): -MANY, (Level.SPAD, IFMAP, WRITE): -MANY},
    ),
    (
        "filter multicast reaches someone",
        {(Level.GIN, FILTER, WRITE): -MANY, (Level.SPAD, FILTER, WRITE): -MANY},
    ),
]
MAC_LAWS = [("MACs are N G M C R S E F", {"macs": 1}), ("gating only saves MACs", {"macs_performed": MANY})]


def test_a_sound_ledger_breaks_no_law() -> None:
    check_layer(sound_ledger(), SHAPE, batch=BATCH)


@pytest.mark.parametrize(("law", "changes"), LAWS)
def test_a_wrong_entry_breaks_its_law(law: str, changes: dict[Entry, int]) -> None:
    ledger = sound_ledger()
    for entry, change in changes.items():
        ledger.words[entry] += change
    with pytest.raises(ModelError) as raised:
        check_layer(ledger, SHAPE, batch=BATCH)
    assert raised.value.law == law


@pytest.mark.parametrize(("law", "changes"), MAC_LAWS)
def test_a_wrong_number_of_macs_breaks_its_law(law: str, changes: dict[str, int]) -> None:
    ledger = sound_ledger()
    for name, change in changes.items():
        setattr(ledger, name, getattr(ledger, name) + change)
    with pytest.raises(ModelError) as raised:
        check_layer(ledger, SHAPE, batch=BATCH)
    assert raised.value.law == law


def test_the_message_names_the_law_and_both_numbers() -> None:
    ledger = sound_ledger()
    ledger.macs = 7
    with pytest.raises(ModelError) as raised:
        check_layer(ledger, SHAPE, batch=BATCH)
    assert str(raised.value) == "MACs are N G M C R S E F: 7 counted, 1152 due"


def test_no_law_is_left_untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collect the laws that a sound ledger is held against."""
    seen = set()
    monkeypatch.setattr(conservation, "_equal", lambda law, *_: seen.add(law))
    monkeypatch.setattr(conservation, "_at_most", lambda law, *_: seen.add(law))
    check_layer(sound_ledger(), SHAPE, batch=BATCH)
    assert seen == {law for law, _ in (*LAWS, *MAC_LAWS)}


def test_another_batch_or_shape_breaks_the_first_law() -> None:
    for shape, batch in ((SHAPE, BATCH + 1), (replace(SHAPE, M=4), BATCH)):
        with pytest.raises(ModelError, match=r"MACs are N G M C R S E F: 1152 counted"):
            check_layer(sound_ledger(), shape, batch=batch)


# The laws of the components.


def make_array() -> PeArray:
    """Configure an array for the job."""
    placement = place(SHAPE.R, MAPPING, eyeriss().pe_array)
    return PeArray(eyeriss(), SHAPE, MAPPING, placement, BitWidths(), psum_banks=2, reuse=True)


PASS = PassShape(images=1, rows=3, filters=2, channels=2, reads_psums=True)


@pytest.mark.parametrize(
    ("counter", "message"),
    [
        (pass_layout.GON_WORDS, "psums out: 19 left the array, 18 were due"),
        (pass_layout.MACS_ISSUED, "products per psum: 145 MACs for 18 x 8"),
        (pass_layout.GIN_PSUM_WORDS, "psums in: 19 entered the array, 18 were due"),
    ],
)
def test_a_pass_that_miscounts_breaks_its_law(counter: int, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step_pass = pass_step.step_pass

    def miscount(*arguments: Any) -> None:
        step_pass(*arguments)
        arguments[-1][counter] += 1

    monkeypatch.setattr(pass_step, "step_pass", miscount)
    with pytest.raises(ModelError) as raised:
        make_array().run(PASS)
    assert str(raised.value) == message


def test_a_pass_that_stalls_breaks_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pe_array, "_STALLED_AFTER", 5)
    with pytest.raises(ModelError, match=r"^a pass ends: 18 psums left after 5 cycles$"):
        make_array().run(PASS)


def test_a_tag_that_reaches_a_wrong_pe_breaks_its_law() -> None:
    array = make_array()
    array.gins.ifmap.col_ids[array.gins.ifmap.col_ids == 0] = 1
    with pytest.raises(ModelError, match=r"^multicast reaches its PEs: ifmap row 1 reached PE row 0, column 0$"):
        array.run(PASS)


def test_an_ofmap_of_another_size_breaks_a_law() -> None:
    job = make_job()
    larger = replace(job, ofmap=np.ones((BATCH, SHAPE.M + 1, SHAPE.E, SHAPE.F), np.int16))
    with pytest.raises(ModelError, match=r"^every ofmap value passes ReLU: 72 of 96 did$"):
        CycleModel(eyeriss()).run(larger)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda region: region.put(33), "GLB capacity: psum banks hold 40 bits, 41 were put in"),
        (lambda region: region.drop(9), "GLB holds what it gives: psum banks gave 1 bits too many"),
    ],
)
def test_a_region_neither_overflows_nor_gives_what_it_lacks(act: Callable[[Region], None], message: str) -> None:
    region = Region("psum", banks=1, capacity_bits=40)
    region.put(8)
    with pytest.raises(ModelError) as raised:
        act(region)
    assert str(raised.value) == message


def test_banks_are_given_once() -> None:
    with pytest.raises(ModelError, match=r"^GLB banks: 20 \+ 6 banks of 25$"):
        make_buffer(eyeriss().glb, Ledger(LEVELS), ifmap_banks=20, psum_banks=6, word_bits={})


def test_a_level_too_narrow_for_its_value_breaks_a_law() -> None:
    code = eyeriss().rlc.model_copy(update={"level": 4})
    codec = Codec(code, make_clocks(200_000_000, 60_000_000), link_width=64)
    with pytest.raises(ModelError, match=r"^codec conserves values: value 2 was 9, is -7$"):
        codec.read(np.array([1, 0, 9], np.int16), value_bits=16, coded=True)
