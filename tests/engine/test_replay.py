"""The cycle model against a replay of every access, on small layers of every kind under random legal mappings."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from naive import PassSpec, Replay, dealt, live_products, pieces, replay, rlc_words, step_pass_naively

from sim.arch import ColumnStart, FilterMulticast, Gating, Machine, read_machine
from sim.catalogue import find_machine
from sim.counts import Direction, Level, Tensor
from sim.engine.chip import CycleModel
from sim.engine.pe_array import PassShape, PeArray
from sim.kernels.pass_layout import COUNTERS
from sim.layer import BitWidths, Layer, LayerKind, Shape
from sim.mapping.folding import Folded, fold
from sim.mapping.legality import Case, bank_counts, violations
from sim.mapping.row_stationary import Mapping
from sim.model import Job
from sim.results import LayerRun

CASES_OF_A_KIND = 30
WIDTHS = (BitWidths(), BitWidths(8, 8, 16), BitWidths(4, 12, 12))
Sections = dict[str, dict[str, Any]]


def vary(machine: Machine, sections: Sections) -> Machine:
    """Give a copy of a machine with some fields of some sections replaced."""
    changed = {name: getattr(machine, name).model_copy(update=fields) for name, fields in sections.items()}
    return machine.model_copy(update=changed)


@cache
def eyeriss() -> Machine:
    """Read the published chip."""
    return read_machine(find_machine("eyeriss"))


@dataclass(frozen=True)
class Trial:
    """Hold a machine and a job that is legal on it."""

    machine: Machine
    job: Job

    @property
    def case(self) -> Case:
        """Give what legality depends on."""
        return Case(self.job.folded, self.job.batch, self.job.layer.bits, self.job.mapping, self.machine)


# Kinds of layer: each draws a shape, and may change the machine so that it comes near the kind's limits.

Random = random.Random


def draw_shape(rng: Random, **fixed: int) -> Shape:
    """Draw a small shape, some of its bounds given."""
    most = {"G": 1, "M": 7, "C": 6, "R": 3, "S": 3, "E": 5, "F": 5, "Uy": 1, "Ux": 1}
    return Shape(**{name: fixed.get(name, rng.randint(1, bound)) for name, bound in most.items()})


def draw_fc(rng: Random, *, channels: int = 6) -> Shape:
    """Draw a layer whose filter covers the ifmap."""
    return draw_shape(rng, E=1, F=1, M=rng.randint(1, 12), C=rng.randint(1, channels))


def plain(rng: Random) -> tuple[Shape, Sections]:
    return draw_shape(rng), {}


def grouped(rng: Random) -> tuple[Shape, Sections]:
    return draw_shape(rng, G=rng.randint(2, 3), M=rng.randint(1, 4), C=rng.randint(1, 4)), {}


def depthwise(rng: Random) -> tuple[Shape, Sections]:
    return draw_shape(rng, G=rng.randint(3, 6), M=rng.randint(1, 2), C=1), {}


def strided(rng: Random) -> tuple[Shape, Sections]:
    strides = {"Uy": rng.randint(1, 4), "Ux": rng.randint(2, 4)}
    return draw_shape(rng, R=4, S=rng.randint(1, 4), E=rng.randint(2, 4), **strides), {}


def gaps_between_windows(rng: Random) -> tuple[Shape, Sections]:
    """Draw filters smaller than their strides: some rows and columns no window covers."""
    R, S = rng.randint(1, 3), rng.randint(1, 3)
    return draw_shape(rng, R=R, S=S, Uy=rng.randint(R + 1, 4), Ux=rng.randint(S + 1, 5), E=rng.randint(2, 4)), {}


def pointwise(rng: Random) -> tuple[Shape, Sections]:
    return draw_shape(rng, R=1, S=1, M=rng.randint(1, 9), C=rng.randint(1, 9)), {}


def fully_connected(rng: Random) -> tuple[Shape, Sections]:
    return draw_fc(rng), {}


def wider_than_the_array(rng: Random) -> tuple[Shape, Sections]:
    """Draw strips to be folded: sets of more columns than the array has."""
    columns = rng.randint(2, 3)
    shape = draw_shape(rng, E=rng.randint(columns + 2, 9), R=rng.randint(1, 2), M=rng.randint(1, 4))
    return shape, {"pe_array": {"columns": columns, "rows": rng.randint(8, 12)}}


def several_runs(rng: Random) -> tuple[Shape, Sections]:
    """Draw more filters than the controller counts."""
    return draw_shape(rng, M=rng.randint(5, 9)), {"limits": {"filters": rng.randint(2, 4)}}


def folded_channels(rng: Random) -> tuple[Shape, Sections]:
    """Draw twice or three times the channels that the controller counts."""
    channels, ways = rng.randint(1, 3), rng.randint(2, 3)
    return draw_shape(rng, C=channels * ways, S=rng.randint(1, 2)), {"limits": {"channels": channels}}


def folded_inner_product(rng: Random) -> tuple[Shape, Sections]:
    """Draw an FC layer taller than the controller's filters."""
    shape = replace(draw_fc(rng, channels=4), R=rng.randint(3, 5))
    return shape, {"limits": {"filter_height": 2, "channels": 12}}


