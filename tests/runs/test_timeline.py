"""Timelines: the format, and the laws that hold between intervals, counters, and what the models count."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import defaultdict
from itertools import pairwise

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trace_event_schema import SCHEMA
from support.traced_runs import COSTS, LAYERS, MACHINE, MACHINES, Traced, trace

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.mapping.legality import Case, bank_counts
from sim.ledger.counts import Direction, Tensor
from sim.runs import timeline
from sim.runs.runner import Runner
from sim.runs.timeline import Draft, microseconds

CHIP = Eyeriss()
TRACKS = {"layer": "layers"} | {track.component: track.title for track in CHIP.tracks}


@pytest.fixture(params=MACHINES, scope="module")
def seen(request: pytest.FixtureRequest) -> Traced:
    """Run the layers on every machine in turn."""
    return trace(MACHINES[request.param])


def test_the_format(seen: Traced) -> None:
    document = json.loads(seen.content)
    jsonschema.validate(document, SCHEMA)
    assert document["otherData"] == {"workload": "w", "seed": 3, "complete": True}
    names = {one["tid"]: one["args"]["name"] for one in document["traceEvents"] if one["name"] == "thread_name"}
    assert list(names.values()) == list(TRACKS.values())
    assert {one["tid"] for one in document["traceEvents"] if one["ph"] == "X"} == set(names)


def test_the_documented_numbers_are_there(seen: Traced) -> None:
    """Hold what each kind of interval says against the exporter's docstring."""
    lines = (
        str(timeline.__doc__).split("Category, names: args.\n")[1].split("\n\n")[0].replace("\n  ", " ").splitlines()
    )
    documented = {line[2:].split(",")[0]: set(re.findall(r"\w+", line)) for line in lines}
    for event in seen.events:
        if event["ph"] == "X":
            assert set(event["args"]) <= documented[event["cat"]]
            if event["cat"] not in ("layer", "array"):
                assert set(event["name"].split()) <= documented[event["cat"]]


def test_intervals_of_a_thread_nest_or_are_apart_and_come_in_order(seen: Traced) -> None:
    for component in TRACKS:
        open_ends: list[int] = []
        intervals = seen.on(component)
        assert [start for start, *_ in intervals] == sorted(start for start, *_ in intervals)
        for start, end, *_ in intervals:
            assert start < end
            while open_ends and open_ends[-1] <= start:
                open_ends.pop()
            assert not open_ends or end <= open_ends[-1], component
            assert not open_ends or component == "gon"
            open_ends.append(end)


def test_configuration_passes_and_waits_fill_the_layers(seen: Traced) -> None:
    """The array is always in a pass or waits for something that is named; layers leave no gap, and no time over."""
    waits = [one for one in seen.on("waits") if one[2] != "filters"]
    busy = sorted(one[:2] for one in [*seen.on("scan chain"), *seen.on("array"), *waits])
    assert busy[0][0] == 0
    assert all(end == start for (_, end), (start, _) in pairwise(busy))
    assert busy[-1][1] == seen.ns(seen.cycles)
    layers = seen.on("layer")
    assert [name for _, _, name, _ in layers] == [layer.name for layer in LAYERS]
    assert sum(end - start for start, end, *_ in layers) == seen.ns(seen.cycles)
    assert all(end == start for (_, end, *_), (start, *_) in pairwise(layers))


def test_the_array_waits_for_what_is_missing(seen: Traced) -> None:
    """Stores go first on the link, so that what comes in is never in time to wait for room for its psums."""
    assert {name for *_, name, _ in seen.on("waits")} == {"ifmaps", "filters", "ofmap stores"}
    assert [name for *_, name, _ in seen.on("waits")][:2] == ["ifmaps", "filters"]
    assert seen.on("waits")[-1][2] == "ofmap stores"


def test_waits_for_filters_lie_in_passes(seen: Traced) -> None:
    passes = {start: end for start, end, *_ in seen.on("array")}
    waits = [(start, end) for start, end, name, _ in seen.on("waits") if name == "filters"]
    assert waits
    assert all(end < passes[start] for start, end in waits)


