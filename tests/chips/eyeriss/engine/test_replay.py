"""The cycle model against a replay of every access, on small layers of every kind under random legal mappings."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from support.naive.loops import dealt, pieces
from support.naive.pe_array import PassSpec, step_pass_naively
from support.naive.replay import live_products
from support.trials import (
    CASES_OF_A_KIND,
    KINDS,
    WIDTHS,
    Random,
    Sections,
    Trial,
    differences,
    draw_fmap,
    due_bits,
    due_words,
    eyeriss,
    fingerprint,
    replay_of,
    row_columns,
    sample,
    trials,
    vary,
)

from sim.chips.contract import Job
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.engine.pe_array import PassShape, PeArray
from sim.chips.eyeriss.kernels.pass_layout import COUNTERS
from sim.chips.eyeriss.machine import ColumnStart
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import bank_counts, violations
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import Gating
from sim.networks.layer import Layer, LayerKind, Shape

# Kinds of layer: each draws a shape, and may change the machine so that it comes near the kind's limits.


# What is due.


def assert_replayed(trial: Trial) -> None:
    """Hold a run's ledger against the replay, entry by entry."""
    job, pe = trial.job, trial.machine.pe
    run = CycleModel(trial.machine).run(job)
    ifmap = job.plan.folded.fold_ifmap(job.ifmap).tolist()
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
    plan = MappedLayer(fold(shape, machine), Mapping(m=2, n=1, e=1, p=1, q=1, r=1, t=1))
    job = Job(layer, plan, 1, values, ofmap)
    assert violations(Trial(machine, job).case) == ()
    assert_replayed(Trial(machine, job))


def test_the_jobs_have_everything_in_them() -> None:
    """Check that the draw has left nothing out: every loop tiled, tailed and not, every option on and off."""
    seen = set()
    for trial in sample(1):
        job, machine = trial.job, trial.machine
        shape, mapping = job.plan.folded.shape, job.plan.mapping
        run = min(job.plan.folded.filters_per_run, mapping.m)
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
        seen.add(("configurations", job.plan.folded.configurations))
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
    machine, layer, mapping, bits = (
        trial.machine,
        trial.job.plan.folded.shape,
        trial.job.plan.mapping,
        trial.job.layer.bits,
    )
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
    shape, mapping = trial.job.plan.folded.shape, trial.job.plan.mapping
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
            job.plan.folded.shape,
            job.plan.mapping,
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
    """Hand a job a machine with other timing; None where it is not legal there."""
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
