"""Obvious, slow oracles: run lengths by hand, accesses counted one by one, an array of PE objects stepped in turn.

Plain Python throughout and nothing of sim's kernels or engine in it, so that what agrees was thought out twice.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# The run-length code (JSSC 2017, Section IV-C).


def rle_pairs(values: Sequence[int], longest_run: int) -> list[tuple[int, int]]:
    """Cut values into pairs: as many leading zeros as a run holds, and the value after them."""
    rest = deque(int(value) for value in values)
    pairs = []
    while rest:
        run = 0
        while rest[0] == 0 and run < longest_run and len(rest) > 1:
            rest.popleft()
            run += 1
        pairs.append((run, rest.popleft()))
    return pairs


def rlc_words(values: Sequence[int], *, run: int, level: int, pairs: int) -> tuple[list[int], list[int]]:
    """Write the code words bit by bit, the first pair lowest; give them and how many values each stands for."""
    coded = rle_pairs(values, 2**run - 1)
    words, covered = [], []
    for start in range(0, len(coded), pairs):
        inside = coded[start : start + pairs]
        text = "1" if start + pairs >= len(coded) else "0"
        text += "0" * ((pairs - len(inside)) * (run + level))
        for zeros, value in reversed(inside):
            text += f"{value % 2**level:0{level}b}{zeros:0{run}b}"
        words.append(int(text, 2))
        covered.append(sum(zeros + 1 for zeros, _ in inside))
    return words, covered


def rlc_values(words: Sequence[int], size: int, *, run: int, level: int, pairs: int) -> list[int]:
    """Expand code words, cut into fields as text, to at most `size` values."""
    values: list[int] = []
    for word in words:
        text = f"{word:0{1 + pairs * (run + level)}b}"
        for number in range(pairs):
            stop = len(text) - number * (run + level)
            coded = int(text[stop - run - level : stop - run], 2)
            values += [0] * int(text[stop - run : stop], 2)
            values.append(coded - 2**level if coded >= 2 ** (level - 1) else coded)
        if text[0] == "1":
            break
    return values[:size]


def pipeline_ticks(first: Sequence[int], second: Sequence[int]) -> int:
    """Find the time of jobs through two stages in order: the longest way through the grid of (job, stage)."""
    return max((sum(first[: turn + 1]) + sum(second[turn:]) for turn in range(len(first))), default=0)


# Accesses by replay of the pass list (JSSC 2017, Fig. 7).


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


def pieces(loop: range, most: int) -> list[range]:
    """Cut a loop into pieces of `most`; the last one may be smaller."""
    return [loop[start : start + most] for start in range(0, len(loop), most)]


def dealt(loop: range, most: int) -> list[range]:
    """Deal a loop out, one by one, to as few sets as hold it at `most` each; every set's piece is contiguous."""
    sets = 1
    while sets * most < len(loop):
        sets += 1
    sizes = [0] * sets
    for number in range(len(loop)):
        sizes[number % sets] += 1
    return [loop[sum(sizes[:number]) : sum(sizes[: number + 1])] for number in range(sets)]


def covered(outputs: int, taps: int, stride: int) -> list[int]:
    """List the input positions of one axis that some window touches."""
    return sorted({output * stride + tap for output in range(outputs) for tap in range(taps)})


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


# One pass, cycle by cycle, with a PE object for each PE and a name for each word.


@dataclass(frozen=True)
class PassSpec:
    """One pass and the array that runs it; memories in words, rates in words a cycle."""

    set_filters: tuple[int, ...]
    set_channels: tuple[int, ...]
    images: int = 1
    R: int = 1
    S: int = 1
    rows: int = 1  # ofmap rows of the strip
    F: int = 1
    Uy: int = 1
    Ux: int = 1
    reads_psums: bool = False
    ifmap_fifo: int = 4
    psum_fifo: int = 4
    psum_spad: int = 4
    extra_stages: int = 2
    whole_window: bool = False  # a column's MACs wait for all words of its window
    row_columns: int | None = None  # PEs that one filter word reaches; None: all
    filter_rate: int = 4
    ifmap_rate: int = 1
    psum_rate: int = 4
    gon_rate: int = 4
    ln_rate: int = 4
    psum_banks: int = 2
    bank_ports: int = 1
    cycle_limit: int = 1 << 20


