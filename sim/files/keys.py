"""Which keys a model's mapping may hold, found by following a location through the models' annotations."""

from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from sim.errors import PathStep


def document_keys(model: type[BaseModel]) -> list[str]:
    """List the keys that a model's mapping may hold, as they are written in files."""
    return [str(key) for key in _annotations(model)]


def _annotations(model: type[BaseModel]) -> dict[PathStep, Any]:
    fields = model.model_fields.items()
    return {field.alias or name: field.annotation for name, field in fields}


def allowed_keys(model: type[BaseModel], location: Sequence[PathStep]) -> list[str]:
    """List the keys of the model, or of all models of a union, that a location leads to."""
    types: list[Any] = [model]
    for step in location:
        types = _types_below(types, step)
    return list(dict.fromkeys(key for one in types if _is_model(one) for key in document_keys(one)))


def _types_below(types: Sequence[Any], step: PathStep) -> list[Any]:
    below: list[Any] = []
    for one in types:
        if _is_model(one):
            fields = _annotations(one)
            below += _members(fields[step]) if step in fields else []
        elif isinstance(step, int) or get_origin(one) is dict:
            below += [member for argument in get_args(one) for member in _members(argument)]
    if below:
        return below
    # Not a key, so the name of a union's branch: its class, or the value of its discriminator.
    named = [one for one in types if _is_model(one) and (one.__name__ == step or step in _tags(one))]
    return named or list(types)


def _members(annotation: Any) -> list[Any]:
    """Take apart Annotated and unions, also nested ones."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [member for argument in get_args(annotation) for member in _members(argument)]
    return [annotation]


def _is_model(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, BaseModel)


def _tags(model: type[BaseModel]) -> set[Any]:
    literals = [one for one in _annotations(model).values() if get_origin(one) is Literal]
    return {tag for literal in literals for tag in get_args(literal)}