KINDS: tuple[Callable[[Random], tuple[Shape, Sections]], ...] = (
    plain,
    grouped,
    depthwise,
    strided,
    gaps_between_windows,
    pointwise,
    fully_connected,
    wider_than_the_array,
    several_runs,
    folded_channels,
    folded_inner_product,
)


def draw_machine(rng: Random, sections: Sections) -> Machine:
    """Draw a small machine, so that small layers have tails; `sections` have the last word."""
    drawn: Sections = {
        "pe_array": {"rows": rng.randint(4, 9), "columns": rng.randint(2, 7)},
        "pe": {
            "filter_spad": eyeriss().pe.filter_spad.model_copy(update={"words": rng.randint(12, 60)}),
            "psum_spad": eyeriss().pe.psum_spad.model_copy(update={"words": rng.randint(3, 6)}),
            "ifmap_fifo": eyeriss().pe.ifmap_fifo.model_copy(update={"words": rng.randint(1, 9)}),
            "psum_fifo": eyeriss().pe.psum_fifo.model_copy(update={"words": rng.randint(4, 9)}),
            "gating": rng.choice((Gating.IFMAP_ZERO, Gating.EITHER_ZERO, Gating.OFF)),
            "gated_mac_reads_ifmap_spad": rng.random() < 0.6,
            "pipeline_stages": rng.randint(1, 3),
            "column_start": rng.choice(tuple(ColumnStart)),
        },
        "glb": {"bank_words": 64, "bank_ports": rng.randint(1, 2)},
        "noc": {name: rng.choice((32, 64)) for name in ("gin_filter", "gin_psum", "gon", "ln")}
        | {"filter_multicast": rng.choice(tuple(FilterMulticast))},
        "overlap": {"drain": rng.random() < 0.6},
        "control": {"pass_setup_cycles": rng.randint(0, 9)},
        "rlc": {"enabled": rng.random() < 0.7, "run": rng.randint(1, 5), "codes_network_input": rng.random() < 0.3},
        "limits": {"vertical_strides": (1, 2, 3, 4)},
    }
    for name, fields in sections.items():
        drawn[name] = drawn.get(name, {}) | fields
    return vary(eyeriss(), drawn)


