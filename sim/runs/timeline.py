"""What each component does when, as a Chrome trace: JSON that ui.perfetto.dev and chrome://tracing open.

One process is the chip; its threads are the components. Layers follow one another, each with its configuration first.
An interval (phase X) has `ts` and `dur` in microseconds; its args are plain numbers, for the layer's whole batch.

Category, names: args.
- layer, the layer's: passes, macs, processing_cycles, total_cycles
- configuration, configuration: configurations, bits
- link, ifmap load | ofmap store | filter preload: words (of the link), first_word; of the whole transfer values, bits
- codec, decode | encode, or unpack | pack where the stream is raw: values, bits; it lasts as long as the transfer
- glb, fill | drain: words
- gin, filters: words, deliveries; ifmaps: words, deliveries, stalled_cycles; psums in: words, conflict_cycles
- gon, psums out: words; drain, in it and after the last MAC: none
- array, filters FIRST-LAST, a pass: pass, group, first_image, images, first_row, rows, first_channel, channels,
  filters, active_pes, macs, macs_performed, cycles
- waits, ifmaps | psum room (never, while stores go first on the link) | ofmap stores; filters, which is in a pass: none

Cycles are the core's, words the tensor's own where nothing else is said, bits those in DRAM. A preload that is cut by a
more urgent transfer is several intervals. An interval on a GIN or the GON is the phase of a pass in which its words
move (`engine/pass_phases.py`); a filter load that begins in the drain of the pass before may be two, and the last has
the words. Counters (phase C) are the bytes in the GLB's banks: ifmaps and filters count from when their last word
is in, psums from the end of their first pass.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from math import inf, nextafter
from typing import Any, BinaryIO

from sim.chips.contract import AnyChip, Track
from sim.chips.parts.clock import make_clocks
from sim.chips.parts.description import MachineDocument
from sim.chips.parts.probes import Activity
from sim.ledger.results import LayerResult

PROCESS = 1
_LAYERS = Track("layer", "layers", "layer")  # the uppermost
_NS_PER_SECOND = 1_000_000_000
_GZIP = 16 + zlib.MAX_WBITS
_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def microseconds(ns: int) -> str:
    """Write whole nanoseconds as microseconds.

    Perfetto multiplies by 1000 and cuts, which would lose one where the nearest double is too small; it gets the next.
    """
    value = ns / 1000
    return repr(value if int(value * 1000) >= ns else nextafter(value, inf))


class Draft:
    """Text written to a seekable file, compressed or not; `cut` takes back what was written since `keep`."""

    def __init__(self, stream: BinaryIO, *, compressed: bool) -> None:
        self._stream = stream
        self._packer = zlib.compressobj(wbits=_GZIP) if compressed else None
        self.keep()

    def write(self, text: str) -> None:
        """Write on."""
        data = text.encode("utf-8")
        self._stream.write(data if self._packer is None else self._packer.compress(data))

    def keep(self) -> None:
        """Let what is written stand."""
        self._kept = self._stream.tell(), self._packer and self._packer.copy()

    def cut(self) -> None:
        """Go back to where `keep` was last called."""
        place, self._packer = self._kept
        self._stream.seek(place)
        self._stream.truncate()

    def close(self, text: str) -> None:
        """Write the last of it."""
        self.write(text)
        if self._packer is not None:
            self._stream.write(self._packer.flush())


class Timeline:
    """A writer of a network's events as they come; subscribe `observe` to the probes of the chip that runs its layers.

    A layer's events stand once `finish_layer` was called with its result. `about` says what was run.
    """

    def __init__(self, draft: Draft, chip: AnyChip, machine: MachineDocument, about: Mapping[str, Any]) -> None:
        tracks = (_LAYERS, *chip.tracks)
        self._tracks = {track.component: track for track in tracks}
        self._threads = {track.component: number for number, track in enumerate(tracks, start=1)}
        clocks = make_clocks(machine.core.clock, machine.link.clock)
        self._core_ticks = clocks.core_ticks
        self._ticks_per_second = clocks.ticks_per_second
        self._about = about
        self._layer_from = 0
        self._tick_0 = 0
        self._draft = draft
        draft.write('{"traceEvents":[\n' + _metadata("process_name", name=f"{machine.name} chip"))
        for track in tracks:
            thread = self._threads[track.component]
            for what, value in (("thread_name", {"name": track.title}), ("thread_sort_index", {"sort_index": thread})):
                draft.write(",\n" + _metadata(what, tid=thread, **value))
        draft.keep()

    def observe(self, activity: Activity) -> None:
        """Write an activity's event; those of the controller's own processes are shown by what they move."""
        component = activity.component
        if component not in self._threads:
            return
        if self._tracks[component].category == "configuration":
            self._tick_0 = self._layer_from - activity.start
        if activity.what == "holds":
            self._sample(activity)
            return
        name, counts = activity.what.replace("_", " "), activity.counts
        if component == "link":
            counts = {"words": activity.last - activity.first + 1, "first_word": activity.first, **counts}
        elif component == "array":
            name = f"{name} {activity.first}-{activity.last}"
        self._interval(component, self._tick_0 + activity.start, self._tick_0 + activity.end, name, counts)

    def finish_layer(self, layer: LayerResult) -> None:
        """Write the interval of a layer that has run, and begin the next where it ends."""
        run, end = layer.run, self._layer_from + layer.run.total_cycles * self._core_ticks
        counts = {
            "passes": run.passes,
            "macs": run.ledger.macs,
            "processing_cycles": run.processing_cycles,
            "total_cycles": run.total_cycles,
        }
        self._interval("layer", self._layer_from, end, layer.name, counts)
        self._layer_from = self._tick_0 = end  # a configuration, where there is one, moves the zero of its engine
        self._draft.keep()

    def close(self, *, complete: bool) -> None:
        """End the file after the last layer that finished."""
        self._draft.cut()
        about = _compact({**self._about, "complete": complete})
        self._draft.close(f'\n],\n"displayTimeUnit":"ns",\n"otherData":{about}}}\n')

    def _ns(self, ticks: int) -> int:
        """Cut a point in time to whole nanoseconds, so that what touches or nests in ticks does so in the file."""
        return ticks * _NS_PER_SECOND // self._ticks_per_second

    def _interval(self, component: str, start: int, end: int, name: str, counts: Mapping[str, int]) -> None:
        begun = self._ns(start)
        self._draft.write(
            f',\n{{"ph":"X","pid":{PROCESS},"tid":{self._threads[component]},"ts":{microseconds(begun)},'
            f'"dur":{microseconds(self._ns(end) - begun)},"cat":"{self._tracks[component].category}",'
            f'"name":{_compact(name)},"args":{_compact(counts)}}}'
        )

    def _sample(self, activity: Activity) -> None:
        held, at = activity.counts["bits"] / 8, self._ns(self._tick_0 + activity.start)
        self._draft.write(
            f',\n{{"ph":"C","pid":{PROCESS},"tid":{self._threads[activity.component]},"ts":{microseconds(at)},'
            f'"cat":"glb","name":"{self._tracks[activity.component].title}","args":{{"bytes":{held:.15g}}}}}'
        )


def _metadata(what: str, *, tid: int = 0, **args: str | int) -> str:
    """Write what names or orders a track."""
    return _compact({"ph": "M", "pid": PROCESS, "tid": tid, "name": what, "args": args})
