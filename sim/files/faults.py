"""What pydantic found wrong with a document, in YAML's words and at its place.

Pydantic names a fault by type and location; the location also holds names of union branches, which are no
places in the document and are passed over here.
"""

import re
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.errors import FieldFault, PathStep, did_you_mean, listed, nearest, quoted
from sim.files.keys import allowed_keys
from sim.files.tree import Mark, Node, Steps, described
from sim.files.yaml_source import plain_value

_EXPECTED_TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "no value",
}
_RULES = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "finite_number": "a finite number",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
    "string_unicode": "text without half characters",
}
_QUOTES = "'\""
_COUNT_RULES = {"too_short": "at least {min_length}", "too_long": "at most {max_length}"}
_CHOICE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s,]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where."""

    path: Steps
    mark: Mark
    wrong: str
    allowed: str


@dataclass(frozen=True, slots=True)
class _Suspect:
    """One of many faults; `rank` puts them in document order.

    `wishes` are the types or values that were expected, where the fault is that it is none of them. Only the
    fault that is reported works out its `remedy`, from the wishes of all branches of a union.
    """

    path: Steps
    mark: Mark
    rank: tuple[Mark, int]
    wrong: str
    remedy: Callable[[Sequence[str]], str]
    wishes: Sequence[str] = ()


_RANK_CHOICE, _RANK_VALUE, _RANK_MISSING = range(3)


@dataclass(frozen=True, slots=True)
class _Spot:
    """What a location of pydantic's leads to; `key` marks the key that the node stands under."""

    path: Steps
    node: Node
    key: Mark | None

    @property
    def mark(self) -> Mark:
        """The place of the value, or to the key where it has none."""
        return self.key if self.key and self.node.value is None else self.node.mark

    def fault(self, wrong: str, allowed: str) -> _Suspect:
        return _Suspect(self.path, self.mark, (self.mark, _RANK_VALUE), wrong, lambda wishes: allowed)


def first_fault(error: ValidationError, root: Node, model: type[BaseModel]) -> Fault:
    """Pick the first fault in document order.

    A union's branch that got further than the others was the one that was meant: their wishes are left out.
    """
    faults = [details for details in error.errors(include_url=False) if not _miscounted(details, root)]
    candidates = [_candidate(details, root, model) for details in faults]
    further = {one.path[:steps] for one in candidates for steps in range(len(one.path))}
    further |= {one.path for one in candidates if not one.wishes}
    meant = [one for one in candidates if not one.wishes or one.path not in further]
    first = min(meant, key=lambda one: one.rank)
    wishes = dict.fromkeys(wish for one in meant if one.path == first.path for wish in one.wishes)
    return Fault(first.path, first.mark, first.wrong, first.remedy(list(wishes)))


def _miscounted(details: Any, root: Node) -> bool:
    """Return whether a list is called too short only because pydantic leaves invalid items out of its count."""
    if details["type"] != "too_short":
        return False
    value = _find(root, details["loc"]).node.value
    return isinstance(value, Sequence) and len(value) >= details["ctx"]["min_length"]


def _candidate(details: Any, root: Node, model: type[BaseModel]) -> _Suspect:
    """Translate one of pydantic's errors."""
    kind, location, context = details["type"], details["loc"], details.get("ctx", {})
    if kind == "missing":
        return _missing(_find(root, location[:-1]), location[-1])
    if kind == "union_tag_not_found":
        return _missing(_find(root, location), _tag_key(context))
    if kind == "extra_forbidden":
        return _unknown_key(_find(root, location[:-1]), location, model)
    if kind == "union_tag_invalid":
        return _wrong_choice(_find(root, (*location, _tag_key(context))), context["expected_tags"])
    place = _find(root, location)
    if kind in ("literal_error", "enum"):
        return _wrong_choice(place, context["expected"])
    if kind in _EXPECTED_TYPES:
        return _wrong_type(place, _EXPECTED_TYPES[kind])
    return _broken_rule(kind, place, context, message=details["msg"])


def _missing(place: _Spot, key: PathStep) -> _Suspect:
    wrong = "missing key" if isinstance(key, str) else "missing item"
    # That a key is missing is known where its mapping ends: a misspelt one further up explains it better.
    rank = (place.node.last, _RANK_MISSING)
    return _Suspect((*place.path, key), place.node.mark, rank, wrong, lambda wishes: "it is required")


