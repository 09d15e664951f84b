"""The closed forms against the cycle model and a replay: every legal mapping of small layers, every count.

Derived on its own by each model: the words and deliveries of the GIN, the hops of the LN and the words of the GON,
which the cycle model steps; MACs, issued and performed; what moves between DRAM and GLB; passes.
Equal by construction, since both models state the same rule: an ifmap or filter word on the GIN is one read from the
GLB, and its delivery one write and one read of a FIFO and one write of a spad; a psum on GIN, LN or GON passes one
FIFO; a MAC performed reads three spads and writes one, a gated one reads the ifmap spad or none, and each MAC looks at
one zero flag; a word has its tensor's bits; the active PEs are the placement's. Of these the cycle model proves
nothing. So all but the active PEs are held against a replay too, which moves every word by hand and knows neither
model.

Of a layer with more than 300 legal mappings the quick test takes every k-th, k the smallest prime that leaves at most
300; the slow one takes all. Stored values are dense (the models may differ on drawn zeros only); padding zeros are
real. The codec is off, so that the bits have to be equal as well, those over the DRAM link included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from support.small_layers import MOST_MAPPINGS, SMALL, Small, chosen_mappings, jobs, legal_mappings, vary
from support.trials import Trial, differences, due_words, replay_of

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import Gating
from sim.codes.expected import FmapCode
from sim.ledger.counts import Direction, Tensor
from sim.ledger.results import LayerRun
from sim.runs.runner import with_drawn_tensors

CASES = 6800  # in all; fewer means that a change has left mappings out
REPLAYED = 7  # of so many chosen mappings the quick test replays one
SPAD_READS = (Level.SPAD, slice(None), Direction.READ)
PSUM_WRITES = (Level.SPAD, Tensor.PSUM, Direction.WRITE)


def scalars(run: LayerRun) -> dict[str, int]:
    """Return the counts of a run that are not by level."""
    ledger = run.ledger
    return {
        "macs": ledger.macs,
        "macs_performed": ledger.macs_performed,
        "zero_buffer_reads": ledger.zero_buffer_reads,
        "passes": run.passes,
        "active_pes": run.active_pes,
    }


def with_tensors(job: Job[MappedLayer], small: Small) -> Job[MappedLayer]:
    """Hand a job its tensors, drawn at its layer's densities."""
    fmaps = frozenset({Tensor.IFMAP, Tensor.OFMAP})
    needs = fmaps | {Tensor.FILTER} if small.machine.pe.gating == Gating.EITHER_ZERO else fmaps
    return with_drawn_tensors(job, seed=1, needs=needs)


def compare_all(small: Small, mappings: Sequence[Mapping]) -> None:
    """Run both models on each mapping and hold every count against its twin."""
    machine = small.machine
    cycle, analytic = CycleModel(machine), AnalyticModel(machine, FmapCode.NONE)
    folded = fold(small.layer.shape, machine)
    for mapping in mappings:
        job = Job(small.layer, MappedLayer(folded, mapping), small.batch)
        due, found = cycle.run(with_tensors(job, small)), analytic.run(job)
        assert differences(found.ledger.words, due.ledger.words) == [], mapping
        assert differences(found.ledger.bits, due.ledger.bits) == [], mapping
        assert scalars(found) == scalars(due), mapping


@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.name)
def test_every_count_of_chosen_mappings(small: Small) -> None:
    chosen = chosen_mappings(small)
    assert len(chosen) == len(legal_mappings(small)) or len(chosen) > MOST_MAPPINGS // 2
    compare_all(small, chosen)


