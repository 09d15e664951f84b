"""Functional mode: computed ofmaps on small layers of every kind, faults found and located, nothing else changed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from support.trials import CASES_OF_A_KIND, KINDS, Trial, eyeriss, fingerprint, replay_of, sample, trials, vary

from sim.chips.contract import Job
from sim.chips.eyeriss.engine import chip, datapath, pe_array
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.engine.datapath import SeededFault
from sim.chips.eyeriss.engine.gin import FilterTags, GlobalInputNetworks, MulticastNetwork, configure_gins
from sim.chips.eyeriss.engine.routes import Router
from sim.chips.eyeriss.engine.value_check import ValueCheck
from sim.chips.eyeriss.kernels.datapath import compute_pass
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.clock import make_clocks
from sim.chips.parts.description import Gating
from sim.chips.parts.probes import Activity
from sim.chips.parts.relu import Relu
from sim.errors import ModelError
from sim.ledger.results import Checked, LayerRun
from sim.networks.layer import BitWidths, Layer, LayerKind, Shape

UNEQUAL = "ofmaps equal the reference convolution"
SHAPE = Shape(G=1, M=3, C=2, R=2, S=2, E=3, F=3)
TWO_PASSES = Mapping(m=3, n=1, e=3, p=3, q=1, r=1, t=1)


class Watched(CycleModel):
    """What a checking model made."""

    values: ValueCheck

    def _compute_values(self, *arguments: Any) -> ValueCheck:
        self.values = super()._compute_values(*arguments)
        return self.values


def check(trial: Trial, **options: Any) -> tuple[LayerRun, np.ndarray, np.ndarray]:
    """Run a job in functional mode; give the run, its finished psums and its ofmap."""
    model = Watched(trial.machine, check=True, **options)
    run = model.run(trial.job)
    fmaps = model.values.datapath.fmaps
    assert fmaps.ofmap is not None
    return run, fmaps.psums, fmaps.ofmap


def convolution(job: Job) -> np.ndarray:
    """Convolve in whole numbers, tap by tap, each product cut by the job's window; wrap at the end."""
    shape, ifmap, filters = job.layer.shape, job.ifmap.astype(np.int64), job.filters.astype(np.int64)
    psums = np.zeros((job.batch, shape.G * shape.M, shape.E, shape.F), np.int64)
    for m, c, r, s in np.ndindex(filters.shape):
        values = ifmap[:, m // shape.M * shape.C + c, r :: shape.Uy, s :: shape.Ux]
        psums[:, m] += values[:, : shape.E, : shape.F] * filters[m, c, r, s] // 2**job.window
    top = 2 ** (job.layer.bits.psum - 1)
    return (psums + top) % (2 * top) - top


def stored(job: Job, psums: np.ndarray) -> np.ndarray:
    """Rectify finished psums, and let them saturate where ofmaps are narrower."""
    top = 2 ** (job.layer.bits.ofmap - 1)
    return np.clip(np.maximum(psums, 0) if job.layer.relu else psums, -top, top - 1)


def with_values(trial: Trial, ifmap: np.ndarray, filters: np.ndarray, window: int | None = 0) -> Trial:
    """Hand a job other tensors."""
    job = replace(trial.job, ifmap=ifmap.astype(np.int16), filters=filters.astype(np.int16), window=window)
    return Trial(trial.machine, job)


def with_wide_values(trial: Trial, number: int) -> Trial:
    """Hand a job words of all 16 bits, a third of the ifmap's zero, and some window."""
    draws = np.random.default_rng(number)
    ifmap, filters = (draws.integers(-(2**15), 2**15, one.shape) for one in (trial.job.ifmap, trial.job.filters))
    ifmap[draws.random(ifmap.shape) < 1 / 3] = 0
    return with_values(trial, ifmap, filters, int(draws.integers(0, 21)))


@cache
def small_job(relu: bool = True) -> Trial:
    """Make a layer of 2 channels in two passes, on PEs of rows 10 and 11 in columns 0 to 2."""
    layer = Layer("small", LayerKind.CONV, SHAPE, stored_height=4, stored_width=4, relu=relu)
    ifmap = np.arange(1, 33, dtype=np.int16).reshape(1, 2, 4, 4)
    filters = np.arange(-11, 13, dtype=np.int16).reshape(3, 2, 2, 2)
    ofmap = np.zeros((1, 3, 3, 3), np.int16)
    plan = MappedLayer(fold(SHAPE, eyeriss()), TWO_PASSES)
    return Trial(eyeriss(), Job(layer, plan, 1, ifmap, ofmap, filters, 0))


def refusal(trial: Trial, **options: Any) -> str:
    """Return the message with which functional mode ends."""
    with pytest.raises(ModelError) as caught:
        check(trial, **options)
    return str(caught.value)


# What is computed.


@pytest.mark.parametrize("kind", KINDS)
def test_every_ofmap_of_every_kind_is_the_convolution(kind: Callable[..., Any]) -> None:
    """Run each job of test_replay with values that wrap at every width; drawn ofmaps that equal them change nothing."""
    compared = 0
    for number, drawn in enumerate(trials(kind)):
        trial = with_wide_values(drawn, number)
        run, psums, ofmap = check(trial)
        due = convolution(trial.job)
        assert np.array_equal(psums, due), trial
        assert np.array_equal(ofmap, stored(trial.job, due)), trial
        assert run.checked is not None and run.checked.values == due.size
        plain = CycleModel(trial.machine).run(replace(trial.job, ofmap=due.astype(np.int16)))
        assert fingerprint(run) == fingerprint(plain), trial
        assert plain.checked is None
        compared += 1
    assert compared == CASES_OF_A_KIND


def test_the_window_is_chosen_where_none_is_given() -> None:
    for trial in sample(9):
        found = check(Trial(trial.machine, replace(trial.job, window=None)))[0].checked
        assert found is not None
        if found.window:
            smaller = check(Trial(trial.machine, replace(trial.job, window=0)))[0].checked
            assert smaller is not None and smaller.overflows > 0, trial


def test_every_mac_is_done_once() -> None:
    """Add up ones: every ofmap value counts the products that made it."""
    for trial in sample(5):
        shape, job = trial.job.layer.shape, trial.job
        psums = check(with_values(trial, np.ones_like(job.ifmap), np.ones_like(job.filters)))[1]
        top = 2 ** (job.layer.bits.psum - 1)
        assert (psums == (shape.C * shape.R * shape.S + top) % (2 * top) - top).all(), trial


@pytest.mark.parametrize("kind", KINDS)
def test_every_tap_meets_its_value_once(kind: Callable[..., Any]) -> None:
    """Let one tap of all filters be 1: what comes out is the ifmap moved, each value once."""
    trial = trials(kind)[0]
    job, shape = trial.job, trial.job.layer.shape
    top = 2 ** (job.layer.bits.psum - 1)
    ifmap = np.arange(1, job.ifmap.size + 1).reshape(job.ifmap.shape) % top
    for c, r, s in np.ndindex(shape.C, shape.R, shape.S):
        filters = np.zeros(job.filters.shape)
        filters[:, c, r, s] = 1
        psums = check(with_values(trial, ifmap, filters))[1]
        for m in range(shape.G * shape.M):
            moved = ifmap[:, m // shape.M * shape.C + c, r :: shape.Uy, s :: shape.Ux]
            assert np.array_equal(psums[:, m], moved[:, : shape.E, : shape.F]), (m, c, r, s, trial)


@pytest.mark.parametrize("bits", [BitWidths(8, 8, 16), BitWidths(8, 8, 8)])
def test_words_of_8_bits(bits: BitWidths) -> None:
    compared = 0
    for number, trial in enumerate(sample(3)):
        draws = np.random.default_rng(number)
        ifmap, filters = (draws.integers(-128, 128, one.shape) for one in (trial.job.ifmap, trial.job.filters))
        narrow = replace(trial.job, layer=replace(trial.job.layer, bits=bits))
        try:
            _, psums, _ = check(with_values(Trial(trial.machine, narrow), ifmap, filters, 4))
        except ModelError as error:
            assert error.law == "GLB banks", trial  # the job's mapping was drawn for other widths
            continue
        assert np.array_equal(psums, convolution(with_values(Trial(trial.machine, narrow), ifmap, filters, 4).job))
        compared += 1
    assert compared > 80


def test_gating_changes_no_value() -> None:
    """Gate on either zero, on the ifmap's and on none; a fault in a PE that sees zeros alone changes none either."""
    for trial in sample(11):
        found = [
            check(Trial(vary(trial.machine, {"pe": {"gating": gating}}), with_wide_values(trial, 1).job))[1]
            for gating in Gating
        ]
        assert np.array_equal(found[0], found[1]) and np.array_equal(found[0], found[2]), trial
    blank = with_values(small_job(), np.zeros((1, 2, 4, 4)), np.ones((3, 2, 2, 2)))
    assert not check(blank, fault=SeededFault(row=10, column=0, bit=5))[1].any()


@pytest.mark.parametrize("sections", [{}, {"overlap": {"fmaps": True}}], ids=["in turn", "overlapped"])
def test_values_depend_neither_on_reuse_nor_on_start_order(sections: dict[str, Any]) -> None:
    rng = random.Random(3)
    for trial in (Trial(vary(one.machine, sections), one.job) for one in sample(17)):
        try:
            usual, psums, _ = check(trial)
        except ModelError as error:
            assert (error.law, bool(sections)) in {("GLB capacity", True), ("GLB banks", True)}, trial
            continue
        order = rng.sample(range(5), 5)
        shuffled = {"reuse": False, "start_order": lambda made, order=order: [made[n] for n in order]}
        again, same, _ = check(trial, **shuffled)
        assert (fingerprint(again), again.checked) == (fingerprint(usual), usual.checked), trial
        assert np.array_equal(same, psums)


def test_psums_climb_from_the_bottom_pe_to_the_top_one() -> None:
    for trial in sample(20):
        model = Watched(trial.machine, check=True)
        model.run(trial.job)
        path = model.values.datapath
        for tile in model.values.plan.tiles():
            routes = path.routes_of(tile, tile.passes[0])
            chains = routes.places.reshape(-1, routes.levels, 2)
            assert (np.diff(chains, axis=1) == (-1, 0)).all(), trial


def test_a_pass_begins_while_the_array_is_given_to_it() -> None:
    for trial in sample(30):
        seen: list[Activity] = []
        model = Watched(trial.machine, check=True)
        model.probes.subscribe(seen.append)
        model.run(trial.job)
        clocks = make_clocks(trial.machine.core.clock, trial.machine.link.clock)
        passes = [activity for activity in seen if activity.component == "array"]
        for begun, activity in zip(model.values.datapath.begun_cycles, passes, strict=True):
            assert clocks.core_cycles(activity.start) <= begun < clocks.core_cycles(activity.end), trial


# What is found.


def assert_within_its_pass(trial: Trial, message: str) -> None:
    """Hold the index that a message names against the pass that it names."""
    numbers = re.search(r"image (\d+), filter (\d+), row (\d+), column .* pass (\d+),", message)
    assert numbers
    image, filter_, row, number = map(int, numbers.groups())
    work = replay_of(trial).passes[number]
    assert image in work.images and row in work.rows, message
    assert filter_ - work.group * trial.job.plan.folded.shape.M in work.filters, message


def test_a_fault_in_one_pe_is_located() -> None:
    """Flip a bit in every PE of jobs of all kinds, one PE at a time; products are even, so flips add up."""
    found = 0
    for trial in sample(12):
        even = with_values(trial, np.abs(trial.job.ifmap) + 1, 2 * trial.job.filters)
        place = trial.case.placement
        spots = [
            place.position(filter_set=t, column=j, channel_set=r, filter_row=i)
            for t, j, r, i in np.ndindex(place.filter_sets, place.width, place.channel_sets, place.filter_height)
        ]
        for row, column in spots:
            message = refusal(even, fault=SeededFault(row, column, bit=0))
            assert message.startswith(UNEQUAL)
            assert f"; PE row {row}, column {column} adds " in message, trial
            assert_within_its_pass(trial, message)
            found += 1
    assert found > 100


def test_the_message_of_a_fault() -> None:
    """Place a fault in the PE that has filter row 1 and ofmap row 2, and one outside the array's working part."""
    assert refusal(small_job(), fault=SeededFault(row=11, column=2, bit=3)) == (
        f"{UNEQUAL}: layer small: image 0, filter 0, row 2, column 0 is -1040, -1024 due; PE row 11, column 2 adds "
        "-281, -265 due, in pass 1, begun in cycle 167"
    )
    assert check(small_job(), fault=SeededFault(row=9, column=2, bit=3))[0].checked == Checked(
        27, window=0, overflows=0
    )


def test_a_fault_that_shows_late_is_located_late() -> None:
    """Return the first image zeros alone: the fault shows in passes 2 and 3, those of the second."""
    job = small_job().job
    ifmap = np.concatenate([np.zeros_like(job.ifmap), job.ifmap])
    both = replace(job, batch=2, ifmap=ifmap, ofmap=np.zeros((2, 3, 3, 3), np.int16))
    message = refusal(Trial(eyeriss(), both), fault=SeededFault(row=11, column=2, bit=3))
    assert "image 1, filter 0, row 2, column 0 is -1040, -1024 due; PE row 11, column 2 adds -281, -265 due" in message
    assert "in pass 3," in message


def test_a_wrong_psum_that_relu_hides_is_found() -> None:
    """Change negative psums only: the ofmap is right, the array is not."""
    negative = with_values(small_job(), small_job().job.ifmap, -np.ones((3, 2, 2, 2)))
    assert not check(negative)[2].any()
    assert "PE row 10, column 1 adds" in refusal(negative, fault=SeededFault(row=10, column=1, bit=7))


def swapped(network: MulticastNetwork, *, rows: tuple[int, int]) -> MulticastNetwork:
    """Exchange the row IDs of two X-buses."""
    ids = network.row_ids.copy()
    ids[list(rows)] = ids[list(reversed(rows))]
    return replace(network, row_ids=ids)


def test_a_wrong_filter_tag_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure two X-buses of the filter GIN for each other's rows: timing and counts see nothing of it."""

    def wrong(*arguments: Any) -> GlobalInputNetworks:
        gins = configure_gins(*arguments)
        return replace(gins, filter=swapped(gins.filter, rows=(10, 11)))

    trial = small_job()
    usual = fingerprint(CycleModel(trial.machine).run(trial.job))
    monkeypatch.setattr(pe_array, "configure_gins", wrong)
    assert fingerprint(CycleModel(trial.machine).run(trial.job)) == usual
    assert "column 0 adds" in refusal(trial)


@pytest.mark.parametrize("shift", [1, -1])
def test_a_wrong_ifmap_tag_is_found(shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the PEs of an X-bus take the ifmap rows of the diagonals beside theirs, or none."""

    def wrong(shape: Shape, mapping: Mapping, placement: Any, gins: GlobalInputNetworks) -> Router:
        columns = gins.ifmap.col_ids.copy()
        columns[10, :3] += shift
        return Router(shape, mapping, placement, replace(gins, ifmap=replace(gins.ifmap, col_ids=columns)))

    monkeypatch.setattr(chip, "Router", wrong)
    assert "PE row 10, column 0 adds" in refusal(small_job())


class Stuck(FilterTags):
    """A sender of all filter rows of a set with the tag of its first."""

    def of(self, **which: int) -> tuple[int, int]:
        return FilterTags.of(self, **which | {"filter_row": 0})


def test_a_pe_that_takes_two_rows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(shape: Shape, mapping: Mapping, placement: Any, gins: GlobalInputNetworks) -> Router:
        tags = Stuck(gins.filter_tags.placement, gins.filter_tags.reach)
        return Router(shape, mapping, placement, replace(gins, filter_tags=tags))

    monkeypatch.setattr(chip, "Router", wrong)
    assert refusal(small_job()) == "a PE takes one filter row: PE row 10, column 0 took another"


def test_psums_lost_on_the_way_through_the_glb_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(*arguments: Any) -> None:
        arguments[-1][1] = 0
        compute_pass(*arguments)

    monkeypatch.setattr(datapath, "compute_pass", forgetful)
    message = refusal(small_job())
    assert message.startswith(f"{UNEQUAL}: layer small: image 0, filter 0, row 0, column 0 is ")
    assert "every PE added its part; completed in pass 1, begun in cycle " in message


def test_what_is_stored_is_checked_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break ReLU: the psums are right, the ofmap is not."""
    monkeypatch.setattr(Relu, "apply", lambda relu, psums: (setattr(relu, "values_passed", 27), psums.copy())[1])
    message = refusal(small_job())
    assert message.startswith("ofmaps are stored as computed: layer small: image 0, filter 0, row 0, column 0 is -")
    assert ", 0 due; every PE added its part; completed in pass 1," in message


def test_functional_mode_needs_filters() -> None:
    job = replace(small_job().job, filters=None)
    assert refusal(Trial(eyeriss(), job)) == "the engine computes with values: layer small came without its tensors"


def test_tensors_have_their_layers_size() -> None:
    trial = small_job()
    short = with_values(trial, trial.job.ifmap, trial.job.filters[:, :, :1])
    assert refusal(short) == (
        "tensors have their layer's size: (1, 2, 4, 4) and (3, 2, 1, 2) came, ((2, 4, 4), (3, 2, 2, 2)) are due"
    )
