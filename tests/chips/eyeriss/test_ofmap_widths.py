"""Ofmaps narrower than their psums: what DRAM holds, what the GLB keeps, and that narrower words saturate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from support.small_layers import small_machine, vary
from support.trials import fingerprint

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.expected import code_of
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.relu import Relu, cut_to
from sim.errors import InputError
from sim.ledger.counts import Direction, Tensor
from sim.ledger.results import LayerRun
from sim.networks.layer import BitWidths, Layer, LayerKind, Shape, with_data
from sim.runs.runner import with_drawn_tensors

SHAPE = Shape(G=1, M=4, C=4, R=3, S=3, E=4, F=4)
LAYER = Layer("small", LayerKind.CONV, SHAPE, SHAPE.H, SHAPE.W, ifmap_zeros=0.3, ofmap_zeros=0.4)
MAPPING = Mapping(m=2, n=1, e=2, p=1, q=1, r=1, t=2)
VALUES = 2 * SHAPE.M * SHAPE.E * SHAPE.F
STORED = Level.DRAM, Tensor.OFMAP, Direction.WRITE

Run = Callable[[Layer, Machine], LayerRun]


def job_of(layer: Layer, machine: Machine) -> Job[MappedLayer]:
    """Make a job of two images, whose psums go to the GLB and back."""
    return Job(layer, MappedLayer(fold(layer.shape, machine), MAPPING), 2)


def cycle(layer: Layer, machine: Machine) -> LayerRun:
    """Run the cycle model."""
    model = CycleModel(machine)
    return model.run(with_drawn_tensors(job_of(layer, machine), seed=1, needs=model.needs))


def analytic(layer: Layer, machine: Machine) -> LayerRun:
    """Run the analytic model."""
    return AnalyticModel(machine, code_of(machine)).run(job_of(layer, machine))


def wide(psum: int = 16, ofmap: int | None = None) -> Layer:
    """Return the layer with other widths."""
    return replace(LAYER, bits=BitWidths(8, 8, psum, ofmap))


def test_an_ofmap_is_as_wide_as_its_psums_unless_it_is_said() -> None:
    assert BitWidths(psum=24).ofmap == 24
    assert BitWidths(psum=24, own_ofmap=8).ofmap == 8


@pytest.mark.parametrize("run", [cycle, analytic])
def test_dram_has_the_ofmaps_width_and_the_glb_the_psums(run: Run) -> None:
    machine = small_machine()
    narrow, plain = (run(wide(16, width), machine).ledger for width in (6, None))
    assert narrow.count(*STORED) == VALUES
    assert narrow.bits[STORED] == 6 * VALUES
    assert plain.bits[STORED] == 16 * VALUES
    for tensor in (Tensor.PSUM, Tensor.OFMAP):
        for way in Direction:
            assert narrow.bits[Level.GLB, tensor, way] == 16 * narrow.count(Level.GLB, tensor, way) > 0
    rest = plain.bits.copy()
    rest[STORED] = narrow.bits[STORED]
    assert np.array_equal(narrow.bits, rest)
    assert np.array_equal(narrow.words, plain.words)


@pytest.mark.parametrize("run", [cycle, analytic])
def test_left_out_it_is_the_psums_width(run: Run) -> None:
    for machine in (small_machine(), vary(small_machine(), {"rlc": {"enabled": True}})):
        assert fingerprint(run(wide(16, None), machine)) == fingerprint(run(wide(16, 16), machine))


@pytest.mark.parametrize("run", [cycle, analytic])
def test_less_to_store_takes_no_longer(run: Run) -> None:
    narrow, plain = (run(wide(16, width), small_machine()) for width in (4, None))
    assert narrow.total_cycles < plain.total_cycles
    assert narrow.processing_cycles == plain.processing_cycles


def test_wider_than_the_psums_is_refused_in_one_line() -> None:
    with pytest.raises(InputError) as caught:
        with_data(LAYER, {"ofmap": 17}, {})
    assert str(caught.value) == "bits: ofmap: ofmap words of 17 b in layer small; at most its psums' 16 b"
    assert with_data(LAYER, {"ofmap": 17, "psum": 24}, {}).bits == BitWidths(16, 16, 24, 17)


def test_psums_may_not_become_narrower_than_ofmaps_that_stay() -> None:
    with pytest.raises(InputError) as caught:
        with_data(wide(16, 8), {"psum": 4}, {})
    assert str(caught.value) == "bits: ofmap: ofmap words of 8 b in layer small; at most its psums' 4 b"


# Values


@pytest.mark.parametrize(
    ("bits", "due"),
    [
        (16, [-32768, -9, -8, -1, 0, 7, 8, 32767]),
        (4, [-8, -8, -8, -1, 0, 7, 7, 7]),
        (1, [-1, -1, -1, -1, 0, 0, 0, 0]),
    ],
)
def test_narrower_words_saturate(bits: int, due: list[int]) -> None:
    values = np.array([-32768, -9, -8, -1, 0, 7, 8, 32767], np.int16)
    assert cut_to(values, bits).tolist() == due
    assert Relu(enabled=False, ofmap_bits=bits).apply(values).tolist() == due
    assert Relu(enabled=True, ofmap_bits=bits).apply(values).tolist() == [max(value, 0) for value in due]
    assert values[0] == -32768  # psums are left alone


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("coded", [True, False])
def test_a_check_passes_on_ofmaps_that_saturate(relu: bool, coded: bool) -> None:
    machine = vary(small_machine(), {"rlc": {"enabled": coded}})
    layer = replace(wide(16, 5), relu=relu)
    draws = np.random.default_rng(7)
    ifmap = draws.integers(-9, 10, (2, SHAPE.C, SHAPE.H, SHAPE.W)).astype(np.int16)
    filters = draws.integers(-9, 10, (SHAPE.M, SHAPE.C, SHAPE.R, SHAPE.S)).astype(np.int16)
    ofmap = np.zeros((2, SHAPE.M, SHAPE.E, SHAPE.F), np.int16)  # computed here, so none of them counts
    job = replace(job_of(layer, machine), ifmap=ifmap, ofmap=ofmap, filters=filters, window=0)
    found = CycleModel(machine, check=True).run(job)
    whole = CycleModel(machine, check=True).run(replace(job, layer=replace(layer, bits=BitWidths(8, 8, 16))))
    assert found.checked is not None and found.checked == whole.checked
    assert found.checked.values == VALUES
    assert found.ofmap is not None and whole.ofmap is not None
    assert np.array_equal(found.ofmap, np.clip(whole.ofmap, -16, 15))
    assert (np.abs(whole.ofmap) > 16).any()
