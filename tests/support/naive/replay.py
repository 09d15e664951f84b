"""Accesses by replay of the pass list (JSSC 2017, Fig. 7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from support.naive.loops import covered, dealt, pieces


@dataclass(frozen=True)
class Region:
    """The images, channels or filters, and rows of an fmap that move together."""

    images: range
    channels: range
    rows: range

    def values_of(self, fmap: Any) -> list[int]:
        """Read the region from an fmap (images, channels, rows, columns) in that order."""
        return [
            int(value)
            for image in self.images
            for channel in self.channels
            for row in self.rows
            for value in fmap[image][channel][row]
        ]


@dataclass(frozen=True)
class Work:
    """One pass: its loops' pieces, and whether it starts and completes its psums."""

    group: int
    images: range
    rows: range
    filters: range
    channels: range
    first: bool
    last: bool

    @property
    def timing(self) -> tuple[int, int, int, int, bool]:
        """What decides how long the pass takes."""
        return len(self.images), len(self.rows), len(self.filters), len(self.channels), self.first


@dataclass
class Replay:
    """What a replay counted; `words` is by names of level, tensor, direction."""

    words: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    macs: int = 0
    macs_performed: int = 0
    passes: list[Work] = field(default_factory=list)
    fetched: list[Region] = field(default_factory=list)
    stored: list[Region] = field(default_factory=list)


def live_products(shape: Any, ifmap: Any, *, batch: int, filters: Any = None) -> int:
    """Count the products without a zero by the seven loops of a layer, and one for the groups.

    `filters` are nested lists (G M, C, R, S); left out, only ifmap values count.
    """
    live = 0
    for image in range(batch):
        for group in range(shape.G):
            for number in range(group * shape.M, (group + 1) * shape.M):
                for channel in range(shape.C):
                    rows = ifmap[image][group * shape.C + channel]
                    for top in range(0, shape.E * shape.Uy, shape.Uy):
                        for left in range(0, shape.F * shape.Ux, shape.Ux):
                            for i in range(shape.R):
                                for tap in range(shape.S):
                                    weight = 1 if filters is None else filters[number][channel][i][tap]
                                    live += rows[top + i][left + tap] != 0 and weight != 0
    return live


def replay(
    shape: Any,
    mapping: Any,
    batch: int,
    run_filters: int,
    ifmap: Any,
    *,
    filters: Any = None,
    gating: bool = True,
    gated_mac_reads_ifmap_spad: bool = True,
    row_columns: int | None = None,
) -> Replay:
    """Run through all passes of a layer and count every access.

    `ifmap` is nested lists (N, G C, H, W); so are `filters` (G M, C, R, S), given only where their zeros gate too. A
    filter word reaches one array row of `row_columns` PEs, or all PEs that need it where that is None.
    """
    chip = _Chip(shape, mapping, ifmap, filters, gating, gated_mac_reads_ifmap_spad, row_columns)
    for group in range(shape.G):
        for images in pieces(range(batch), mapping.n):
            for rows in pieces(range(shape.E), mapping.e):
                for run in pieces(range(shape.M), run_filters):
                    for held in pieces(run, mapping.m):
                        for channels in pieces(range(shape.C), mapping.q * mapping.r):
                            first, last = channels[0] == 0, channels[-1] == shape.C - 1
                            chip.load_ifmap(group, images, rows, channels)
                            for filters in pieces(held, mapping.p * mapping.t):
                                chip.run_pass(Work(group, images, rows, filters, channels, first, last))
                        chip.store_ofmap(group, images, rows, held)
    return chip.seen


