"""Axes: what a sweep varies. Every value is checked as a file's would be, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic.fields import FieldInfo

from sim.chips.contract import AnyChip
from sim.errors import FieldFault, InputError, quoted
from sim.files.tree import Mark, Node, Steps, described
from sim.runs.parameters import checked_values, field_of, in_full
from sim.units import Dimension

MOST_VALUES = 10_000
_EXAMPLE = "write e.g. [12, 25, 50], 8..16:2 or '[100, 200] MHz'"
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,12})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::({_NUMBER}))?(?:\s+([^\W\d_]+))?")
_LIST_WITH_UNIT = re.compile(rf"\[\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*\]\s*([^\W\d_]+)")
_UNIT = re.compile(r".*[\d.\s]([^\W\d_]+)\s*")


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: a dotted path, its values as they were written, and in base units; `column` names these."""

    path: str
    written: tuple[object, ...]
    values: tuple[object, ...]
    column: str

    @property
    def distinct(self) -> dict[object, object]:
        """Each value once, with how it was written first; axes that move together may repeat theirs."""
        found: dict[object, object] = {}
        for value, written in zip(self.values, self.written, strict=True):
            found.setdefault(value, written)
        return found


@dataclass(frozen=True, slots=True)
class Site:
    """Where an axis is written: its node, the path to it, and how a place in its text is shown."""

    node: Node
    steps: Steps
    place_of: Callable[[Mark], str]

    def error(self, wrong: str, allowed: str, *, item: int | None = None) -> InputError:
        """Make the line for a fault of the axis, or of one item of its list."""
        inside = item is not None and item in self.node.children
        mark = self.node.children[item].mark if item is not None and inside else self.node.mark
        steps = (*self.steps, item) if item is not None and inside else self.steps
        return InputError.located(self.place_of(mark), steps, wrong=wrong, allowed=allowed)


def read_axis(path: str, site: Site, chips: Sequence[AnyChip]) -> Axis:
    """Read a path, known to some of the chips, and its values; raise InputError for what is unknown or wrong."""
    axis = read_paired_axis(path, site, chips)
    check_repeats(axis.values, axis.written, site)
    return axis


def check_repeats(values: Sequence[object], written: Sequence[object], site: Site) -> None:
    """See that no value of an axis stands twice, nor any set of values of axes that move together."""
    seen = set[object]()
    for index, value in enumerate(values):
        if value in seen:
            raise site.error(f"{quoted(str(written[index]))} stands twice", "every value once", item=index)
        seen.add(value)


def read_paired_axis(path: str, site: Site, chips: Sequence[AnyChip]) -> Axis:
    """Read an axis that moves together with others: a value may stand there more than once."""
    path = in_full(path, chips)
    field = _field_of(path, site, chips)
    written = _written_values(site)
    values = _checked(written, field, site)
    return Axis(path, written, values, path + _unit_suffix(written, values))


def _field_of(path: str, site: Site, chips: Sequence[AnyChip]) -> FieldInfo:
    try:
        return field_of(path, chips)
    except FieldFault as fault:
        raise site.error(fault.wrong, fault.allowed) from fault


def _written_values(site: Site) -> tuple[object, ...]:
    """Expand a list, a range or a single value."""
    node = site.node
    if node.value is None or isinstance(node.value, dict):
        raise site.error(f"got {described(node)}", _EXAMPLE)
    found: Sequence[object] = node.value if isinstance(node.value, list | tuple) else [node.value]
    if isinstance(node.value, str):
        found = _expanded(node.value.strip(), site)
    if not 1 <= len(found) <= MOST_VALUES:
        raise site.error(f"{len(found)} values", f"from 1 to {MOST_VALUES}")
    return tuple(found)


def _expanded(text: str, site: Site) -> Sequence[object]:
    bracket = _LIST_WITH_UNIT.fullmatch(text)
    if bracket:
        return [f"{number.strip()} {bracket[2]}" for number in bracket[1].split(",")]
    match = _RANGE.fullmatch(text)
    if match is None:
        return [text]
    low, high, step = Decimal(match[1]), Decimal(match[2]), Decimal(match[3] or 1)
    if low > high or not step:
        raise site.error(f"the range {quoted(text)} is empty", "from the smaller value to the larger, step above 0")
    count = int((high - low) // step) + 1
    if count > MOST_VALUES:
        raise site.error(f"{count} values", f"from 1 to {MOST_VALUES}")
    numbers = [low + index * step for index in range(count)]
    return [f"{number} {match[4]}" if match[4] else _plain(number) for number in numbers]


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _checked(written: Sequence[object], field: FieldInfo, site: Site) -> tuple[object, ...]:
    """Validate values as the field's own model would; give them in base units."""
    try:
        return checked_values(written, field)
    except FieldFault as fault:
        item = next((step for step in fault.at if isinstance(step, int)), None)
        raise site.error(fault.wrong, fault.allowed, item=item) from fault


def _unit_suffix(written: Sequence[object], values: Sequence[object]) -> str:
    """Name the base unit of quantities, for a column; nothing for plain numbers and words."""
    is_quantity = isinstance(written[0], str) and isinstance(values[0], int | float)
    match = _UNIT.fullmatch(str(written[0])) if is_quantity else None
    for dimension in Dimension if match else ():
        if match and match[1] in dimension.units:
            base = dimension.base_unit
            return {"b": "_bits", "B": "_bytes"}.get(base, f"_{base.lower()}")
    return ""
