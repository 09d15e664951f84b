"""One pass, cycle by cycle, with a PE object for each PE and a name for each word."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from support.naive.loops import covered, pieces


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
