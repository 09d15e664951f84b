"""A network run cycle by cycle, and the DRAM link's requests written for a memory simulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from sim.chips.contract import ModelOptions, Planned
from sim.chips.parts.probes import Observer
from sim.chips.parts.requests import MemoryRequest, TraceFormat, TraceLayout
from sim.runs.progress import Progress, layers_done
from sim.runs.request import Request
from sim.runs.run import runner_for


@dataclass(slots=True)
class LayerRequests:
    """What a layer's trace came to: the first addresses of its regions, and its bursts."""

    name: str
    bases: tuple[int, ...]
    reads: int = 0
    writes: int = 0


def write_requests(
    stream: BinaryIO,
    form: TraceFormat,
    layout: TraceLayout[Any],
    request: Request,
    planned: Sequence[Planned[Any]],
    *,
    seed: int,
    progress: Progress,
) -> list[LayerRequests]:
    """Run the layers one after another, each from the core cycle in which the one before it ended.

    An interrupt leaves nothing: it raises KeyboardInterrupt.
    """
    watching: list[Observer] = []
    options = ModelOptions(observers=[lambda activity: watching[0](activity)])
    runner = runner_for(request, request.chip.models[0], seed=seed, options=options)
    finished: list[LayerRequests] = []
    base = cycle = 0
    with layers_done(progress, len(planned)) as done:
        for one in planned:
            layer = LayerRequests(one.layer.name, ())
            emit = _writer(stream, form, layer)
            trace = request.chip.memory_tracer(one, layout, base=base, first_cycle=cycle, emit=emit)
            layer.bases = trace.bases
            watching[:] = [trace.observe]
            cycle += sum(result.run.total_cycles for result in runner.run([one]))
            base = trace.stop
            finished.append(layer)
            done(layer.name)
    if len(finished) < len(planned):
        raise KeyboardInterrupt
    return finished


def _writer(stream: BinaryIO, form: TraceFormat, layer: LayerRequests) -> Callable[[MemoryRequest], None]:
    """Return a function that writes a request and counts it."""

    def emit(request: MemoryRequest) -> None:
        stream.write(request.line(form).encode("ascii"))
        if request.writes:
            layer.writes += 1
        else:
            layer.reads += 1

    return emit