@dataclass
class Psum:
    """A psum by name (image, ofmap column, filter), with the products that it has collected."""

    name: tuple[int, int, int]
    products: set[tuple[int, ...]] = field(default_factory=set)
    leaves_from: int = 0  # the first cycle in which it may go up


class Pe:
    """One PE: FIFOs and spads as lists of words, and what it has yet to compute."""

    def __init__(self, spec: PassSpec, *, channel_set: int, filter_row: int, chain: int, starts: bool) -> None:
        self.spec = spec
        self.channel_set, self.filter_row = channel_set, filter_row
        self.filter_set, self.row = divmod(chain, spec.rows)
        self.starts = starts  # a bottom PE whose psums start from nothing
        self.ifmap_row = self.row * spec.Uy + filter_row
        self.window = [(tap, c) for tap in range(spec.S) for c in range(spec.set_channels[channel_set])]
        self.columns = deque((image, f) for image in range(spec.images) for f in range(spec.F))
        self.turns = self.new_turns()
        self.ifmap_fifo: deque[tuple[int, ...]] = deque()
        self.ifmap_spad: list[tuple[int, ...]] = []
        self.psum_fifo: deque[Psum] = deque()
        self.psum_spad: deque[Psum] = deque()

    def new_turns(self) -> deque[tuple[int, int]]:
        """List a column's MACs: every value of the window in turn, each for all filters."""
        filters = range(self.spec.set_filters[self.filter_set])
        return deque((place, which) for place in range(len(self.window)) for which in filters)

    def has_room(self) -> bool:
        """Return whether the next ifmap word finds a place, in the window or in the FIFO."""
        held = len(self.ifmap_spad) + len(self.ifmap_fifo)
        return held < len(self.window) + self.spec.ifmap_fifo

    def take(self, word: tuple[int, ...]) -> None:
        """Take an ifmap word in; it goes on into the spad as soon as the window has a place for it."""
        self.ifmap_fifo.append(word)
        self.fill_window()

    def fill_window(self) -> None:
        while self.ifmap_fifo and len(self.ifmap_spad) < len(self.window):
            self.ifmap_spad.append(self.ifmap_fifo.popleft())

    def step(self, cycle: int) -> int:
        """Issue one MAC if its word is there and, for a new psum, the spad has room; return 1 if so."""
        if not self.columns:
            return 0
        place, which = self.turns[0]
        opens = place == 0
        waits_for = len(self.window) if self.spec.whole_window and (place, which) == (0, 0) else place + 1
        if len(self.ifmap_spad) < waits_for or (opens and len(self.psum_spad) >= self.spec.psum_spad):
            return 0
        image, column = self.columns[0]
        tap, channel = self.window[place]
        due = (image, column * self.spec.Ux + tap, self.channel_set, channel, self.ifmap_row)
        assert self.ifmap_spad[place] == due, f"word {self.ifmap_spad[place]} where {due} is due"
        if opens:
            self.psum_spad.append(Psum((image, column, which)))
        psum = next(psum for psum in self.psum_spad if psum.name == (image, column, which))
        psum.products.add((self.channel_set, channel, self.filter_row, tap))
        psum.leaves_from = cycle + 1 + self.spec.extra_stages
        self.turns.popleft()
        if not self.turns:
            self.turns = self.new_turns()
            self.columns.popleft()
            self.slide()
        return 1

    def slide(self) -> None:
        """Drop the ifmap words that the next column does not use; a new image uses none."""
        more = bool(self.columns) and self.columns[0][1] != 0
        gone = min(self.spec.Ux, self.spec.S) if more else self.spec.S
        del self.ifmap_spad[: gone * self.spec.set_channels[self.channel_set]]
        self.fill_window()

    def can_send(self, cycle: int) -> bool:
        """Return whether the oldest psum has its last product and its part from below."""
        if not self.psum_spad or not (self.starts or self.psum_fifo):
            return False
        oldest = self.psum_spad[0]
        own = len(self.window)
        return len(oldest.products) == own and oldest.leaves_from <= cycle

    def send(self) -> Psum:
        """Add the part from below to the oldest psum and give it away."""
        psum = self.psum_spad.popleft()
        if not self.starts:
            below = self.psum_fifo.popleft()
            assert below.name == psum.name, f"{below.name} met {psum.name}"
            assert not below.products & psum.products, f"{psum.name} has a product twice"
            psum.products |= below.products
        return psum


