"""Random layers of every kind on random machines, under legal mappings, and what a replay makes of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from sim.chips.contract import Job
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import ColumnStart, FilterMulticast, Machine, read_machine
from sim.chips.eyeriss.mapping.folding import Folded, fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import Gating
from sim.files.catalogue import find_machine
from sim.ledger.counts import Direction, Tensor
from sim.ledger.results import LayerRun
from sim.networks.layer import BitWidths, Layer, LayerKind, Shape
from support.naive.replay import Replay, replay
from support.naive.run_lengths import rlc_words

CASES_OF_A_KIND = 30


WIDTHS = (BitWidths(), BitWidths(8, 8, 16), BitWidths(4, 12, 12), BitWidths(8, 8, 16, 5))


Sections = dict[str, dict[str, Any]]


def vary(machine: Machine, sections: Sections) -> Machine:
    """Return a copy of a machine with some fields of some sections replaced."""
    changed = {name: getattr(machine, name).model_copy(update=fields) for name, fields in sections.items()}
    return machine.model_copy(update=changed)


@cache
def eyeriss() -> Machine:
    """Read the published chip."""
    return read_machine(find_machine("eyeriss"))


@dataclass(frozen=True)
class Trial:
    """A machine and a job that is legal on it."""

    machine: Machine
    job: Job[MappedLayer]

    @property
    def case(self) -> Case:
        """What legality depends on."""
        return Case(self.job.plan.folded, self.job.batch, self.job.layer.bits, self.job.plan.mapping, self.machine)


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
    trial = Trial(machine, Job(layer, MappedLayer(folded, mapping), batch, ifmap, ofmap, filters))
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
    """Hand every word its tensor's width, ofmaps on the chip the psums', and the fmaps in DRAM their code's."""
    job, widths = trial.job, trial.job.layer.bits
    coded = job.layer.coded_ifmap or trial.machine.rlc.codes_network_input
    bits = words * np.array([widths.ifmap, widths.filter, widths.psum, widths.psum])[:, None]
    ofmap = np.maximum(job.ofmap, 0) if job.layer.relu else job.ofmap
    bits[Level.DRAM, Tensor.IFMAP, Direction.READ] = sum(
        stream_bits(trial, region.values_of(ifmap), width=widths.ifmap, coded=coded) for region in seen.fetched
    )
    bits[Level.DRAM, Tensor.OFMAP, Direction.WRITE] = sum(
        stream_bits(trial, region.values_of(ofmap), width=widths.ofmap, coded=True) for region in seen.stored
    )
    return bits


def differences(found: np.ndarray, due: np.ndarray) -> list[str]:
    """State in words where two ledgers differ."""
    return [
        f"{Level(at[0]).name} {Tensor(at[1]).name} {Direction(at[2]).name}: {found[at]} counted, {count} due"
        for at, count in np.ndenumerate(due)
        if found[at] != count
    ]


def row_columns(machine: Machine, mapping: Mapping) -> int | None:
    """Return the PEs that a filter word reaches where that is one segment of a set at most."""
    one_row = machine.noc.filter_multicast == FilterMulticast.ROW
    return min(mapping.e, machine.pe_array.columns) if one_row else None


def replay_of(trial: Trial) -> Replay:
    """Replay a job's passes."""
    job, pe = trial.job, trial.machine.pe
    folded, mapping = job.plan.folded, job.plan.mapping
    return replay(
        folded.shape,
        mapping,
        job.batch,
        folded.filters_per_run,
        folded.fold_ifmap(job.ifmap).tolist(),
        filters=folded.fold_filters(job.filters).tolist() if pe.gating is Gating.EITHER_ZERO else None,
        gating=pe.gating is not Gating.OFF,
        gated_mac_reads_ifmap_spad=pe.gated_mac_reads_ifmap_spad,
        row_columns=row_columns(trial.machine, mapping),
    )


def fingerprint(run: LayerRun) -> tuple[Any, ...]:
    """Put a whole run in a form that compares by value."""
    ledger = run.ledger
    counts = (ledger.words.tolist(), ledger.bits.tolist(), ledger.macs, ledger.macs_performed, ledger.zero_buffer_reads)
    return *counts, run.processing_cycles, run.total_cycles, run.active_pes, run.passes


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
