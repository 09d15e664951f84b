"""What makes a mapping legal: one function a rule. A rule gives None, or what is wrong and what would be allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.placement import Placement, place
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import Gating
from sim.networks.layer import BitWidths


@dataclass(frozen=True, slots=True)
class Case:
    """All that legality depends on: a folded layer, its batch and word widths, the mapping, the machine."""

    folded: Folded
    batch: int
    bits: BitWidths
    mapping: Mapping
    machine: Machine

    @property
    def placement(self) -> Placement:
        """Where the mapping's PE sets lie."""
        return place(self.folded.shape.R, self.mapping, self.machine.pe_array)


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule, with what is wrong and what would be allowed."""

    rule: str
    wrong: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.wrong}; {self.allowed}"


Verdict = tuple[str, str] | None
Rule = Callable[[Case], Verdict]


def loop_bounds(case: Case) -> Verdict:
    """No parameter may exceed the loop that it cuts, nor leave a PE set without work."""
    shape, mapping = case.folded.shape, case.mapping
    limits = {
        "m": case.folded.filters_per_run,
        "n": case.batch,
        "e": shape.E,
        "p": mapping.m,
        "q": shape.C,
        "r": -(-shape.C // mapping.q),
        "t": -(-mapping.m // mapping.p),
    }
    for name, most in limits.items():
        value = getattr(mapping, name)
        if not 1 <= value <= most:
            return f"{name}={value}", f"1 to {most} here"
    return None


def native_limits(case: Case) -> Verdict:
    """The controller's counters must hold the (folded) layer."""
    shape, limits = case.folded.shape, case.machine.limits
    for name, value, most in (
        ("R", shape.R, limits.filter_height),
        ("S", shape.S, limits.filter_width),
        ("C", shape.C, limits.channels),
        ("horizontal stride", shape.Ux, limits.horizontal_stride),
    ):
        if value > most:
            return f"{name}={value}", f"at most {most} on this machine"
    if shape.Uy not in limits.vertical_strides:
        strides = ", ".join(map(str, limits.vertical_strides))
        return f"vertical stride {shape.Uy}", f"one of {strides} on this machine"
    return None


def operand_widths(case: Case) -> Verdict:
    """The datapath takes words no wider than its own."""
    arithmetic, bits = case.machine.arithmetic, case.bits
    for name, word, most in (
        ("ifmap", bits.ifmap, arithmetic.operand),
        ("filter", bits.filter, arithmetic.operand),
        ("psum", bits.psum, arithmetic.psum),
    ):
        if word > most:
            return f"{name} words of {word} bits", f"at most {most} on this machine"
    return None


def filter_spad(case: Case) -> Verdict:
    """A PE holds p q rows of S weights."""
    words = case.mapping.p * case.mapping.q * case.folded.shape.S
    most = case.machine.pe.filter_spad.capacity(case.bits.filter)
    return None if words <= most else (f"p q S = {words} words", f"at most {most}")


def ifmap_spad(case: Case) -> Verdict:
    """A PE holds a window of S values of q channels."""
    words = case.mapping.q * case.folded.shape.S
    most = case.machine.pe.ifmap_spad.capacity(case.bits.ifmap)
    return None if words <= most else (f"q S = {words} words", f"at most {most}")


def zero_buffer(case: Case) -> Verdict:
    """Gating needs a flag for each word of the window."""
    words = case.mapping.q * case.folded.shape.S
    flags = case.machine.pe.zero_buffer
    if case.machine.pe.gating == Gating.OFF or words <= flags:
        return None
    return f"q S = {words} words", f"at most the zero buffer's {flags} flags while gating is on"


def psum_spad(case: Case) -> Verdict:
    """A PE accumulates p psums at a time."""
    most = case.machine.pe.psum_spad.capacity(case.bits.psum)
    return None if case.mapping.p <= most else (f"p = {case.mapping.p} words", f"at most {most}")


def psum_fifo(case: Case) -> Verdict:
    """A psum FIFO must hold one word of the widest psum bus."""
    noc = case.machine.noc
    words = max(noc.gin_psum, noc.gon, noc.ln) // case.bits.psum
    depth = case.machine.pe.psum_fifo.capacity(case.bits.psum)
    return None if words <= depth else (f"a bus word of {words} psums", f"at most the FIFO's {depth}")


def bus_widths(case: Case) -> Verdict:
    """A bus moves at least one word a cycle."""
    noc, bits = case.machine.noc, case.bits
    for name, bus, word in (
        ("gin_filter", noc.gin_filter, bits.filter),
        ("gin_ifmap", noc.gin_ifmap, bits.ifmap),
        ("gin_psum", noc.gin_psum, bits.psum),
        ("gon", noc.gon, bits.psum),
        ("ln", noc.ln, bits.psum),
    ):
        if word > bus:
            return f"a word of {word} bits on the {bus}-bit {name} bus", f"at most {bus} bits"
    return None


