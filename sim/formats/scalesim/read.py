"""Topology files of SCALE-Sim, versions 1 to 3, read as networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.errors import FieldFault, InputError, printable, quoted
from sim.files.text import read_text, shown_path
from sim.formats.plain_layer import MOST_SIZE, MOST_STRIDE, check_name, different, plain_layer, size_of
from sim.networks.layer import Layer, Shape
from sim.networks.workload import Workload

_WANTED = "expected a topology file of SCALE-Sim"
_SIZES = ("IFMAP height", "IFMAP width", "Filter height", "Filter width", "Channels", "Num filter")
_STRIDES = ("Stride height", "Stride width")
_RATIO = "Sparsity"
_DEPTHWISE = "DP"


def read_topology(path: Path | str) -> Workload:
    """Read a topology file, which the suffix .csv tells: a header, then a layer a row.

    A row is a name, six sizes, one stride or two, and in version 3 the N:M sparsity of the filters: N of M weights are
    not zero. IFMAP sizes have their padding in them. As in SCALE-Sim, a last window that hangs over the edge counts, on
    zeros; and a row with DP in its name is depthwise, Num filter being those of each channel. A name that comes again
    gets a number. The batch is 1. Raises InputError: `file:line: column: what is wrong; what is allowed`.
    """
    place = shown_path(path)
    layers: list[Layer] = []
    names: set[str] = set()
    is_header = True
    for number, row in enumerate(read_text(path, wanted=_WANTED).splitlines(), start=1):
        cells = _cells(row)
        if not cells:
            continue
        try:
            if is_header:
                _check_header(cells)
                is_header = False
                continue
            layer = _layer(cells, names, is_first=not layers)
        except FieldFault as fault:
            raise InputError.located(f"{place}:{number}", wrong=fault.wrong, allowed=fault.allowed) from fault
        names.add(layer.name)
        layers.append(layer)
    if not layers:
        raise InputError.located(f"{place}:1", wrong="no layers", allowed="expected a header and a layer a row")
    return Workload(name=printable(Path(path).stem), batch=1, layers=tuple(layers))


def _cells(row: str) -> list[str]:
    """Cut a row at its commas; comments and what is empty at its end are left out."""
    cells = [cell.strip() for cell in row.partition("#")[0].split(",")]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _check_header(cells: Sequence[str]) -> None:
    """Make sure that the first row, which SCALE-Sim skips, is none of the layers and not of the GEMM format."""
    if [cell.casefold() for cell in cells[1:4]] == ["m", "n", "k"]:
        raise FieldFault("a GEMM topology", "only convolution topologies are read; write 1 x 1 filters instead")
    if len(cells) > 1 and cells[1].isdigit():
        raise FieldFault("a layer in the first row, which SCALE-Sim skips", "put a header before it")
    if len(cells) < len(_SIZES) + 2:
        header = ", ".join(("Layer name", *_SIZES, "Strides"))
        raise FieldFault(f"a header of {len(cells)} columns", f"expected {header}")


def _layer(cells: Sequence[str], names: set[str], *, is_first: bool) -> Layer:
    name = check_name(printable(cells[0]))
    numbers, ratio = _split_ratio(cells[1:])
    if not len(_SIZES) < len(numbers) <= len(_SIZES) + len(_STRIDES):
        raise FieldFault(f"{len(numbers)} numbers in a row", "expected six sizes and one stride or two")
    height, width, R, S, channels, filters = (
        _number(text, column, MOST_SIZE) for text, column in zip(numbers, _SIZES, strict=False)
    )
    strides = [_number(text, column, MOST_STRIDE) for text, column in zip(numbers[6:], _STRIDES, strict=False)]
    for size, kernel, column in ((height, R, _SIZES[2]), (width, S, _SIZES[3])):
        if kernel > size:
            raise FieldFault(f"{column}: got the number {kernel}", f"expected at most {size}, the ifmap")
    depthwise = _DEPTHWISE in name
    shape = Shape(
        G=channels if depthwise else 1,
        M=filters,
        C=1 if depthwise else channels,
        R=R,
        S=S,
        E=-(-(height - R) // strides[0]) + 1,
        F=-(-(width - S) // strides[-1]) + 1,
        Uy=strides[0],
        Ux=strides[-1],
    )
    name = different(name, names)
    return plain_layer(name, shape, stored=(height, width), zeros=(0.0, ratio, 0.0), is_first=is_first)


def _split_ratio(cells: Sequence[str]) -> tuple[Sequence[str], float]:
    """Take the N:M at the end, if there is one, off the numbers; give the fraction of weights that are zero."""
    kept, colon, block = cells[-1].partition(":") if cells else ("", "", "")
    if not colon:
        return cells, 0.0
    some, every = (_number(text.strip(), _RATIO, MOST_SIZE) for text in (kept, block))
    if some > every:
        raise FieldFault(f"{_RATIO}: got the text {quoted(cells[-1])}", "expected N:M with N up to M")
    return cells[:-1], 1 - some / every


def _number(text: str, column: str, most: int) -> int:
    try:
        return size_of(text, most)
    except FieldFault as fault:
        raise FieldFault(f"{column}: {fault.wrong}", fault.allowed) from fault