def test_passes(seen: Traced) -> None:
    (counts, runs) = [args for *_, args in seen.on("array")], [result.run for result in seen.results]
    assert len(counts) == sum(run.passes for run in runs)
    assert [one["pass"] for one in counts] == [number for run in runs for number in range(run.passes)]
    assert sum(one["cycles"] for one in counts) == sum(run.processing_cycles for run in runs)
    for (start, end, *_), one in zip(seen.on("array"), counts, strict=True):
        assert abs(end - start - seen.ns(one["cycles"])) <= 1
    assert sum(one["macs"] for one in counts) == sum(run.ledger.macs for run in runs)
    assert sum(one["macs_performed"] for one in counts) == sum(run.ledger.macs_performed for run in runs)
    pes = {(one["rows"], one["filters"]): one["active_pes"] for one in counts}
    assert pes == {(7, 10): 42, (6, 10): 36, (7, 3): 21, (6, 3): 18}  # two sets of 3 rows; a tail of one
    assert runs[0].active_pes == 42
    for _, _, name, args in seen.on("array"):
        assert args["macs"] <= args["active_pes"] * args["cycles"]
        first, last = map(int, name.removeprefix("filters ").split("-"))
        assert last - first + 1 == args["filters"]


def test_the_link_moves_what_the_ledger_counts(seen: Traced) -> None:
    link = seen.on("link")
    moved = {
        "ifmap load": seen.bits(Tensor.IFMAP, Direction.READ),
        "filter preload": seen.bits(Tensor.FILTER, Direction.READ),
        "ofmap store": seen.bits(Tensor.OFMAP, Direction.WRITE),
    }
    for purpose, due in moved.items():
        transfers = [args for _, _, name, args in link if name == purpose and args["first_word"] == 0]
        assert (sum(one["values"] for one in transfers), sum(one["bits"] for one in transfers)) == due
        words = sum(args["words"] for _, _, name, args in link if name == purpose)
        assert words == sum(-(-one["bits"] // seen.machine.link.width) for one in transfers)
    assert all(before[1] <= after[0] for before, after in pairwise(link))


def test_a_cut_preload_is_several_intervals() -> None:
    parts = [args for *_, name, args in trace(MACHINES["preloads are cut"]).on("link") if name == "filter preload"]
    later = [(before, after) for before, after in pairwise(parts) if after["first_word"]]
    assert later
    assert all(after["first_word"] == before["first_word"] + before["words"] for before, after in later)
    assert all(after["bits"] == before["bits"] for before, after in later)


def test_codec_and_banks_move_what_the_link_does(seen: Traced) -> None:
    fmaps = [(*one[:2], one[3]["values"], one[3]["bits"]) for one in seen.on("link") if one[2] != "filter preload"]
    assert [(*one[:2], one[3]["values"], one[3]["bits"]) for one in seen.on("codec")] == fmaps
    coded = {"decode", "unpack", "encode"} if seen.machine.rlc.enabled else {"unpack", "pack"}
    assert {name for _, _, name, _ in seen.on("codec")} == coded
    for component, tensor, way in (
        ("ifmap", "IFMAP", "READ"),
        ("filter", "FILTER", "READ"),
        ("psum", "OFMAP", "WRITE"),
    ):
        moved = sum(args["words"] for *_, args in seen.on(f"glb {component}"))
        assert moved == seen.bits(Tensor[tensor], Direction[way])[0]


def test_networks_move_what_the_ledger_counts_in_the_passes(seen: Traced) -> None:
    ledgers = [result.run.ledger for result in seen.results]
    passes = [one[:2] for one in seen.on("array")]
    for component, level, tensor in (
        ("gin filter", Level.GIN, Tensor.FILTER),
        ("gin ifmap", Level.GIN, Tensor.IFMAP),
        ("gin psum", Level.GIN, Tensor.PSUM),
        ("gon", Level.GON, Tensor.PSUM),
    ):
        told = [args for *_, args in seen.on(component)]
        due = sum(ledger.count(level, tensor, Direction.READ) for ledger in ledgers)
        assert sum(args.get("words", 0) for args in told) == due
        delivered = sum(ledger.count(level, tensor, Direction.WRITE) for ledger in ledgers)
        assert not any("deliveries" in args for args in told) or sum(a.get("deliveries", 0) for a in told) == delivered
        for start, end, *_ in seen.on(component):
            assert any(begun <= start and end <= done for begun, done in passes)


def test_ifmaps_stream_when_filters_are_in(seen: Traced) -> None:
    intervals = sorted(one[:2] for one in [*seen.on("gin filter"), *seen.on("gin ifmap")])
    assert all(before[1] <= after[0] for before, after in pairwise(intervals))


def test_filters_that_go_in_early_do_so_in_the_drain_of_the_pass_before() -> None:
    seen = trace()
    early = [(start, end) for start, end, _, args in seen.on("gin filter") if not args]
    drains = [(start, end) for start, end, name, _ in seen.on("gon") if name == "drain"]
    assert early
    assert all(any(first <= start and end <= last for first, last in drains) for start, end in early)
    assert not [1 for *_, args in trace(MACHINES["filters wait"]).on("gin filter") if not args]


def test_banks_hold_no_more_than_they_can_and_nothing_in_the_end(seen: Traced) -> None:
    most = defaultdict(int)
    for one in seen.planned:
        case = Case(one.plan.folded, 2, one.layer.bits, one.plan.mapping, seen.machine)
        banks = (*bank_counts(case), seen.machine.glb.filter_banks)
        for name, count in zip(("ifmap", "psum", "filter"), banks, strict=True):
            most[TRACKS[f"glb {name}"]] = max(most[TRACKS[f"glb {name}"]], count * seen.machine.glb.bank_bits // 8)
    samples = defaultdict(list)
    for event in seen.events:
        if event["ph"] == "C":
            samples[event["name"]].append((event["ts"], event["args"]["bytes"]))
    assert samples.keys() == most.keys()
    for name, levels in samples.items():
        assert 0 < max(held for _, held in levels) <= most[name]
        assert levels[-1][1] == 0
        assert [at for at, _ in levels] == sorted(at for at, _ in levels)
        component = next(one for one in TRACKS if TRACKS[one] == name)
        moved = sum(args["words"] for *_, args in seen.on(component))
        assert sum(max(0, after - before) for (_, before), (_, after) in pairwise([(0, 0), *levels])) == 2 * moved


def test_the_same_bytes_again_and_without_reuse_and_compressed() -> None:
    plain = trace().content
    assert trace().content == trace(reuse=False).content == plain
    packed = trace(compressed=True).content
    assert (packed, gzip.decompress(packed)) == (trace(compressed=True).content, plain)


def test_a_timeline_changes_no_result() -> None:
    for result, watched in zip(
        Runner(CHIP, MACHINE, COSTS, CycleModel(MACHINE), 2, 3).run(trace().planned), trace().results, strict=True
    ):
        assert result.as_dict() == watched.as_dict()


@given(st.integers(0, 10**14))
def test_microseconds_are_the_same_nanosecond_rounded_and_cut(ns: int) -> None:
    """Perfetto multiplies by 1000 and cuts; others round."""
    assert int(float(microseconds(ns)) * 1000.0) == round(float(microseconds(ns)) * 1000) == ns


@pytest.mark.parametrize("compressed", [False, True])
def test_a_draft_is_cut_back_to_what_was_kept(compressed: bool) -> None:
    stream = io.BytesIO()
    draft = Draft(stream, compressed=compressed)
    draft.write("kept " * 50_000)
    draft.keep()
    draft.write("".join(map(str, range(50_000))))
    draft.cut()
    draft.close("end")
    content = stream.getvalue()
    assert (gzip.decompress(content) if compressed else content).decode() == "kept " * 50_000 + "end"