@dataclass
class _Chip:
    """One layer's accesses, counted as they happen."""

    shape: Any
    mapping: Any
    ifmap: Any
    filters: Any
    gating: bool
    gated_mac_reads_ifmap_spad: bool
    row_columns: int | None
    seen: Replay = field(default_factory=Replay)

    def read(self, level: str, tensor: str) -> None:
        self.seen.words[level, tensor, "READ"] += 1

    def write(self, level: str, tensor: str) -> None:
        self.seen.words[level, tensor, "WRITE"] += 1

    def load_ifmap(self, group: int, images: range, rows: range, channels: range) -> None:
        first = group * self.shape.C + channels[0]
        top = rows[0] * self.shape.Uy
        strip = range(top, top + (len(rows) - 1) * self.shape.Uy + self.shape.R)
        region = Region(images, range(first, first + len(channels)), strip)
        for _ in region.values_of(self.ifmap):
            self.read("DRAM", "IFMAP")
            self.write("GLB", "IFMAP")
        self.seen.fetched.append(region)

    def store_ofmap(self, group: int, images: range, rows: range, filters: range) -> None:
        first = group * self.shape.M + filters[0]
        for _ in range(len(images) * len(filters) * len(rows) * self.shape.F):
            self.read("GLB", "OFMAP")
            self.write("DRAM", "OFMAP")
        self.seen.stored.append(Region(images, range(first, first + len(filters)), rows))

    def run_pass(self, work: Work) -> None:
        self.seen.passes.append(work)
        filter_sets = dealt(work.filters, self.mapping.p)
        channel_sets = dealt(work.channels, self.mapping.q)
        for filters in filter_sets:
            for channels in channel_sets:
                self.load_filters(work, filters, channels)
        for image in work.images:
            self.send_ifmap(work, len(filter_sets))
            for filters in filter_sets:
                for channels in channel_sets:
                    self.compute(work, image, filters, channels)
        for _ in range(len(work.images) * len(work.filters) * len(work.rows) * self.shape.F):
            self.move_psum(work, height=len(channel_sets) * self.shape.R)

    def load_filters(self, work: Work, filters: range, channels: range) -> None:
        """Bring one set's weights from DRAM through the GLB to every PE of their row."""
        for _ in range(len(filters) * len(channels) * self.shape.R * self.shape.S):
            self.read("DRAM", "FILTER")
            self.write("GLB", "FILTER")
            for reached in pieces(work.rows, self.row_columns or len(work.rows)):
                self.read("GLB", "FILTER")
                self.read("GIN", "FILTER")
                for _ in reached:
                    self.deliver("FILTER")

    def send_ifmap(self, work: Work, filter_sets: int) -> None:
        """Multicast one image's words to the diagonals of the sets that share them."""
        shape = self.shape
        for _ in covered(shape.F, shape.S, shape.Ux):
            for _ in work.channels:
                for row in covered(len(work.rows), shape.R, shape.Uy):
                    self.read("GLB", "IFMAP")
                    self.read("GIN", "IFMAP")
                    for _ in range(filter_sets):
                        for filter_row in range(shape.R):
                            for column in range(len(work.rows)):
                                if column * shape.Uy + filter_row == row:
                                    self.deliver("IFMAP")

    def deliver(self, tensor: str) -> None:
        self.write("GIN", tensor)
        self.write("FIFO", tensor)
        self.read("FIFO", tensor)
        self.write("SPAD", tensor)

    def compute(self, work: Work, image: int, filters: range, channels: range) -> None:
        """Let every PE of one set do its MACs, tap by tap and filter by filter."""
        shape = self.shape
        for filter_row in range(shape.R):
            for row in work.rows:
                for column in range(shape.F):
                    for tap in range(shape.S):
                        for channel in channels:
                            ifmap = self.ifmap[image][work.group * shape.C + channel]
                            value = ifmap[row * shape.Uy + filter_row][column * shape.Ux + tap]
                            for number in filters:
                                self.mac(value, self.weight(work.group, number, channel, filter_row, tap))

    def weight(self, group: int, number: int, channel: int, filter_row: int, tap: int) -> int:
        """Return the weight as the gate sees it: never zero where filters don't gate."""
        if self.filters is None:
            return 1
        return self.filters[group * self.shape.M + number][channel][filter_row][tap]

    def mac(self, value: int, weight: int) -> None:
        self.seen.macs += 1
        gated = self.gating and (value == 0 or weight == 0)
        if not gated or self.gated_mac_reads_ifmap_spad:
            self.read("SPAD", "IFMAP")
        if not gated:
            self.seen.macs_performed += 1
            self.read("SPAD", "FILTER")
            self.read("SPAD", "PSUM")
            self.write("SPAD", "PSUM")

    def move_psum(self, work: Work, *, height: int) -> None:
        """Take one psum in at the bottom, unless it starts here, up the chain of PEs, and out to the GLB."""
        if not work.first:
            self.read("GLB", "PSUM")
            self.through("GIN")
        for _ in range(height - 1):
            self.through("LN")
        self.through("GON")
        self.write("GLB", "OFMAP" if work.last else "PSUM")

    def through(self, network: str) -> None:
        """Count a psum on and off a network, and in and out of the FIFO at its end."""
        self.read(network, "PSUM")
        self.write(network, "PSUM")
        self.write("FIFO", "PSUM")
        self.read("FIFO", "PSUM")