def replay_all(small: Small, mappings: Sequence[Mapping]) -> None:
    """Hold every count of the closed forms against a replay of each mapping."""
    machine, gating = small.machine, small.machine.pe.gating
    analytic = AnalyticModel(machine, FmapCode.NONE)
    folded = fold(small.layer.shape, machine)
    for mapping in mappings:
        job = Job(small.layer, MappedLayer(folded, mapping), small.batch)
        seen, run = replay_of(Trial(machine, with_tensors(job, small))), analytic.run(job)
        words, bits = due_words(seen), small.bits
        due = words * np.array([bits.ifmap, bits.filter, bits.psum, bits.psum])[:, None]
        due[Level.DRAM, Tensor.OFMAP] = words[Level.DRAM, Tensor.OFMAP] * bits.ofmap
        assert differences(run.ledger.words, words) == [], mapping
        assert differences(run.ledger.bits, due) == [], mapping
        assert scalars(run) | {"active_pes": 0} == {
            "macs": seen.macs,
            "macs_performed": seen.macs_performed,
            "zero_buffer_reads": 0 if gating is Gating.OFF else seen.macs,
            "passes": len(seen.passes),
            "active_pes": 0,
        }, mapping


@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.name)
def test_every_count_is_that_of_a_replay(small: Small) -> None:
    replay_all(small, chosen_mappings(small)[::REPLAYED])


@pytest.mark.slow
@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.name)
def test_every_count_of_all_chosen_mappings_is_that_of_a_replay(small: Small) -> None:
    replay_all(small, chosen_mappings(small))


@pytest.mark.slow
@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.name)
def test_every_count_of_every_legal_mapping(small: Small) -> None:
    compare_all(small, legal_mappings(small))


def test_the_layers_are_many_and_so_are_their_mappings() -> None:
    assert len({small.name for small in SMALL}) == len(SMALL) >= 30
    assert sum(len(chosen_mappings(small)) for small in SMALL) >= CASES


def test_the_mappings_have_everything_in_them() -> None:
    """Check that every loop is tiled with and without a rest, and that PE sets are folded and stacked."""
    seen = set()
    for small in SMALL:
        for job in jobs(small):
            shape, mapping = job.plan.folded.shape, job.plan.mapping
            for name, total, most in (
                ("n", job.batch, mapping.n),
                ("e", shape.E, mapping.e),
                ("m", shape.M, mapping.m),
                ("q r", shape.C, mapping.q * mapping.r),
                ("p t", min(job.plan.folded.filters_per_run, mapping.m), mapping.p * mapping.t),
            ):
                seen.add((name, "rest" if total % most else "even" if total > most else "one"))
            placement = Case(job.plan.folded, job.batch, job.layer.bits, mapping, small.machine).placement
            seen.update((("segments", placement.segments > 1), ("blocks", placement.blocks_down > 1)))
            seen.update((("r", mapping.r > 1), ("t", mapping.t > 1), ("runs", job.plan.folded.configurations)))
    assert seen >= {(name, how) for name in ("n", "e", "m", "q r", "p t") for how in ("rest", "even", "one")}
    assert seen >= {(name, on) for name in ("segments", "blocks", "r", "t") for on in (True, False)}
    assert seen >= {("runs", 1), ("runs", 2)}


@pytest.mark.parametrize("small", SMALL[::3], ids=lambda small: small.name)
def test_zeros_change_spad_accesses_alone(small: Small) -> None:
    """Run every fifth mapping on sparse data with the codec on: all other words stay equal."""
    machine = vary(small.machine, {"rlc": {"enabled": True}})
    cycle, analytic = CycleModel(machine), AnalyticModel(machine, FmapCode.RLC)
    for job in list(jobs(small))[::5]:
        sparse = replace(job, layer=replace(job.layer, ifmap_zeros=0.6, ofmap_zeros=0.4, filter_zeros=0.5))
        due, found = cycle.run(with_tensors(sparse, small)), analytic.run(sparse)
        for run in (due, found):
            run.ledger.words[SPAD_READS] = run.ledger.words[PSUM_WRITES] = 0
        assert differences(found.ledger.words, due.ledger.words) == [], job.plan.mapping
        assert scalars(found) | {"macs_performed": 0} == scalars(due) | {"macs_performed": 0}, job.plan.mapping
