"""Models of the files that people write, and reading them with errors that point to the place at fault.

Faults of form (syntax, duplicate keys, tags) come before faults of content; among these the first in the
document is reported, a missing key where its mapping ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from sim.errors import FieldFault, InputError, listed
from sim.files.faults import first_fault
from sim.files.keys import document_keys
from sim.files.text import shown_path
from sim.files.tree import Mark, Node, described, tree_of_data
from sim.files.yaml_source import read_tree

__all__ = ["Document", "FieldFault", "read_document", "validate_data"]


class _SchemaEditor:
    """An editor of one model's core schema, where strictness is too strict for YAML, or not strict enough."""

    def __init__(self, model: "type[Document]", handler: GetCoreSchemaHandler) -> None:
        self._model = model
        self._handler = handler
        self._seen: set[str] = set()

    def edit(self, schema: Any) -> None:
        if isinstance(schema, list | tuple):
            for part in schema:
                self.edit(part)
        if not isinstance(schema, dict) or self._is_done(schema):
            return
        kind = schema.get("type")
        if kind == "definition-ref":
            self._edit_definition(schema)
        if kind in ("tuple", "set", "frozenset", "enum"):
            schema["strict"] = False
        for key, part in schema.items():
            if key not in ("default", "metadata", "serialization"):
                self.edit(part)
        if kind in ("literal", "enum"):
            _demand_exact_choice(schema)

    def _is_done(self, schema: dict[str, Any]) -> bool:
        if schema.get("type") == "model":  # another Document edited its own schema
            return schema["cls"] is not self._model and issubclass(schema["cls"], Document)
        function = schema.get("function")
        return isinstance(function, dict) and isinstance(function.get("function"), _ExactChoice)

    def _edit_definition(self, reference: dict[str, Any]) -> None:
        name = reference["schema_ref"]
        if name in self._seen:
            return
        self._seen.add(name)
        try:
            definition = self._handler.resolve_ref_schema(reference)
        except LookupError:
            return  # a model that is still being built, which will edit its own schema
        self.edit(definition)


def _demand_exact_choice(schema: dict[str, Any]) -> None:
    """Wrap the schema of a Literal or an Enum, in place, so that yes and 1.0 do not pass for 1."""
    members = schema["expected"] if schema["type"] == "literal" else [one.value for one in schema["members"]]
    if all(isinstance(member, str) for member in members):
        return
    inner = {key: value for key, value in schema.items() if key != "ref"}
    reference = {"ref": schema["ref"]} if "ref" in schema else {}
    wrapped = core_schema.no_info_before_validator_function(_ExactChoice(tuple(members)), inner)
    schema.clear()
    schema.update(wrapped, **reference)


@dataclass(frozen=True)
class _ExactChoice:
    """A validator that refuses a value that equals a choice but is of another type."""

    choices: tuple[object, ...]

    def __call__(self, value: object) -> object:
        if isinstance(value, Enum) or type(value) in {type(choice) for choice in self.choices}:
            return value
        expected = ", ".join(repr(choice) for choice in self.choices)
        raise PydanticKnownError("literal_error", {"expected": expected})


class Document(BaseModel):
    """The base of every file model: frozen, no unknown keys, no conversion between types.

    Lists are accepted for tuples and sets, and values for enum members, since YAML has neither.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let lists stand for tuples and values for enum members, which strict types alone refuse."""
        schema = handler(source)
        _SchemaEditor(cls, handler).edit(schema)
        return schema


AnyModel = TypeVar("AnyModel", bound=BaseModel)


def read_document(path: Path | str, model: type[AnyModel]) -> AnyModel:
    """Read a YAML file into a model.

    Raises InputError: `file:line:column: path: what is wrong; what is allowed`.
    """
    return check_document(path, read_tree(path), model)


def check_document(path: Path | str, root: Node | None, model: type[AnyModel]) -> AnyModel:
    """Check the tree of a YAML file that was read already, in the way of `read_document`. Raises InputError."""
    place = shown_path(path)
    if root is None or root.value is None:
        mark = root.mark if root else Mark(1, 1)
        raise InputError.located(f"{place}:{mark}", wrong="the file is empty", allowed=_wanted(model))
    return _validate(root, model, lambda mark: f"{place}:{mark}")


def validate_data(data: object, model: type[AnyModel], place: str) -> AnyModel:
    """Check plain Python data, such as those of a command-line flag, in the way of a file.

    Raises InputError: `place: path: what is wrong; what is allowed`.
    """
    return _validate(tree_of_data(data, place), model, lambda mark: place)


def _validate(root: Node, model: type[AnyModel], place_of: Callable[[Mark], str]) -> AnyModel:
    if not isinstance(root.value, Mapping):
        raise InputError.located(place_of(root.mark), wrong=f"got {described(root)}", allowed=_wanted(model))
    try:
        return model.model_validate(root.value)
    except ValidationError as error:
        fault = first_fault(error, root, model)
        place = place_of(fault.mark)
        raise InputError.located(place, fault.path, wrong=fault.wrong, allowed=fault.allowed) from error


def _wanted(model: type[BaseModel]) -> str:
    return f"expected a mapping with the keys {listed(document_keys(model))}"
