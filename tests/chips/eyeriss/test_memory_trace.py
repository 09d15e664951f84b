"""Memory traces: the lines of both formats, where streams lie, and that every bit of the ledger is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from support.traced_runs import COSTS, LAYER, MACHINE

from sim.chips.contract import Planned
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.memory_trace import PAGE_BYTES, LayerTrace
from sim.chips.parts.link import Purpose
from sim.chips.parts.probes import Activity, Probes
from sim.chips.parts.requests import MemoryRequest, TraceFormat, TraceLayout, words_in_burst
from sim.errors import FieldFault
from sim.ledger.counts import Direction, Tensor
from sim.ledger.results import LayerResult
from sim.networks.layer import BitWidths, Layer
from sim.runs.runner import Planner, Runner

LOAD, PRELOAD, STORE = Purpose.IFMAP_LOAD, Purpose.FILTER_PRELOAD, Purpose.OFMAP_STORE


def plan(layer: Layer = LAYER, *, machine: Machine = MACHINE, batch: int = 1) -> Planned[MappedLayer]:
    """Plan a layer with its own mapping."""
    return Planner(Eyeriss(), machine, COSTS, batch).plan([layer])[0]


def trace(
    *,
    layer: Layer = LAYER,
    machine: Machine = MACHINE,
    batch: int = 1,
    burst_bytes: int = 64,
    memory_hz: int = 60_000_000,
) -> tuple[list[MemoryRequest], LayerTrace, LayerResult, list[Activity]]:
    """Run a layer and give its requests, its trace, its result and what the link did."""
    planned, probes = plan(layer, machine=machine, batch=batch), Probes()
    requests: list[MemoryRequest] = []
    layout = TraceLayout(machine, batch, burst_bytes, memory_hz)
    observer = LayerTrace(planned, layout, base=0, first_cycle=0, emit=requests.append)
    seen: list[Activity] = []
    probes.subscribe(observer.observe)
    probes.subscribe(lambda activity: seen.append(activity) if activity.component == "link" else None)
    result = next(Runner(Eyeriss(), machine, COSTS, CycleModel(machine, probes=probes), batch, 0).run([planned]))
    return requests, observer, result, seen


def purpose_of(request: MemoryRequest, observer: LayerTrace) -> Purpose:
    """Find the region that an address lies in."""
    found = [
        purpose
        for purpose, region in observer.regions.items()
        if region.base <= request.address < region.base + region.room
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("form", "writes", "line"),
    [
        (TraceFormat.DRAMSIM3, False, "0x1F40 READ 77\n"),
        (TraceFormat.DRAMSIM3, True, "0x1F40 WRITE 77\n"),
        (TraceFormat.RAMULATOR2, False, "LD 0x1F40\n"),
        (TraceFormat.RAMULATOR2, True, "ST 0x1F40\n"),
    ],
)
def test_lines(form: TraceFormat, writes: bool, line: str) -> None:
    assert MemoryRequest(8000, writes, 77).line(form) == line


@pytest.mark.parametrize("burst_bytes", [8, 32, 64, 512])
@pytest.mark.parametrize("batch", [1, 2])
def test_what_the_ledger_counts_is_asked_for(burst_bytes: int, batch: int) -> None:
    """Hold the bursts against the ledger's bits: a transfer needs them rounded up, and no more."""
    requests, observer, result, seen = trace(batch=batch, burst_bytes=burst_bytes)
    bursts = Counter(purpose_of(request, observer) for request in requests)
    bits = result.run.ledger.bits[Level.DRAM]
    moved = {LOAD: (Tensor.IFMAP, Direction.READ), PRELOAD: (Tensor.FILTER, Direction.READ)}
    moved[STORE] = (Tensor.OFMAP, Direction.WRITE)
    for purpose, place in moved.items():
        transfers = sum(one.first == 0 for one in seen if one.what == purpose.name.lower())
        least = int(bits[place]) / 8 / burst_bytes
        assert least <= bursts[purpose] < least + transfers
    assert all(request.writes == (purpose_of(request, observer) is STORE) for request in requests)


def test_requests_are_aligned_and_in_the_order_of_time() -> None:
    requests, _, result, _ = trace(burst_bytes=128)
    assert all(request.address % 128 == 0 for request in requests)
    cycles = [request.cycle for request in requests]
    assert cycles == sorted(cycles)
    assert cycles[-1] < result.run.total_cycles * 60 / 200


