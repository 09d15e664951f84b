"""Files that a sweep starts from, and what becomes of them with other values at some paths."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from sim.errors import InputError
from sim.files.schema import read_document, validate_data
from sim.files.text import shown_path
from sim.files.tree import mark_of
from sim.files.yaml_source import read_tree
from sim.studies.sweeps.lru_cache import LruCache

_MOST_VARIANTS = 512

AnyModel = TypeVar("AnyModel", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Variants(Generic[AnyModel]):
    """Files of one kind by the name that they were asked for: as written in `data`, read and checked in `bases`.

    `what` names the kind in errors.
    """

    model: type[AnyModel]
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
        base, written = self.bases[name], self.data[name]
        data = {**written, **_parts(base)}
        for path, value in changes.items():
            _put(data, written, base, path.split("."), value)
        try:
            return self.model.model_validate(data)
        except ValidationError:
            try:
                return validate_data(data, self.model, self.what)  # which says it in one line
            except InputError as error:
                return str(error)


def read_variants(model: type[AnyModel], what: str, files: Dict[str, Path]) -> Variants[AnyModel]:
    """Read files by name; raise InputError with its place for anything wrong in one."""
    data, bases = {}, {}
    for name, path in files.items():
        bases[name] = read_document(path, model)
        tree = read_tree(path)
        if tree is None or not isinstance(tree.value, Dict):
            place = f"{shown_path(path)}:{mark_of(tree, ())}"
            raise InputError.located(place, wrong="no longer what it was", allowed="it changed while it was read")
        data[name] = dict(tree.value)
    return Variants(model, what, data, bases)


def _parts(model: BaseModel) -> dict[str, Any]:
    """Return the models inside a model: they need no check again."""
    return {name: part for name, part in model if isinstance(part, BaseModel)}


def _put(data: dict[str, Any], written: Dict[str, Any], base: BaseModel, steps: list[str], value: object) -> None:
    """Put a value at a path; models on the way become what was written, or what stands in for it where nothing was."""
    for step in steps[:-1]:
        base = getattr(base, step)
        written = written[step] if step in written else base.model_dump()
        if isinstance(data[step], BaseModel):
            data[step] = {**written, **_parts(base)}
        data = data[step]
    old = getattr(base, steps[-1])
    data[steps[-1]] = _spread(old.model_dump(), value) if isinstance(old, BaseModel) else value


def _spread(group: Dict[str, Any], value: object) -> dict[str, Any]:
    """Return a group with the value at all places inside."""
    return {name: _spread(inner, value) if isinstance(inner, Dict) else value for name, inner in group.items()}
