"""Files that a sweep starts from, and what becomes of them with other values at some paths."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from sim.chips.parts.description import MachineDocument
from sim.chips.registry import read_design
from sim.errors import InputError
from sim.files.edits import edited
from sim.files.schema import read_document
from sim.files.text import shown_path
from sim.files.tree import mark_of
from sim.files.yaml_source import read_tree
from sim.ledger.energy import CostTable
from sim.studies.sweeps.lru_cache import LruCache

_MOST_VARIANTS = 512

AnyModel = TypeVar("AnyModel", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Variants(Generic[AnyModel]):
    """Files of one kind by the name that they were asked for: as written in `data`, read and checked in `bases`.

    `what` names the kind in errors.
    """

    what: str
    data: Dict[str, Dict[str, Any]]
    bases: Dict[str, AnyModel]
    _made: LruCache[AnyModel | str] = field(default_factory=lambda: LruCache(_MOST_VARIANTS), repr=False, compare=False)

    def of(self, name: str, changes: Dict[str, Any]) -> AnyModel:
        """Return a file's model with values, as they would be written, at dotted paths; a group takes one for all
        inside.

        Equal choices give the very same object, as long as they are among the last few hundred. Raises InputError
        where the values don't go together.
        """
        if not changes:
            return self.bases[name]
        made = self._made.get((name, repr(changes)), partial(self._make, name, changes))
        if isinstance(made, str):
            raise InputError(made)
        return made

    def _make(self, name: str, changes: Dict[str, Any]) -> AnyModel | str:
        """Check what has changed, and the rules between the parts; give the line of what is wrong with it."""
        try:
            return edited(self.bases[name], self.data[name], changes, self.what)
        except InputError as error:
            return str(error)


def read_machines(files: Dict[str, Path]) -> Variants[MachineDocument]:
    """Read machines by name, each by the model of its chip; raise InputError with its place for anything wrong."""
    designs = {name: read_design(path) for name, path in files.items()}
    written = {name: design.written for name, design in designs.items()}
    return Variants("machine", written, {name: design.machine for name, design in designs.items()})


def read_cost_tables(files: Dict[str, Path]) -> Variants[CostTable]:
    """Read cost tables by name; raise InputError with its place for anything wrong."""
    data, bases = {}, {}
    for name, path in files.items():
        bases[name] = read_document(path, CostTable)
        tree = read_tree(path)
        if tree is None or not isinstance(tree.value, Dict):
            place = f"{shown_path(path)}:{mark_of(tree, ())}"
            raise InputError.located(place, wrong="no longer what it was", allowed="it changed while it was read")
        data[name] = dict(tree.value)
    return Variants("cost_table", data, bases)