def array_geometry(case: Case) -> Verdict:
    """The r t PE sets, folded where wider than the array, must find rows enough."""
    placement = case.placement
    if placement.fits:
        return None
    return (
        f"{case.mapping.r * case.mapping.t} PE sets of {placement.filter_height} x {placement.width}"
        f" need {placement.rows_used} rows",
        f"at most {case.machine.pe_array.rows}",
    )


def tag_counts(case: Case) -> tuple[int, int]:
    """Count the row tags and the column tags that ifmaps or filters need; rows that the array lacks need none."""
    shape, mapping, placement = case.folded.shape, case.mapping, case.placement
    own_tags = placement.segments if case.machine.filter_reach is not None else 1
    stacked = placement.rows_used // placement.segments * own_tags if placement.fits else 0
    rows = max(mapping.r * min(shape.Uy, shape.R), stacked)
    return rows, max(mapping.e + (shape.R - 1) // shape.Uy, min(mapping.t, placement.sets_across))


def multicast_tags(case: Case) -> Verdict:
    """Row and column tags of ifmaps and of filters must fit their ID bits; all ones means unused."""
    noc, (row_tags, col_tags) = case.machine.noc, tag_counts(case)
    if row_tags > (1 << noc.row_id) - 1:
        return f"{row_tags} row tags", f"at most {(1 << noc.row_id) - 1} in {noc.row_id} bits"
    if col_tags > (1 << noc.col_id) - 1:
        return f"{col_tags} column tags", f"at most {(1 << noc.col_id) - 1} in {noc.col_id} bits"
    return None


def code_levels(case: Case) -> Verdict:
    """A level of the run-length code holds a whole fmap word."""
    code, bits = case.machine.rlc, case.bits
    widest = max(bits.ifmap, bits.ofmap)
    if not code.enabled or widest <= code.level:
        return None
    return f"fmap words of {widest} bits", f"at most the code's level of {code.level}"


def ifmap_tile_words(case: Case) -> int:
    """Count the ifmap words of a full tile: n q r strips of (e - 1) U + R rows."""
    shape, mapping = case.folded.shape, case.mapping
    rows = (mapping.e - 1) * shape.Uy + shape.R
    return mapping.n * min(mapping.channels_per_pass, shape.C) * rows * shape.W


def psum_tile_words(case: Case) -> int:
    """Count the psums of a full tile: n m e F."""
    mapping = case.mapping
    return mapping.n * mapping.m * mapping.e * case.folded.shape.F


def bank_counts(case: Case) -> tuple[int, int]:
    """Return the GLB banks that the ifmap tile and the psum tile take; twice as many when fmap traffic overlaps."""
    copies = 2 if case.machine.overlap.fmaps else 1
    bank = case.machine.glb.bank_bits
    ifmap = -(-copies * ifmap_tile_words(case) * case.bits.ifmap // bank)
    psum = -(-copies * psum_tile_words(case) * case.bits.psum // bank)
    return ifmap, psum


def glb_fmap_banks(case: Case) -> Verdict:
    """Each fmap bank holds ifmaps or psums, never both."""
    ifmap, psum = bank_counts(case)
    most = case.machine.glb.fmap_banks
    if ifmap + psum <= most:
        return None
    return f"{ifmap} ifmap and {psum} psum banks", f"at most {most} together"


def filter_words_of_a_pass(case: Case) -> int:
    """Count the filter words of a full pass."""
    shape, mapping = case.folded.shape, case.mapping
    filters = min(mapping.filters_per_pass, mapping.m)
    return filters * min(mapping.channels_per_pass, shape.C) * shape.R * shape.S


def glb_filter_banks(case: Case) -> Verdict:
    """The filters of one pass are preloaded whole."""
    words, glb = filter_words_of_a_pass(case), case.machine.glb
    most = glb.filter_banks * glb.bank_bits // case.bits.filter
    return None if words <= most else (f"{words} filter words a pass", f"at most {most}")


RULES: tuple[Rule, ...] = (
    loop_bounds,
    native_limits,
    operand_widths,
    filter_spad,
    ifmap_spad,
    zero_buffer,
    psum_spad,
    psum_fifo,
    bus_widths,
    code_levels,
    array_geometry,
    multicast_tags,
    glb_fmap_banks,
    glb_filter_banks,
)


# What no mapping can change: only the machine, the layer or its word widths can.
MAPPING_FREE_RULES: tuple[Rule, ...] = (native_limits, operand_widths, psum_fifo, bus_widths, code_levels)


def violations(case: Case) -> tuple[Violation, ...]:
    """Check every rule; an empty answer means that the mapping is legal."""
    found = []
    for rule in RULES:
        verdict = rule(case)
        if verdict is not None:
            found.append(Violation(rule.__name__, *verdict))
            if rule is loop_bounds:
                break
    return tuple(found)
