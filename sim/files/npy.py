"""Arrays that workload files refer to: `.npy` files of integers, read without pickle, checked before anything runs."""

from __future__ import annotations

import stat
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import FieldFault
from sim.files.opened import note_opened
from sim.files.text import shown_path

_MAGIC = b"\x93NUMPY"
_KINDS = {b"\x80": "a pickle", b"P": "an .npz archive"}
_REMEDY = "save it with numpy.save as int16 or int8"
FAULTS = (  # what damaged files make numpy raise; its reader of old headers tokenizes them as Python
    OSError,
    ValueError,
    EOFError,
    SyntaxError,
    TypeError,
    MemoryError,
    OverflowError,
    RecursionError,
    TokenError,
    zipfile.BadZipFile,
)


def read_array(path: Path, shape: Sequence[int], *, bits: int, least_images: int | None = None) -> NDArray[Any]:
    """Map a `.npy` file of int8 or int16 values into memory; raise FieldFault, with the file's name, for any other.

    Its shape must be `shape`, of which the first number is a minimum where `least_images` replaces it. Values must fit
    into `bits`.
    """
    name = shown_path(path)
    try:
        array = _open(path, name)
    except FAULTS as error:
        if isinstance(error, FieldFault):
            raise
        if "Python objects" in str(error):
            raise FieldFault(f"{name}: it holds pickled objects", _REMEDY) from error
        raise FieldFault(f"{name}: not a whole .npy file", _REMEDY) from error
    if array.dtype.kind != "i" or array.dtype.itemsize > 2:
        remedy = "quantise it to int16 or int8 first" if array.dtype.kind == "f" else _REMEDY
        raise FieldFault(f"{name}: its values are {array.dtype}", remedy)
    _check_shape(name, array.shape, shape, least_images)
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    for value in (int(array.min()), int(array.max())):
        if not low <= value <= high:
            raise FieldFault(f"{name}: the value {value} does not fit into {bits} b", f"expected {low} to {high}")
    return array


def _open(path: Path, name: str) -> NDArray[Any]:
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError) as error:
        raise FieldFault(f"{name}: no such file", "expected a .npy file; paths start at the workload file") from error
    if not is_file:
        raise FieldFault(f"{name}: not a regular file", "expected a .npy file")
    with path.open("rb") as stream:
        note_opened(stream.fileno())
        head = stream.read(len(_MAGIC))
    if head != _MAGIC:
        raise FieldFault(f"{name}: {_KINDS.get(head[:1], 'not a .npy file')}", _REMEDY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about headers that Python 2 wrote
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _check_shape(name: str, found: Sequence[int], shape: Sequence[int], least_images: int | None) -> None:
    wanted = " x ".join(map(str, shape))
    if least_images is None:
        fits = tuple(found) == tuple(shape)
    else:
        fits = len(found) == len(shape) and tuple(found[1:]) == tuple(shape[1:]) and found[0] >= least_images
        wanted = f"{least_images} or more x {' x '.join(map(str, shape[1:]))}"
    if not fits:
        raise FieldFault(
            f"{name}: its shape is {' x '.join(map(str, found)) or 'a single value'}", f"expected {wanted}"
        )
