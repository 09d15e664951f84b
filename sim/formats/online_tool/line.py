"""One line of the online energy-estimation tool's format (Asilomar 2017): 25 numbers, and how they must fit together.

Faults are FieldFaults whose path is a column such as `ifmap.height`; the file and the line are the reader's to add.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from sim.errors import FieldFault, quoted
from sim.networks.layer import Padding

_SEPARATOR = re.compile(r"\s*,\s*|\s+")
_NUMBER = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:[eE]([+-]?[0-9]+))?")
_MOST_CHARACTERS = 64
_MOST_EXPONENT = 99  # far out of every range, yet quick to work out
_SHOWN_DIGITS = 40

_SIZE = (1, 1 << 20)
_PAD = (0, 1 << 12)
_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "index": (0, 1 << 20),
        "maps": (1, 4096),
        "zero_entries": (0, 1 << 50),  # the largest filter that the other limits allow
        "bits": (1, 32),
        **dict.fromkeys(("top", "bottom", "left", "right"), _PAD),
    }
)
_MOST_FMAP_WORDS = 1 << 30  # as for the layers of a workload file


class FmapColumns(NamedTuple):
    """The six numbers of an ifmap or an ofmap; `zero_entries` counts over all maps."""

    height: int
    width: int
    channels: int
    maps: int
    zero_entries: int
    bits: int


class FilterColumns(NamedTuple):
    """The six numbers of the filters; `channels` are those of one group, `filters` those of all groups."""

    height: int
    width: int
    channels: int
    filters: int
    zero_entries: int
    bits: int


class StrideColumns(NamedTuple):
    """The vertical and the horizontal stride."""

    y: int
    x: int


COLUMNS: tuple[tuple[str, str], ...] = (
    ("layer", "index"),
    *(("ifmap", name) for name in FmapColumns._fields),
    *(("filter", name) for name in FilterColumns._fields),
    *(("ofmap", name) for name in FmapColumns._fields),
    *(("stride", name) for name in StrideColumns._fields),
    *(("pad", name) for name in ("top", "bottom", "left", "right")),
)


@dataclass(frozen=True, slots=True)
class ToolLine:
    """A line's numbers by name."""

    index: int
    ifmap: FmapColumns
    filter: FilterColumns
    ofmap: FmapColumns
    stride: StrideColumns
    pad: Padding

    @classmethod
    def of_numbers(cls, numbers: Sequence[int]) -> ToolLine:
        """Name 25 numbers in the order of COLUMNS."""
        return cls(
            index=numbers[0],
            ifmap=FmapColumns(*numbers[1:7]),
            filter=FilterColumns(*numbers[7:13]),
            ofmap=FmapColumns(*numbers[13:19]),
            stride=StrideColumns(*numbers[19:21]),
            pad=Padding(*numbers[21:25]),
        )

    def numbers(self) -> tuple[int, ...]:
        """Return the 25 numbers in the order of COLUMNS."""
        return (self.index, *self.ifmap, *self.filter, *self.ofmap, *self.stride, *astuple(self.pad))


def words(tensor: FmapColumns | FilterColumns) -> int:
    """Count the values of a tensor, those of all maps or filters."""
    height, width, channels, copies, *_ = tensor
    return height * width * channels * copies


def split(text: str) -> list[str]:
    """Cut a line into its values: blanks or one comma between them, a comment and commas at the end left out.

    A value that is missing between two commas comes out empty, so that it can't shift the others.
    """
    values = _SEPARATOR.split(text.partition("#")[0].strip())
    while values and not values[-1]:
        values.pop()
    return values


def parse(values: Sequence[str]) -> ToolLine:
    """Read the values of a line. Raises FieldFault."""
    numbers = [_whole(value, column) for value, column in zip(values, COLUMNS, strict=False)]
    if len(numbers) < len(COLUMNS):
        count = "1 number" if len(numbers) == 1 else f"{len(numbers)} numbers"
        raise FieldFault(f"missing, the line ends after {count}", f"expected {len(COLUMNS)}", COLUMNS[len(numbers)])
    if len(values) > len(COLUMNS):
        raise FieldFault(f"{len(values)} numbers", f"expected {len(COLUMNS)}, the last is {'.'.join(COLUMNS[-1])}")
    line = ToolLine.of_numbers(numbers)
    check(line)
    return line


