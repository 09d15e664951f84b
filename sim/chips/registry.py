"""Chips by the name that a machine's file has under `chip:`; without one it is Eyeriss.

Other packages may add chips of their own: an entry point of the group `sim.chips` whose object is a Chip's class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sim.chips.contract import AnyChip
from sim.chips.parts.description import MachineDocument
from sim.errors import InputError, did_you_mean, listed, printable, quoted
from sim.files.edits import edited
from sim.files.schema import check_document, validate_data
from sim.files.text import shown_path
from sim.files.tree import mark_of
from sim.files.yaml_source import read_tree

DEFAULT = "eyeriss"
_GROUP = "sim.chips"


def _eyeriss() -> AnyChip:
    from sim.chips.eyeriss.eyeriss import Eyeriss

    return Eyeriss()


_SHIPPED: Mapping[str, Callable[[], AnyChip]] = MappingProxyType({"eyeriss": _eyeriss})


def kinds() -> list[str]:
    """Name every chip that there is, those of other packages last."""
    return [*_SHIPPED, *sorted(entry.name for entry in entry_points(group=_GROUP) if entry.name not in _SHIPPED)]


def chip_of(kind: str) -> AnyChip | None:
    """Return a chip by its name; None where there is none. Raises InputError for a package that doesn't load."""
    if kind in _SHIPPED:
        return _SHIPPED[kind]()
    try:
        return _loaded(kind)
    except LookupError:
        return None


@cache
def _loaded(kind: str) -> AnyChip:
    """Make the chip of another package, once: every point of a sweep asks for it, and looking for packages is slow.

    Raises LookupError where no package has it, which is looked for anew the next time.
    """
    entry = next(iter(entry_points(group=_GROUP, name=kind)), None)
    if entry is None:
        raise LookupError(kind)
    try:
        chip: AnyChip = entry.load()()
    except Exception as error:  # whatever its code may raise
        reason = printable(f"{type(error).__name__}: {error}".splitlines()[0])
        wrong = f"the chip of another package, {entry.value}, doesn't load: {reason}"
        raise InputError.located("chip", [kind], wrong=wrong, allowed="mend or remove that package") from error
    return chip


def chip_for(machine: MachineDocument) -> AnyChip:
    """Return the chip of a machine that was read; raise InputError where it has gone since."""
    chip = chip_of(machine.chip)
    if chip is None:
        raise _no_chip(machine.chip, machine.name)
    return chip


@dataclass(frozen=True, slots=True)
class Design:
    """A machine as its file has it: its chip, what is `written`, and what that means."""

    chip: AnyChip
    written: Mapping[str, Any]
    machine: MachineDocument

    def with_changes(self, changes: Mapping[str, Any], place: str) -> Design:
        """Return the design with values at dotted paths, the chip's own extra ones too; raise InputError at `place`."""
        if not changes:
            return self
        chip = self.chip

        def machine_with(others: Mapping[str, Any]) -> MachineDocument:
            return edited(self.machine, self.written, others, place) if others else self.machine

        return Design(chip, self.written, machine_with(chip.resolve(changes, machine_with)))


def read_design(path: Path | str) -> Design:
    """Read a machine's file; raise InputError with its place for anything wrong."""
    tree = read_tree(path)
    written = tree.value if tree is not None and isinstance(tree.value, Mapping) else {}
    kind = written.get("chip", DEFAULT)
    chip = chip_of(kind) if isinstance(kind, str) else None
    if chip is None and tree is not None:
        raise _no_chip(kind, f"{shown_path(path)}:{mark_of(tree, ('chip',))}")
    known = chip or _eyeriss()  # an empty file is refused by what it should have been
    return Design(known, dict(written), check_document(path, tree, known.machine_type))


def design_of(data: Mapping[str, Any], place: str) -> Design:
    """Make a design of plain data; raise InputError, at `place`, for anything wrong."""
    kind = data.get("chip", DEFAULT)
    chip = chip_of(kind) if isinstance(kind, str) else None
    if chip is None:
        raise _no_chip(kind, place)
    return Design(chip, dict(data), validate_data(data, chip.machine_type, place))


def design_around(machine: MachineDocument) -> Design:
    """Make a design of a machine that is there already."""
    return Design(chip_for(machine), machine.model_dump(mode="json", by_alias=True), machine)


def _no_chip(kind: object, place: str) -> InputError:
    """State that a chip isn't there, or that what names it is no text."""
    if not isinstance(kind, str):
        wrong, allowed = "not a chip's name", f"allowed: {listed(kinds())}"
    else:
        wrong, allowed = f"no chip {quoted(kind)}", did_you_mean(kind, kinds())
    return InputError.located(place, ["chip"], wrong=wrong, allowed=allowed)
