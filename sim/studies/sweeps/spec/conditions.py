"""Conditions of a sweep, such as `pe_array.rows * pe_array.columns <= 256`: read, checked for sense, worked out.

A condition is parsed as a Python expression, of which little is allowed, and never run as one: each part becomes a
small function. What a part is (a number, a text, true or false) is known before any value is.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from sim.errors import FieldFault, did_you_mean, quoted
from sim.units import Dimension, parse_quantity

_MOST_LEVELS = 40
_EXAMPLE = "write e.g. 'pe_array.rows * pe_array.columns <= 256'"
_ALLOWED = (
    "allowed: numbers, 'texts', names of parameters, + - * / // %, comparisons, and, or, not, min, max, ceil, floor"
)
_UNITS = "names are in base units (bits, Hz, V), and a quantity is a text, e.g. '200 MHz'"

Lookup: TypeAlias = Callable[[str], Any]
ValuesOf: TypeAlias = Callable[[str], Sequence[object]]

_ARITHMETIC: Dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_EQUALITY: Dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {ast.Eq: operator.eq, ast.NotEq: operator.ne}
_ORDER: Dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_OF_SEVERAL: Dict[str, Callable[..., Any]] = {"min": min, "max": max}
_OF_ONE: Dict[str, Callable[[Any], Any]] = {"ceil": math.ceil, "floor": math.floor}


class Kind(Enum):
    """What a part of a condition is."""

    NUMBER = "a number"
    TEXT = "a text"
    TRUTH = "true or false"


@dataclass(frozen=True, slots=True)
class _Part:
    """A part: what it is, how it is worked out, and, of a word from a fixed list, the list."""

    kind: Kind
    value: Callable[[Lookup], Any]
    words: tuple[str, ...] = ()
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, and the names in it."""

    text: str
    names: frozenset[str]
    _value: Callable[[Lookup], Any]

    def holds(self, lookup: Lookup) -> bool:
        """Work it out with the values of names; raise ArithmeticError or ValueError where arithmetic fails."""
        return bool(self._value(lookup))


def read_condition(text: str, values_of: ValuesOf) -> Condition:
    """Read a condition; `values_of` gives values that a name may have, or raises FieldFault for one that is unknown.

    Raises FieldFault for what is no condition, is not allowed in one, or makes no sense.
    """
    try:
        with warnings.catch_warnings(action="error"):
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, SyntaxWarning, DeprecationWarning, ValueError, RecursionError, MemoryError) as error:
        raise FieldFault(f"{quoted(text)} is no condition", _EXAMPLE) from error
    reader = _Reader(text.strip(), values_of)
    part = reader.part(tree.body, 1)
    if part.kind is not Kind.TRUTH:
        raise FieldFault(f"{quoted(text)} is {part.kind.value}, not true or false", _EXAMPLE)
    return Condition(text, frozenset(reader.names), part.value)


