"""Files of the online energy-estimation tool (Asilomar 2017): networks read from them and written as them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.errors import FieldFault, InputError, ModelError, printable
from sim.files.text import read_text, shown_path
from sim.formats.online_tool.line import (
    COLUMNS,
    FilterColumns,
    FmapColumns,
    StrideColumns,
    ToolLine,
    check,
    mismatch,
    parse,
    split,
    words,
)
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape
from sim.networks.workload import Workload

_WANTED = "expected a text file of the online energy-estimation tool"


def read_tool_file(path: Path | str) -> Workload:
    """Read a network in the online tool's text format, which files with the suffix .txt hold.

    A line a layer, 25 numbers between blanks or commas, # before a comment. The layers are called L1, L2, ... by
    their index, the network by its file. The format knows neither kinds nor ReLUs: a filter that covers an unpadded
    ifmap makes an FC layer, groups of one channel a depthwise one, and an ofmap without zeros means no ReLU.
    Raises InputError: `file:line: column: what is wrong; what is allowed`.
    """
    place = shown_path(path)
    lines: list[ToolLine] = []
    numbers: dict[int, int] = {}
    for number, text in enumerate(read_text(path, wanted=_WANTED).splitlines(), start=1):
        values = split(text)
        if not values:
            continue
        try:
            line = parse(values)
            _check_beside(line, lines[:1], numbers)
        except FieldFault as fault:
            raise InputError.located(f"{place}:{number}", fault.at, wrong=fault.wrong, allowed=fault.allowed) from fault
        lines.append(line)
        numbers[line.index] = number
    if not lines:
        rule = f"expected {len(COLUMNS)} numbers a line, a line a layer"
        raise InputError.located(f"{place}:1", wrong="the file is empty", allowed=rule)
    layers = tuple(_layer(line, is_first=line is lines[0]) for line in lines)
    return Workload(name=printable(Path(path).stem), batch=lines[0].ifmap.maps, layers=layers)


def write_tool_file(workload: Workload, batch: int) -> str:
    """Write a network in the online tool's text format, a line a layer, for `batch` maps.

    Zero fractions become the nearest counts; names, explicit mappings and kinds have no column.
    """
    return _aligned([_line(layer, index, batch).numbers() for index, layer in enumerate(workload.layers, start=1)])


def _check_beside(line: ToolLine, first: Sequence[ToolLine], numbers: Mapping[int, int]) -> None:
    """Check a line against the first one, if any, and the indices before it with their line numbers."""
    if line.index in numbers:
        rule = f"every index once; the first is on line {numbers[line.index]}"
        raise FieldFault(f"a second layer {line.index}", rule, ("layer", "index"))
    for other in first:
        if line.ifmap.maps != other.ifmap.maps:
            rule = f"{other.ifmap.maps}, as on line {numbers[other.index]}"
            raise mismatch(("ifmap", "maps"), line.ifmap.maps, rule)


def _layer(line: ToolLine, *, is_first: bool) -> Layer:
    groups = line.ifmap.channels // line.filter.channels
    shape = Shape(
        G=groups,
        M=line.filter.filters // groups,
        C=line.filter.channels,
        R=line.filter.height,
        S=line.filter.width,
        E=line.ofmap.height,
        F=line.ofmap.width,
        Uy=line.stride.y,
        Ux=line.stride.x,
    )
    return Layer(
        name=f"L{line.index}",
        kind=_kind(line, groups),
        shape=shape,
        stored_height=line.ifmap.height,
        stored_width=line.ifmap.width,
        padding=line.pad,
        ifmap_zeros=line.ifmap.zero_entries / words(line.ifmap),
        ofmap_zeros=line.ofmap.zero_entries / words(line.ofmap),
        relu=line.ofmap.zero_entries > 0,
        coded_ifmap=not is_first,
        bits=BitWidths(line.ifmap.bits, line.filter.bits, line.ofmap.bits),
        filter_zeros=line.filter.zero_entries / words(line.filter),
    )


def _kind(line: ToolLine, groups: int) -> LayerKind:
    if groups > 1:
        return LayerKind.DEPTHWISE if line.filter.channels == 1 else LayerKind.CONV
    is_covered = line.pad == Padding() and line.filter[:2] == line.ifmap[:2]
    return LayerKind.FC if is_covered else LayerKind.CONV


def _line(layer: Layer, index: int, batch: int) -> ToolLine:
    """Put a layer into the columns. Raises ModelError where its sizes contradict each other."""
    shape, bits = layer.shape, layer.bits
    ifmap = FmapColumns(layer.stored_height, layer.stored_width, shape.G * shape.C, batch, 0, bits.ifmap)
    weights = FilterColumns(shape.R, shape.S, shape.C, shape.G * shape.M, 0, bits.filter)
    ofmap = FmapColumns(shape.E, shape.F, shape.G * shape.M, batch, 0, bits.ofmap)
    line = ToolLine(
        index=index,
        ifmap=ifmap._replace(zero_entries=round(layer.ifmap_zeros * words(ifmap))),
        filter=weights._replace(zero_entries=round(layer.filter_zeros * words(weights))),
        ofmap=ofmap._replace(zero_entries=round(layer.ofmap_zeros * words(ofmap))),
        stride=StrideColumns(shape.Uy, shape.Ux),
        pad=layer.padding,
    )
    try:
        check(line)
    except FieldFault as fault:
        raise ModelError(
            "layers fit the tool's format", f"{layer.name}: {'.'.join(map(str, fault.at))}: {fault}"
        ) from fault
    return line


def _aligned(rows: Sequence[Sequence[int]]) -> str:
    widths = [max(len(str(number)) for number in column) for column in zip(*rows, strict=True)]
    return "".join(
        " ".join(f"{number:>{width}}" for number, width in zip(row, widths, strict=True)) + "\n" for row in rows
    )