def draw_mapping(rng: Random, folded: Folded, machine: Machine, batch: int, *, widest: bool) -> Mapping | None:
    """Draw parameters one after the other, each within what the ones before leave; None where nothing is left."""
    shape, array, pe = folded.shape, machine.pe_array, machine.pe
    e = shape.E if widest else rng.randint(1, shape.E)
    stacks = array.rows // (shape.R * -(-e // array.columns))
    q_most = min(shape.C, pe.ifmap_spad.words // shape.S, pe.filter_spad.words // shape.S)
    if stacks == 0 or q_most == 0:
        return None
    q = rng.randint(1, q_most)
    r = rng.randint(1, min(stacks, -(-shape.C // q)))
    m = rng.randint(1, shape.M)
    p = rng.randint(1, min(m, pe.filter_spad.words // (q * shape.S), pe.psum_spad.words))
    beside = array.columns // min(e, array.columns)
    t = rng.randint(1, min(-(-m // p), beside * (stacks // r)))
    return Mapping(m=m, n=rng.randint(1, batch), e=e, p=p, q=q, r=r, t=t)


def draw_fmap(rng: Random, size: tuple[int, ...]) -> np.ndarray:
    """Draw values of which about half are zero or, for ReLU, negative."""
    values = np.random.default_rng(rng.getrandbits(32)).integers(-40, 41, size, dtype=np.int16)
    values[values % 3 == 0] = 0
    return values


def draw_trial(rng: Random, kind: Callable[[Random], tuple[Shape, Sections]]) -> Trial | None:
    """Draw a job of a kind; None if its mapping is not legal."""
    shape, sections = kind(rng)
    machine, batch = draw_machine(rng, sections), rng.randint(1, 4)
    folded = fold(shape, machine)
    mapping = draw_mapping(rng, folded, machine, batch, widest=kind is wider_than_the_array)
    if mapping is None:
        return None
    layer = Layer(
        name=kind.__name__,
        kind=LayerKind.CONV,
        shape=shape,
        stored_height=shape.H,
        stored_width=shape.W,
        relu=rng.random() < 0.7,
        coded_ifmap=rng.random() < 0.7,
        bits=rng.choice(WIDTHS),
    )
    ifmap = draw_fmap(rng, (batch, shape.G * shape.C, folded.original.H, folded.original.W))
    ofmap = draw_fmap(rng, (batch, shape.G * shape.M, shape.E, shape.F))
    filters = draw_fmap(rng, (shape.G * shape.M, shape.C, shape.R, shape.S))
    trial = Trial(machine, Job(layer, folded, mapping, batch, ifmap, ofmap, filters))
    return None if violations(trial.case) else trial


@cache
def trials(kind: Callable[[Random], tuple[Shape, Sections]]) -> tuple[Trial, ...]:
    """Draw the legal jobs of a kind; most draws are."""
    rng = random.Random(kind.__name__)
    drawn = [draw_trial(rng, kind) for _ in range(4 * CASES_OF_A_KIND)]
    legal = [trial for trial in drawn if trial is not None]
    return tuple(legal[:CASES_OF_A_KIND])


def sample(step: int) -> list[Trial]:
    """Take every `step`-th job of all kinds."""
    return [trial for kind in KINDS for trial in trials(kind)][::step]


# What is due.


def due_words(seen: Replay) -> np.ndarray:
    """Put a replay's counts in the ledger's form."""
    words = np.zeros((len(Level), len(Tensor), len(Direction)), np.int64)
    for (level, tensor, direction), count in seen.words.items():
        words[Level[level], Tensor[tensor], Direction[direction]] = count
    return words


def stream_bits(trial: Trial, values: list[int], *, width: int, coded: bool) -> int:
    """Count the bits that DRAM holds for values: code words by hand, or the values themselves."""
    code = trial.machine.rlc
    if not (code.enabled and coded):
        return len(values) * width
    words, _ = rlc_words(values, run=code.run, level=code.level, pairs=code.pairs)
    return len(words) * trial.machine.link.width


def due_bits(trial: Trial, seen: Replay, words: np.ndarray, ifmap: list[Any]) -> np.ndarray:
    """Give every word its tensor's width, and the fmaps in DRAM their code's."""
    job, widths = trial.job, trial.job.layer.bits
    coded = job.layer.coded_ifmap or trial.machine.rlc.codes_network_input
    bits = words * np.array([widths.ifmap, widths.filter, widths.psum, widths.psum])[:, None]
    ofmap = np.maximum(job.ofmap, 0) if job.layer.relu else job.ofmap
    bits[Level.DRAM, Tensor.IFMAP, Direction.READ] = sum(
        stream_bits(trial, region.values_of(ifmap), width=widths.ifmap, coded=coded) for region in seen.fetched
    )
    bits[Level.DRAM, Tensor.OFMAP, Direction.WRITE] = sum(
        stream_bits(trial, region.values_of(ofmap), width=widths.psum, coded=True) for region in seen.stored
    )
    return bits


def differences(found: np.ndarray, due: np.ndarray) -> list[str]:
    """Say in words where two ledgers differ."""
    return [
        f"{Level(at[0]).name} {Tensor(at[1]).name} {Direction(at[2]).name}: {found[at]} counted, {count} due"
        for at, count in np.ndenumerate(due)
        if found[at] != count
    ]


def row_columns(machine: Machine, mapping: Mapping) -> int | None:
    """Give the PEs that a filter word reaches where that is one segment of a set at most."""
    one_row = machine.noc.filter_multicast == FilterMulticast.ROW
    return min(mapping.e, machine.pe_array.columns) if one_row else None


def replay_of(trial: Trial) -> Replay:
    """Replay a job's passes."""
    job, pe = trial.job, trial.machine.pe
    return replay(
        job.folded.shape,
        job.mapping,
        job.batch,
        job.folded.filters_per_run,
        job.folded.fold_ifmap(job.ifmap).tolist(),
        filters=job.folded.fold_filters(job.filters).tolist() if pe.gating is Gating.EITHER_ZERO else None,
        gating=pe.gating is not Gating.OFF,
        gated_mac_reads_ifmap_spad=pe.gated_mac_reads_ifmap_spad,
        row_columns=row_columns(trial.machine, job.mapping),
    )


def assert_replayed(trial: Trial) -> None:
    """Hold a run's ledger against the replay, entry by entry."""
    job, pe = trial.job, trial.machine.pe
    run = CycleModel(trial.machine).run(job)
    ifmap = job.folded.fold_ifmap(job.ifmap).tolist()
    seen = replay_of(trial)
    words = due_words(seen)
    assert differences(run.ledger.words, words) == [], trial
    assert differences(run.ledger.bits, due_bits(trial, seen, words, ifmap)) == [], trial
    assert (run.ledger.macs, run.ledger.macs_performed) == (seen.macs, seen.macs_performed), trial
    assert run.ledger.zero_buffer_reads == (0 if pe.gating is Gating.OFF else seen.macs), trial
    assert run.passes == len(seen.passes), trial
    if pe.gating is not Gating.OFF:
        filters = job.filters.tolist() if pe.gating is Gating.EITHER_ZERO else None
        live = live_products(job.layer.shape, job.ifmap.tolist(), batch=job.batch, filters=filters)
        assert seen.macs_performed == live, trial


@pytest.mark.parametrize("kind", KINDS)
def test_every_ledger_entry_is_that_of_the_replay(kind: Callable[[Random], tuple[Shape, Sections]]) -> None:
    compared = 0
    for trial in trials(kind):
        assert_replayed(trial)
        compared += 1
    assert compared == CASES_OF_A_KIND


def test_an_inner_product_can_be_cut_at_its_own_height() -> None:
    """Fold 7 x 2 x 2 words, of which only 4 channels are countable, into 2 x 2 x 7."""
    shape = Shape(G=1, M=2, C=7, R=2, S=2, E=1, F=1)
    machine = vary(eyeriss(), {"limits": {"filter_height": 2, "channels": 4}})
    layer = Layer("cut", LayerKind.FC, shape, stored_height=2, stored_width=2)
    values, ofmap = draw_fmap(random.Random(1), (1, 7, 2, 2)), np.ones((1, 2, 1, 1), np.int16)
    job = Job(layer, fold(shape, machine), Mapping(m=2, n=1, e=1, p=1, q=1, r=1, t=1), 1, values, ofmap)
    assert violations(Trial(machine, job).case) == ()
    assert_replayed(Trial(machine, job))


def test_the_jobs_have_everything_in_them() -> None:
    """Check that the draw has left nothing out: every loop tiled, tailed and not, every option on and off."""
    seen = set()
    for trial in sample(1):
        job, machine = trial.job, trial.machine
        shape, mapping = job.folded.shape, job.mapping
        run = min(job.folded.filters_per_run, mapping.m)
        for name, total, most in (
            ("n", job.batch, mapping.n),
            ("e", shape.E, mapping.e),
            ("m", shape.M, mapping.m),
            ("q r", shape.C, mapping.q * mapping.r),
            ("p t", run, mapping.p * mapping.t),
            ("r", mapping.r, 1),
            ("t", mapping.t, 1),
        ):
            seen.add((name, "tail" if total % most else "several" if total > most else "one"))
        seen.update((f"batch {job.batch}", f"Uy {shape.Uy}", f"Ux {shape.Ux}", machine.pe.gating, job.layer.bits))
        seen.update((("rlc", machine.rlc.enabled), ("coded", job.layer.coded_ifmap), ("relu", job.layer.relu)))
        seen.add(("segments", trial.case.placement.segments > 1))
        seen.add(("blocks", trial.case.placement.blocks_down > 1))
        for filters in pieces(range(run), mapping.p * mapping.t):
            seen.add(("uneven sets", len({len(share) for share in dealt(filters, mapping.p)}) > 1))
        seen.add(("configurations", job.folded.configurations))
    assert seen >= {(name, how) for name in ("n", "e", "m", "q r", "p t") for how in ("tail", "several", "one")}
    assert seen >= {(name, how) for name in ("r", "t") for how in ("several", "one")}
    assert seen >= {f"batch {batch}" for batch in (1, 2, 3, 4)} | {
        f"U{axis} {u}" for axis in "xy" for u in (1, 2, 3, 4)
    }
    assert seen >= {*WIDTHS, *Gating, ("configurations", 1), ("configurations", 2)}
    flags = ("rlc", "coded", "relu", "segments", "blocks", "uneven sets")
    assert seen >= {(name, on) for name in flags for on in (True, False)}


# Timing: passes against PE objects; the same run whatever is reused and whoever starts first.


def spec_of(trial: Trial, shape: PassShape) -> PassSpec:
    """Describe a pass of a job for the naive stepper."""
    machine, layer, mapping, bits = trial.machine, trial.job.folded.shape, trial.job.mapping, trial.job.layer.bits
    noc, pe = machine.noc, machine.pe
    return PassSpec(
        set_filters=tuple(len(piece) for piece in dealt(range(shape.filters), mapping.p)),
        set_channels=tuple(len(piece) for piece in dealt(range(shape.channels), mapping.q)),
        images=shape.images,
        R=layer.R,
        S=layer.S,
        rows=shape.rows,
        F=layer.F,
        Uy=layer.Uy,
        Ux=layer.Ux,
        reads_psums=shape.reads_psums,
        ifmap_fifo=pe.ifmap_fifo.words * pe.ifmap_fifo.width // bits.ifmap,
        psum_fifo=pe.psum_fifo.words * pe.psum_fifo.width // bits.psum,
        psum_spad=pe.psum_spad.words * pe.psum_spad.width // bits.psum,
        extra_stages=pe.pipeline_stages - 1,
        whole_window=pe.column_start == ColumnStart.WINDOW,
        row_columns=row_columns(machine, mapping),
        filter_rate=noc.gin_filter // bits.filter,
        ifmap_rate=noc.gin_ifmap // bits.ifmap,
        psum_rate=noc.gin_psum // bits.psum,
        gon_rate=noc.gon // bits.psum,
        ln_rate=noc.ln // bits.psum,
        psum_banks=bank_counts(trial.case)[1],
        bank_ports=machine.glb.bank_ports,
    )


def pass_shapes(trial: Trial) -> list[PassShape]:
    """List a job's largest pass and its smallest, with and without psums from before."""
    shape, mapping = trial.job.folded.shape, trial.job.mapping
    largest = PassShape(mapping.n, mapping.e, min(mapping.m, mapping.p * mapping.t), mapping.q * mapping.r, False)
    largest = replace(largest, channels=min(largest.channels, shape.C))
    smallest = PassShape(1, 1 + (mapping.e > 2), 1, 1, False)
    return [replace(one, reads_psums=reads) for one in (largest, smallest) for reads in (False, True)]


def test_passes_take_the_cycles_of_pe_objects() -> None:
    """Step passes on arrays configured for their job; those smaller than the job's largest leave PEs off."""
    for trial in sample(4):
        job, case = trial.job, trial.case
        array = PeArray(
            trial.machine,
            job.folded.shape,
            job.mapping,
            case.placement,
            job.layer.bits,
            bank_counts(case)[1],
            reuse=True,
        )
        for shape in pass_shapes(trial):
            found = array.run(shape)
            naive = step_pass_naively(spec_of(trial, shape))
            assert dict(zip(COUNTERS, found.counters.tolist(), strict=True)) == {
                name: naive[name] for name in COUNTERS
            }, (trial, shape)


def fingerprint(run: LayerRun) -> tuple[Any, ...]:
    """Put a whole run in a form that compares by value."""
    ledger = run.ledger
    counts = (ledger.words.tolist(), ledger.bits.tolist(), ledger.macs, ledger.macs_performed, ledger.zero_buffer_reads)
    return *counts, run.processing_cycles, run.total_cycles, run.active_pes, run.passes


TIMINGS: dict[str, Sections] = {
    "as published": {},
    "no overlap of draining and loading, no setup": {
        "overlap": {"drain": False},
        "control": {"pass_setup_cycles": 0},
    },
    "fmaps overlap": {"overlap": {"fmaps": True}},
    "fmaps overlap, bursts of a word": {"overlap": {"fmaps": True}, "link": {"burst_words": 1}},
    "filters do not overlap": {"overlap": {"filters": False}},
    "bursts of two words, turnaround": {"link": {"burst_words": 2, "turnaround_cycles": 3, "fifo_sync_cycles": 0}},
    "slow link": {"link": {"clock": 7_000_000}, "overlap": {"fmaps": True}},
    "fast link": {"link": {"clock": 900_000_000}, "overlap": {"fmaps": True}},
    "one clock": {"link": {"clock": 200_000_000, "fifo_sync_cycles": 0}, "overlap": {"fmaps": True}},
    "slow codec": {"rlc": {"values_per_cycle": 1}, "overlap": {"fmaps": True, "filters": False}},
}


def timed(trial: Trial, sections: Sections) -> Trial | None:
    """Give a job a machine with other timing; None where it is not legal there."""
    other = Trial(vary(trial.machine, sections), trial.job)
    return None if violations(other.case) else other


@pytest.mark.parametrize("sections", TIMINGS.values(), ids=TIMINGS)
def test_nothing_depends_on_reuse_or_on_start_order(sections: Sections) -> None:
    """Run jobs as usual, without reuse, and with the components' processes started in shuffled orders."""
    rng = random.Random(7)
    compared = 0
    for trial in filter(None, (timed(trial, sections) for trial in sample(9))):
        usual = fingerprint(CycleModel(trial.machine).run(trial.job))
        assert fingerprint(CycleModel(trial.machine, reuse=False).run(trial.job)) == usual, trial
        for _ in range(5):
            order = rng.sample(range(5), 5)
            shuffled = CycleModel(trial.machine, start_order=lambda made, order=order: [made[n] for n in order])
            assert fingerprint(shuffled.run(trial.job)) == usual, (order, trial)
        compared += 1
    assert compared >= 20


def test_reuse_steps_each_distinct_pass_once() -> None:
    """Count the passes stepped, with reuse and without."""
    for trial in sample(20):
        with_reuse, without = CycleModel(trial.machine), CycleModel(trial.machine, reuse=False)
        with_reuse.run(trial.job)
        without.run(trial.job)
        seen = replay_of(trial)
        assert with_reuse.passes_stepped == len({work.timing for work in seen.passes}), trial
        assert without.passes_stepped == len(seen.passes), trial
