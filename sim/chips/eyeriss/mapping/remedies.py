"""What would have to change where nothing is legal: for each rule the smallest value of a machine's parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.legality import Case, bank_counts, filter_words_of_a_pass, tag_counts, violations


@dataclass(frozen=True, slots=True)
class Change:
    """A parameter of the machine, as a path, and the value that it would need."""

    path: tuple[str, ...]
    value: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.value}"


def changes_for(case: Case) -> tuple[Change, ...]:
    """Return the smallest changes of the machine that would make a mapping legal; empty where it is, or none would do.

    A change may bring another rule up (more array rows need more row tags): rules are checked again after each round,
    and of one parameter the last value counts.
    """
    needed: dict[tuple[str, ...], Change] = {}
    found = _round_of_changes(case)
    while any(needed.get(change.path) != change for change in found):
        needed |= {change.path: change for change in found}
        case = replace(case, machine=apply(case.machine, found))
        found = _round_of_changes(case)
    return tuple(needed.values())


def _round_of_changes(case: Case) -> tuple[Change, ...]:
    return tuple(change for violation in violations(case) for change in _REMEDIES.get(violation.rule, _none)(case))


def _none(case: Case) -> tuple[Change, ...]:
    return ()


def apply(machine: Machine, changes: tuple[Change, ...]) -> Machine:
    """Return the machine with the changes made."""
    for change in changes:
        machine = _replaced(machine, change.path, change.value)
    return machine


def _replaced(part: Any, path: tuple[str, ...], value: Any) -> Any:
    head, *rest = path
    inner = _replaced(getattr(part, head), tuple(rest), value) if rest else value
    return part.model_copy(update={head: inner})


def _limits(case: Case) -> tuple[Change, ...]:
    shape, limits = case.folded.shape, case.machine.limits
    needs = {
        "filter_height": shape.R,
        "filter_width": shape.S,
        "channels": shape.C,
        "horizontal_stride": shape.Ux,
    }
    changes = [Change(("limits", name), need) for name, need in needs.items() if need > getattr(limits, name)]
    if shape.Uy not in limits.vertical_strides:
        changes.append(Change(("limits", "vertical_strides"), tuple(sorted({*limits.vertical_strides, shape.Uy}))))
    return tuple(changes)


def _words(words: int, width: int, memory_width: int) -> int:
    """Return the memory words that `words` of `width` bits take."""
    return -(-words * width // memory_width)


def _filter_spad(case: Case) -> tuple[Change, ...]:
    words = case.mapping.p * case.mapping.q * case.folded.shape.S
    spad = case.machine.pe.filter_spad
    return (Change(("pe", "filter_spad", "words"), _words(words, case.bits.filter, spad.width)),)


def _ifmap_spad(case: Case) -> tuple[Change, ...]:
    words = case.mapping.q * case.folded.shape.S
    spad = case.machine.pe.ifmap_spad
    return (Change(("pe", "ifmap_spad", "words"), _words(words, case.bits.ifmap, spad.width)),)


def _zero_buffer(case: Case) -> tuple[Change, ...]:
    return (Change(("pe", "zero_buffer"), case.mapping.q * case.folded.shape.S),)


def _psum_spad(case: Case) -> tuple[Change, ...]:
    spad = case.machine.pe.psum_spad
    return (Change(("pe", "psum_spad", "words"), _words(case.mapping.p, case.bits.psum, spad.width)),)


def _psum_fifo(case: Case) -> tuple[Change, ...]:
    noc, fifo = case.machine.noc, case.machine.pe.psum_fifo
    words = max(noc.gin_psum, noc.gon, noc.ln) // case.bits.psum
    return (Change(("pe", "psum_fifo", "words"), _words(words, case.bits.psum, fifo.width)),)


def _bus_widths(case: Case) -> tuple[Change, ...]:
    noc, bits = case.machine.noc, case.bits
    words = {
        "gin_filter": bits.filter,
        "gin_ifmap": bits.ifmap,
        "gin_psum": bits.psum,
        "gon": bits.psum,
        "ln": bits.psum,
    }
    return tuple(Change(("noc", bus), word) for bus, word in words.items() if word > getattr(noc, bus))


def _operands(case: Case) -> tuple[Change, ...]:
    arithmetic, bits = case.machine.arithmetic, case.bits
    needs = {"operand": max(bits.ifmap, bits.filter), "psum": bits.psum}
    return tuple(Change(("arithmetic", name), need) for name, need in needs.items() if need > getattr(arithmetic, name))


def _rows(case: Case) -> tuple[Change, ...]:
    return (Change(("pe_array", "rows"), case.placement.rows_used),)


def _tags(case: Case) -> tuple[Change, ...]:
    """Return ID widths of which all ones is left for unused: k tags take as many bits as the number k has."""
    noc = case.machine.noc
    rows, columns = tag_counts(case)
    needs = {"row_id": rows.bit_length(), "col_id": columns.bit_length()}
    return tuple(Change(("noc", name), need) for name, need in needs.items() if need > getattr(noc, name))


def _fmap_banks(case: Case) -> tuple[Change, ...]:
    return (Change(("glb", "fmap_banks"), sum(bank_counts(case))),)


def _filter_banks(case: Case) -> tuple[Change, ...]:
    words, glb = filter_words_of_a_pass(case), case.machine.glb
    return (Change(("glb", "filter_banks"), -(-words * case.bits.filter // glb.bank_bits)),)


_REMEDIES: dict[str, Callable[[Case], tuple[Change, ...]]] = {
    "native_limits": _limits,
    "operand_widths": _operands,
    "filter_spad": _filter_spad,
    "ifmap_spad": _ifmap_spad,
    "zero_buffer": _zero_buffer,
    "psum_spad": _psum_spad,
    "psum_fifo": _psum_fifo,
    "bus_widths": _bus_widths,
    "array_geometry": _rows,
    "multicast_tags": _tags,
    "glb_fmap_banks": _fmap_banks,
    "glb_filter_banks": _filter_banks,
    "code_levels": lambda case: (Change(("rlc", "enabled"), False),),
}