def test_regions_follow_one_another_on_pages() -> None:
    _, observer, _, _ = trace()
    regions = [observer.regions[purpose] for purpose in (LOAD, PRELOAD, STORE)]
    assert [region.base for region in regions] == [0, regions[0].room, regions[0].room + regions[1].room]
    assert observer.stop == regions[2].base + regions[2].room
    assert all(region.base % PAGE_BYTES == 0 for region in regions)


def test_streams_that_are_fetched_again_have_their_first_addresses() -> None:
    """Two filter groups fetch each ifmap tile twice, and two strips each filter; no ofmap is stored twice."""
    requests, observer, _, _ = trace()
    times: dict[Purpose, Counter[int]] = {purpose: Counter() for purpose in Purpose}
    for request in requests:
        times[purpose_of(request, observer)][request.address] += 1
    assert {purpose: set(counts.values()) for purpose, counts in times.items()} == {LOAD: {2}, PRELOAD: {2}, STORE: {1}}


def test_streams_lie_in_the_order_of_their_first_transfer() -> None:
    requests, observer, _, _ = trace()
    for purpose, region in observer.regions.items():
        addresses = [one.address for one in requests if purpose_of(one, observer) is purpose]
        assert list(dict.fromkeys(addresses)) == list(range(region.base, max(addresses) + 1, 64))


def test_a_cut_preload_is_asked_for_once() -> None:
    """Let every preload be cut after single words: bursts of eight words still come once each."""
    link = MACHINE.link.model_copy(update={"burst_words": 1})
    overlap = MACHINE.overlap.model_copy(update={"fmaps": True})
    machine = MACHINE.model_copy(update={"link": link, "overlap": overlap})
    requests, observer, _, seen = trace(machine=machine, batch=2)
    assert any(one.first > 0 for one in seen)
    times = Counter(one.address for one in requests if purpose_of(one, observer) is PRELOAD)
    assert len(set(times.values())) == 1


def test_cycles_are_of_the_memory_clock() -> None:
    slow, fast = (trace(memory_hz=clock)[0] for clock in (60_000_000, 800_000_000))
    assert [one.address for one in slow] == [one.address for one in fast]
    assert all(0 <= b.cycle - a.cycle * 40 // 3 <= 40 // 3 for a, b in zip(slow, fast, strict=True))


def test_raw_and_wide_streams_fit_their_regions() -> None:
    """Take what the code makes longer, and an ifmap that isn't coded."""
    dense = replace(LAYER, ifmap_zeros=0.0, ofmap_zeros=0.0, relu=False)
    for layer in (dense, replace(dense, coded_ifmap=False)):
        assert trace(layer=layer)[0]


def test_narrower_ofmaps_take_half_the_bursts_of_raw_streams() -> None:
    machine = MACHINE.model_copy(update={"rlc": MACHINE.rlc.model_copy(update={"enabled": False})})
    found = {}
    for bits in (BitWidths(), BitWidths(own_ofmap=8)):
        requests, observer, _, _ = trace(layer=replace(LAYER, bits=bits), machine=machine)
        bursts = sum(request.writes for request in requests)
        found[bits.ofmap] = bursts, {purpose: region.room for purpose, region in observer.regions.items()}
    (wide_bursts, wide), (bursts, narrow) = found[16], found[8]
    assert wide_bursts / 2 <= bursts < wide_bursts
    assert narrow == wide  # there is room for the worst case of the code


@pytest.mark.parametrize(
    ("burst_bytes", "width", "fault"),
    [
        (0, 64, "bursts of 0 B; a power of two up to 4096"),
        (48, 64, "bursts of 48 B; a power of two up to 4096"),
        (8192, 64, "bursts of 8192 B; a power of two up to 4096"),
        (4, 64, "bursts of 4 B over a link of 64 b; a multiple of the link's width"),
        (64, 12, "bursts of 64 B over a link of 12 b; a multiple of the link's width"),
    ],
)
def test_refuse_bursts(burst_bytes: int, width: int, fault: str) -> None:
    with pytest.raises(FieldFault) as caught:
        words_in_burst(burst_bytes, width)
    assert str(caught.value) == fault