class Array:
    """One pass, stepped: level 0 is the topmost PE of each chain, and every chain ends in an output port."""

    def __init__(self, spec: PassSpec) -> None:
        self.spec = spec
        self.levels = [(c, row) for c in range(len(spec.set_channels)) for row in range(spec.R)]
        self.chains = range(len(spec.set_filters) * spec.rows)
        bottom = len(self.levels) - 1
        self.pes = [
            [
                Pe(spec, channel_set=c, filter_row=i, chain=n, starts=level == bottom and not spec.reads_psums)
                for n in self.chains
            ]
            for level, (c, i) in enumerate(self.levels)
        ]
        self.ports: list[deque[Psum]] = [deque() for _ in self.chains]
        self.to_come = [spec.images * spec.F * spec.set_filters[n // spec.rows] for n in self.chains]
        self.in_glb = [deque(self.names(n)) if spec.reads_psums else deque() for n in self.chains]
        self.bank = self.lay_out()
        self.bus = deque(self.words())
        self.next_out = self.next_in = 0
        self.counts: Counter[str] = Counter()

    def names(self, chain: int) -> Iterator[tuple[int, int, int]]:
        """Go through a chain's psums in order."""
        for image in range(self.spec.images):
            for column in range(self.spec.F):
                for which in range(self.spec.set_filters[chain // self.spec.rows]):
                    yield image, column, which

    def lay_out(self) -> dict[tuple[int, tuple[int, int, int]], int]:
        """Hand every psum its bank: bus words of the GON lie in the banks by turns, a new word for every chain."""
        word, bank = -1, {}
        for chain in self.chains:
            for number, name in enumerate(self.names(chain)):
                word += number % self.spec.gon_rate == 0
                bank[chain, name] = word % self.spec.psum_banks
        return bank

    def words(self) -> Iterator[tuple[int, ...]]:
        """Go through the ifmap words as the GIN sends them: column, channel set, channel, row."""
        spec = self.spec
        for image in range(spec.images):
            for column in covered(spec.F, spec.S, spec.Ux):
                for channel_set, channels in enumerate(spec.set_channels):
                    for channel in range(channels):
                        for row in covered(spec.rows, spec.R, spec.Uy):
                            yield image, column, channel_set, channel, row

    def load_filters(self) -> int:
        """Send every set's filter rows one after another, each to all its PEs at once; give the cycles."""
        cycles = 0
        for filters in self.spec.set_filters:
            for channels in self.spec.set_channels:
                for _ in range(self.spec.R):
                    for reached in pieces(range(self.spec.rows), self.spec.row_columns or self.spec.rows):
                        cycles += self.send_filter_row(filters * channels * self.spec.S, len(reached))
        return cycles

    def send_filter_row(self, words: int, reached: int) -> int:
        """Send words to so many PEs at once; give the cycles."""
        cycles = 0
        while words > 0:
            cycles += 1
            for _ in range(min(words, self.spec.filter_rate)):
                words -= 1
                self.counts["GIN_FILTER_WORDS"] += 1
                self.counts["GIN_FILTER_DELIVERIES"] += reached
        return cycles

    def step(self, cycle: int) -> None:
        """Step one cycle: GON, LN from the top down, GIN psum, MACs, GIN ifmap."""
        written = self.step_gon()
        self.step_ln(cycle)
        self.step_gin_psum(written)
        for level in self.pes:
            for pe in level:
                if pe.step(cycle):
                    self.counts["MACS_ISSUED"] += 1
                    self.counts["LAST_MAC"] = cycle
        self.step_gin_ifmap()

    def step_gon(self) -> int | None:
        """Let the next port with a full word, or its chain's last one, send it; give the bank written."""
        for turn in self.chains:
            chain = (self.next_out + turn) % len(self.chains)
            port = self.ports[chain]
            if len(port) >= self.spec.gon_rate or 0 < len(port) == self.to_come[chain]:
                bank = self.bank[chain, port[0].name]
                for _ in range(min(len(port), self.spec.gon_rate)):
                    self.finish(port.popleft())
                    self.to_come[chain] -= 1
                self.next_out = (chain + 1) % len(self.chains)
                return bank
        return None

    def finish(self, psum: Psum) -> None:
        """Check that a psum leaves with all its products."""
        due = {
            (c, channel, i, tap)
            for c, channels in enumerate(self.spec.set_channels)
            for channel in range(channels)
            for i in range(self.spec.R)
            for tap in range(self.spec.S)
        }
        assert psum.products == due, f"{psum.name} leaves with {len(psum.products)} of {len(due)} products"
        self.counts["GON_WORDS"] += 1

    def step_ln(self, cycle: int) -> None:
        for level, pes in enumerate(self.pes):
            for chain, pe in enumerate(pes):
                above = self.pes[level - 1][chain].psum_fifo if level else self.ports[chain]
                for _ in range(self.spec.ln_rate):
                    if pe.can_send(cycle) and len(above) < self.spec.psum_fifo:
                        above.append(pe.send())
                        self.counts["LN_HOPS"] += level > 0

    def step_gin_psum(self, written: int | None) -> None:
        """Send a word of psums to the next bottom PE with room, unless its bank is being written."""
        for turn in self.chains:
            chain = (self.next_in + turn) % len(self.chains)
            waiting, fifo = self.in_glb[chain], self.pes[-1][chain].psum_fifo
            moved = min(self.spec.psum_rate, len(waiting))
            if moved == 0 or self.spec.psum_fifo - len(fifo) < moved:
                continue
            if self.spec.bank_ports == 1 and self.bank[chain, waiting[0]] == written:
                self.counts["BANK_CONFLICTS"] += 1
                return
            for _ in range(moved):
                fifo.append(Psum(waiting.popleft()))
                self.counts["GIN_PSUM_WORDS"] += 1
            self.next_in = (chain + 1) % len(self.chains)
            return

    def step_gin_ifmap(self) -> None:
        """Multicast ifmap words until the bus is full or some destination is."""
        for _ in range(self.spec.ifmap_rate):
            if not self.bus:
                return
            _, _, channel_set, _, row = self.bus[0]
            takers = [pe for pes in self.pes for pe in pes if (pe.channel_set, pe.ifmap_row) == (channel_set, row)]
            if not all(pe.has_room() for pe in takers):
                self.counts["IFMAP_STALLS"] += 1
                return
            word = self.bus.popleft()
            self.counts["GIN_IFMAP_WORDS"] += 1
            for pe in takers:
                pe.take(word)
                self.counts["GIN_IFMAP_DELIVERIES"] += 1


def step_pass_naively(spec: PassSpec) -> Counter[str]:
    """Step one pass with PE objects; give cycles, filter-load cycles and counts by the names of the kernel."""
    array = Array(spec)
    cycle = array.load_filters()
    array.counts["FILTER_CYCLES"] = cycle
    while sum(array.to_come) and cycle < spec.cycle_limit:
        cycle += 1
        array.step(cycle)
    array.counts["CYCLES"] = cycle
    array.counts["WORDS_LEFT"] = sum(array.to_come)
    return array.counts
