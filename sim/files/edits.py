"""Values put at dotted paths of a file's content, checked as if they had been written there."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sim.errors import FieldFault, did_you_mean, listed, quoted
from sim.files.schema import validate_data

AnyModel = TypeVar("AnyModel", bound=BaseModel)


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return a model's fields by the keys that its file has."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def inner_model(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a group of parameters, also of one that may be left out; None for a single parameter."""
    kind: Any = field.annotation
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)


def field_at(path: str, fields: Mapping[str, FieldInfo], groups: tuple[type[BaseModel], ...] = ()) -> FieldInfo:
    """Find the field that a path leads to; raise FieldFault where it leads nowhere, or to a group of parameters.

    A path may end at a group that is one of `groups`: the group's own field is the answer then.
    """
    steps = path.split(".")
    for depth, step in enumerate(steps):
        if step not in fields:
            raise FieldFault(f"unknown parameter {quoted(step)}", did_you_mean(step, fields))
        field, inner = fields[step], inner_model(fields[step])
        if inner is None:
            if depth < len(steps) - 1:
                raise FieldFault(f"{quoted(step)} has no parameters inside", f"end the path with {quoted(step)}")
            return field
        if depth == len(steps) - 1 and issubclass(inner, groups):
            return field
        fields = fields_of(inner)
    raise FieldFault(f"{quoted(path)} is a group of parameters", f"add one of them: {listed(fields)}")


def edited(base: AnyModel, written: Mapping[str, Any], changes: Mapping[str, Any], place: str) -> AnyModel:
    """Return a file's model with values, as they would be written, at dotted paths; a group takes one for all inside.

    `written` is what the file says, `base` what that means. Raises InputError, at `place`, where the values are of a
    wrong type or don't go together.
    """
    model = type(base)
    data = {**written, **_parts(base)}
    for path, value in changes.items():
        _put(data, written, base, path.split("."), value)
    try:
        return model.model_validate(data)
    except ValidationError:
        return validate_data(data, model, place)  # which says it in one line


def _parts(model: BaseModel) -> dict[str, Any]:
    """Return the models inside a model: they need no check again."""
    return {name: part for name, part in model if isinstance(part, BaseModel)}


def _put(data: dict[str, Any], written: Mapping[str, Any], base: BaseModel, steps: list[str], value: object) -> None:
    """Put a value at a path; models on the way become what was written, or what stands in for it where nothing was."""
    for step in steps[:-1]:
        base = getattr(base, step)
        written = written[step] if step in written else base.model_dump()
        if isinstance(data[step], BaseModel):
            data[step] = {**written, **_parts(base)}
        data = data[step]
    old = getattr(base, steps[-1])
    data[steps[-1]] = _spread(old.model_dump(), value) if isinstance(old, BaseModel) else value


def _spread(group: Mapping[str, Any], value: object) -> dict[str, Any]:
    """Return a group with the value at all places inside."""
    return {name: _spread(inner, value) if isinstance(inner, Mapping) else value for name, inner in group.items()}