def _unknown_key(place: _Spot, location: Sequence[PathStep], model: type[BaseModel]) -> _Suspect:
    key = str(location[-1])
    mark = place.node.keys.get(key, place.node.mark)

    def remedy(wishes: Sequence[str]) -> str:
        return did_you_mean(key, allowed_keys(model, location[:-1]))

    return _Suspect((*place.path, key), mark, (mark, _RANK_VALUE), "unknown key", remedy)


def _tag_key(context: dict[str, Any]) -> str:
    return str(context["discriminator"]).strip("'")


def _wrong_choice(place: _Spot, expected: str) -> _Suspect:
    """Translate a value that is none of the choices, which pydantic writes as `'a', 'b' or 3`."""
    words = [word for word in _CHOICE.findall(expected) if word != "or"]
    texts = [word[1:-1] for word in words if word[0] in _QUOTES]
    choices = [word[1:-1] if word[0] in _QUOTES else word for word in words]
    node = place.node
    if isinstance(node.value, bool) and node.text in texts:
        return place.fault(f"got {described(node)}", "put it in quotes")

    def remedy(wishes: Sequence[str]) -> str:
        near = nearest(node.value, texts) if isinstance(node.value, str) else None
        if near:
            return f"did you mean '{near}'?"
        return f"allowed: {listed(choices)}" if list(wishes) == choices else _wish(node, wishes)

    wrong = f"got {described(node)}"
    if isinstance(node.value, str) and texts:
        wrong = f"unknown value {quoted(node.value)}"
    return _Suspect(place.path, place.mark, (place.mark, _RANK_CHOICE), wrong, remedy, choices)


def _wrong_type(place: _Spot, expected: str) -> _Suspect:
    wrong = f"got {described(place.node)}"
    rank = (place.mark, _RANK_VALUE)
    return _Suspect(place.path, place.mark, rank, wrong, partial(_wish, place.node), [expected])


def _wish(node: Node, wishes: Sequence[str]) -> str:
    """State what was expected, and what to do with the quotes when it is these that are wrong."""
    *most, last = wishes
    wish = f"expected {listed(most)} or {last}" if most else f"expected {last}"
    if node.text is not None and isinstance(node.value, bool | int | float) and last == "text":
        return f"{wish}, so put it in quotes"
    return f"{wish}, without quotes" if node.quoted and last in _types_unquoted(node.text or "") else wish


def _types_unquoted(text: str) -> tuple[str, ...]:
    """Name what a text would be if it stood without quotes."""
    try:
        value = plain_value(text)
    except FieldFault:
        return ()
    types = {bool: ("true or false",), int: ("a whole number", "a number"), float: ("a number",)}
    return types.get(type(value), ())


def _broken_rule(kind: str, place: _Spot, context: dict[str, Any], *, message: str) -> _Suspect:
    """Translate what is wrong with a value of the right type."""
    cause = context.get("error")
    if isinstance(cause, FieldFault):
        return _below(place, cause.at).fault(cause.wrong, cause.allowed)
    if cause is not None:
        return place.fault(str(cause), "")
    value = place.node.value
    if kind in _COUNT_RULES and isinstance(value, Sized):
        return place.fault(f"got {len(value)} items", f"expected {_COUNT_RULES[kind].format(**context)}")
    shown = quoted(value) if isinstance(value, str) else described(place.node)
    if kind in _RULES:
        return place.fault(f"got {shown}", f"expected {_RULES[kind].format(**context)}")
    return place.fault(f"got {shown}", message[:1].lower() + message[1:])


def _find(root: Node, location: Iterable[PathStep]) -> _Spot:
    """Follow a location as far as the document goes, passing over what is not in the document."""
    place = _Spot((), root, None)
    for step in location:
        if step == "[key]" and place.key:
            return _Spot(place.path, Node(value=place.path[-1], mark=place.key, last=place.key), place.key)
        if step in place.node.children:
            place = _below(place, (step,))
    return place


def _below(place: _Spot, steps: Steps) -> _Spot:
    """Follow steps that a validator gave; the path keeps those that the document lacks."""
    for step in steps:
        node = place.node
        child = node.children.get(step)
        key = node.keys.get(step) if child else place.key
        place = _Spot((*place.path, step), child or node, key)
    return place