def _whole(text: str, column: tuple[str, str]) -> int:
    """Read a whole number, also one that a program wrote as 2.27e+02."""
    if not text:
        raise FieldFault("nothing before the comma", "expected a whole number", column)
    if len(text) > _MOST_CHARACTERS:
        raise FieldFault(f"a value of {len(text)} characters", f"at most {_MOST_CHARACTERS}", column)
    if text.isascii() and text.isdigit():
        return int(text)
    match = _NUMBER.fullmatch(text)
    if not match:
        raise FieldFault(f"got the text {quoted(text)}", "expected a whole number", column)
    exponent = max(-_MOST_EXPONENT, min(_MOST_EXPONENT, int(match[2] or 0)))
    number = Fraction(match[1]) * Fraction(10) ** exponent
    if number.denominator != 1:
        raise FieldFault(f"got the number {text}", "expected a whole number", column)
    return number.numerator


def check(line: ToolLine) -> None:
    """Make sure that a line's numbers are in range and describe one layer. Raises FieldFault at the first fault."""
    _check_ranges(line)
    if line.ofmap.maps != line.ifmap.maps:
        raise mismatch(("ofmap", "maps"), line.ofmap.maps, f"{line.ifmap.maps}, as ifmap.maps")
    _check_channels(line)
    _check_sizes(line)
    _check_memory(line)
    _check_zeros(line)


def mismatch(column: tuple[str, str], got: int, expected: str) -> FieldFault:
    """Make the fault of a column with another number than the one expected."""
    digits = str(got)
    shown = digits if len(digits) <= _SHOWN_DIGITS else f"{digits[:_SHOWN_DIGITS]}..."
    return FieldFault(f"got the number {shown}", f"expected {expected}", column)


def _check_ranges(line: ToolLine) -> None:
    for column, number in zip(COLUMNS, line.numbers(), strict=True):
        least, most = _RANGES.get(column[1], _SIZE)
        if number < least:
            raise mismatch(column, number, f"at least {least}")
        if number > most:
            raise mismatch(column, number, f"at most {most}")


def _check_channels(line: ToolLine) -> None:
    """Check channels and filters against the groups, which the format doesn't state."""
    groups, left = divmod(line.ifmap.channels, line.filter.channels)
    if left:
        raise mismatch(
            ("ifmap", "channels"), line.ifmap.channels, f"a multiple of filter.channels, {line.filter.channels}"
        )
    if line.filter.filters % groups:
        rule = f"a multiple of the groups, {line.ifmap.channels} / {line.filter.channels} = {groups}"
        raise mismatch(("filter", "filters"), line.filter.filters, rule)
    if line.ofmap.channels != line.filter.filters:
        raise mismatch(("ofmap", "channels"), line.ofmap.channels, f"{line.filter.filters}, as filter.filters")


def _check_sizes(line: ToolLine) -> None:
    """Check the ofmap against what the filter finds in the padded ifmap."""
    pad = line.pad
    axes = (("height", pad.top + pad.bottom, line.stride.y), ("width", pad.left + pad.right, line.stride.x))
    for axis, (name, pads, stride) in enumerate(axes):
        size, kernel, windows = line.ifmap[axis], line.filter[axis], line.ofmap[axis]
        if kernel > size + pads:
            raise mismatch(("filter", name), kernel, f"at most {size + pads}, the padded ifmap")
        found = (size + pads - kernel) // stride + 1
        if windows != found:
            rule = f"{found}, ({size} + {pads} - {kernel}) / {stride} + 1 rounded down"
            raise mismatch(("ofmap", name), windows, rule)


def _check_memory(line: ToolLine) -> None:
    (height, width, *_), pad = line.ifmap, line.pad
    padded = (height + pad.top + pad.bottom) * (width + pad.left + pad.right) * line.ifmap.channels
    for group, what, size in (
        ("ifmap", "a padded ifmap", padded),
        ("ofmap", "an ofmap", words(line.ofmap) // line.ofmap.maps),
    ):
        if size > _MOST_FMAP_WORDS:
            raise FieldFault(f"{what} of {size} words", f"at most {_MOST_FMAP_WORDS} an image", (group,))


def _check_zeros(line: ToolLine) -> None:
    for group, tensor in (("ifmap", line.ifmap), ("filter", line.filter), ("ofmap", line.ofmap)):
        if tensor.zero_entries > words(tensor):
            rule = f"at most {words(tensor)}, the size of the whole tensor"
            raise mismatch((group, "zero_entries"), tensor.zero_entries, rule)