class _Reader:
    """A reader of syntax trees into parts."""

    def __init__(self, text: str, values_of: ValuesOf) -> None:
        self._text = text
        self._values_of = values_of
        self.names = set[str]()

    def part(self, node: ast.expr, level: int) -> _Part:
        if level > _MOST_LEVELS:
            raise FieldFault("the condition is nested too deeply", f"at most {_MOST_LEVELS} levels")
        match node:
            case ast.Constant(value=value):
                return self._literal(node, value)
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _applied(_ARITHMETIC[type(op)], self._numbers([left, right], level))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _applied(operator.neg, self._numbers([operand], level))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self._of_kind(operand, Kind.TRUTH, level).value
                return _Part(Kind.TRUTH, lambda lookup: not truth(lookup))
            case ast.BoolOp(op=op, values=nodes):
                return self._joined(op, nodes, level)
            case ast.Compare():
                return self._comparison(node, level)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(node, name, arguments, level)
        raise self._forbidden(node)

    def _literal(self, node: ast.expr, value: object) -> _Part:
        if isinstance(value, bool):
            return _Part(Kind.TRUTH, lambda lookup: value)
        if isinstance(value, int | float):
            return _Part(Kind.NUMBER, lambda lookup: value)
        if not isinstance(value, str):
            raise self._forbidden(node)
        quantity = _quantity(value)
        if quantity is not None:
            return _Part(Kind.NUMBER, lambda lookup: quantity)
        return _Part(Kind.TEXT, lambda lookup: value, literal=value)

    def _name(self, node: ast.expr) -> _Part:
        name = self._dotted(node)
        values = self._values_of(name)
        kinds = {_kind_of(value) for value in values}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is None:
            raise FieldFault(f"{quoted(name)} is no number and no text", "leave it out of the condition")
        self.names.add(name)
        first = values[0]
        words = tuple(str(one.value) for one in type(first)) if isinstance(first, Enum) else ()
        return _Part(kind, lambda lookup: lookup(name), words)

    def _dotted(self, node: ast.expr) -> str:
        steps: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            steps.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise self._forbidden(node)
        return ".".join([inner.id, *reversed(steps)])

    def _of_kind(self, node: ast.expr, kind: Kind, level: int) -> _Part:
        part = self.part(node, level + 1)
        if part.kind is not kind:
            raise FieldFault(f"{self._shown(node)} is {part.kind.value}", f"expected {kind.value}; {_UNITS}")
        return part

    def _numbers(self, nodes: Sequence[ast.expr], level: int) -> list[_Part]:
        return [self._of_kind(node, Kind.NUMBER, level) for node in nodes]

    def _joined(self, op: ast.boolop, nodes: Sequence[ast.expr], level: int) -> _Part:
        values = [self._of_kind(node, Kind.TRUTH, level).value for node in nodes]
        join = all if isinstance(op, ast.And) else any
        return _Part(Kind.TRUTH, lambda lookup: join(value(lookup) for value in values))

    def _call(self, node: ast.expr, name: str, arguments: Sequence[ast.expr], level: int) -> _Part:
        if name in _OF_ONE and len(arguments) == 1:
            return _applied(_OF_ONE[name], self._numbers(arguments, level))
        if name in _OF_SEVERAL and len(arguments) > 1:
            return _applied(_OF_SEVERAL[name], self._numbers(arguments, level))
        raise self._forbidden(node)

    def _comparison(self, node: ast.Compare, level: int) -> _Part:
        nodes = [node.left, *node.comparators]
        parts = [self.part(one, level + 1) for one in nodes]
        steps = []
        for index, op in enumerate(node.ops):
            steps.append((self._comparator(op, nodes[index : index + 2], parts[index : index + 2]), parts[index + 1]))
        first = parts[0].value

        def holds(lookup: Lookup) -> bool:
            left = first(lookup)
            for compare, part in steps:
                right = part.value(lookup)
                if not compare(left, right):
                    return False
                left = right
            return True

        return _Part(Kind.TRUTH, holds)

    def _comparator(
        self, op: ast.cmpop, nodes: Sequence[ast.expr], parts: Sequence[_Part]
    ) -> Callable[[Any, Any], Any]:
        left, right = parts
        if left.kind is not right.kind:
            wrong = f"{self._shown(nodes[0])} is {left.kind.value}, {self._shown(nodes[1])} is {right.kind.value}"
            raise FieldFault(wrong, _UNITS)
        for word, other, node in ((left, right, nodes[0]), (right, left, nodes[1])):
            if word.words and other.literal is not None and other.literal not in word.words:
                wrong = f"{self._shown(node)} is never {quoted(other.literal)}"
                raise FieldFault(wrong, did_you_mean(other.literal, word.words))
        if type(op) in _EQUALITY:
            return _EQUALITY[type(op)]
        if type(op) not in _ORDER:
            raise FieldFault(f"{quoted(self._text)} has a comparison of another kind", "allowed: < <= > >= == !=")
        if left.kind is not Kind.NUMBER:
            raise FieldFault(
                f"{self._shown(nodes[0])} is {left.kind.value}", "only numbers have an order; use == or !="
            )
        return _ORDER[type(op)]

    def _forbidden(self, node: ast.expr) -> FieldFault:
        return FieldFault(f"{self._shown(node)} can't stand in a condition", _ALLOWED)

    def _shown(self, node: ast.expr) -> str:
        return quoted(ast.get_source_segment(self._text, node) or self._text)


def _applied(function: Callable[..., Any], parts: Sequence[_Part]) -> _Part:
    values = [part.value for part in parts]
    return _Part(Kind.NUMBER, lambda lookup: function(*[value(lookup) for value in values]))


def _kind_of(value: object) -> Kind | None:
    if isinstance(value, bool):
        return Kind.TRUTH
    if isinstance(value, int | float):
        return Kind.NUMBER
    return Kind.TEXT if isinstance(value, str) else None


def _quantity(text: str) -> int | float | None:
    """Return a quantity's number in base units; nothing for other texts."""
    for dimension in Dimension:
        try:
            return parse_quantity(text, dimension)
        except FieldFault:
            continue
    return None
