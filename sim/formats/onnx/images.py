"""What a network is run on: `.npy` and `.npz` files, read without pickle and checked against the graph's inputs."""

from __future__ import annotations

import stat
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, did_you_mean, listed, quoted
from sim.files.npy import FAULTS
from sim.files.opened import note_opened
from sim.files.text import shown_path
from sim.formats.onnx.graph import Dims

Array = NDArray[Any]
MAX_BYTES = (1 << 31) - 1
_WANTED = "expected a .npy or .npz file of images"
_MAGICS = (b"\x93NUMPY", b"PK\x03\x04", b"PK\x05\x06")
_KINDS = {"f": "floating-point numbers", "i": "integers", "u": "unsigned integers", "b": "truth values"}
_FAULTS = (*FAULTS, RuntimeError, KeyError, zlib.error)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An input of a graph: its shape, the batch first, and the type of its values."""

    shape: Dims
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class Images:
    """What each input is given: arrays of `rounds` batches of the graph, one after another."""

    arrays: Mapping[str, Array]
    wanted: Mapping[str, Wanted]
    rounds: int

    def batches(self, count: int) -> Iterator[dict[str, Array]]:
        """Return the first `count` batches."""
        for number in range(count):
            yield {name: self._batch(name, number) for name in self.arrays}

    def _batch(self, name: str, number: int) -> Array:
        shape = self.wanted[name].shape
        return self.arrays[name][number * shape[0] : (number + 1) * shape[0]] if shape else self.arrays[name]


def read_images(path: Path | str, wanted: Mapping[str, Wanted]) -> Images:
    """Read a network's inputs: a `.npy` for its only one, or a `.npz` with arrays of their names.

    Each holds one or more of the graph's batches. Raises InputError: `file: array: what is wrong`.
    """
    place = shown_path(path)
    arrays = _by_input(_read(path, place), wanted, place)
    rounds = {}
    for name, array in arrays.items():
        where = f"{place}: input {quoted(name)}"
        _check_shape(where, array.shape, wanted[name].shape)
        arrays[name] = _converted(where, array, wanted[name].dtype)
        if wanted[name].shape:
            rounds[name] = len(array) // wanted[name].shape[0]
    if len(set(rounds.values())) != 1:
        counts = listed(f"{name} {count}" for name, count in rounds.items())
        raise InputError.located(place, wrong=f"inputs for different numbers of batches: {counts}", allowed="as many")
    return Images(arrays, wanted, next(iter(rounds.values())))


def _read(path: Path | str, place: str) -> dict[str, Array]:
    """Read all arrays of a file; that of a `.npy` has an empty name."""
    try:
        state = Path(path).stat()
        if not stat.S_ISREG(state.st_mode):
            raise InputError.located(place, wrong="this is not a regular file", allowed=_WANTED)
        with Path(path).open("rb") as stream:
            note_opened(stream.fileno())
            if not stream.read(len(_MAGICS[0])).startswith(_MAGICS):
                raise InputError.located(place, wrong="this is neither .npy nor .npz", allowed=_WANTED)
        if state.st_size > MAX_BYTES or _unpacked_bytes(path) > MAX_BYTES:
            raise InputError.located(place, wrong="the file is too large", allowed="at most 2 GiB")
        with Path(path).open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers that Python 2 wrote
            loaded = np.load(stream, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"": loaded}
            with loaded:
                arrays = {name: loaded[name] for name in loaded.files}
    except FileNotFoundError as error:
        raise InputError.located(place, wrong="no such file", allowed=_WANTED) from error
    except _FAULTS as error:
        wrong = "it holds pickled objects" if "allow_pickle" in str(error) else "not a whole .npy or .npz file"
        raise InputError.located(place, wrong=wrong, allowed="save it with numpy.save or numpy.savez") from error
    return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}


def _unpacked_bytes(path: Path | str) -> int:
    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _by_input(arrays: dict[str, Array], wanted: Mapping[str, Wanted], place: str) -> dict[str, Array]:
    """Return arrays by the graph's inputs, of which none may be missing and none unknown."""
    if "" in arrays and len(arrays) == 1:
        if len(wanted) != 1:
            allowed = f"give a .npz with {listed(wanted)}"
            raise InputError.located(place, wrong=f"one array for {len(wanted)} inputs", allowed=allowed)
        return dict(zip(wanted, arrays.values(), strict=True))
    for name in arrays:
        if name not in wanted:
            wrong = f"the model has no input {quoted(name)}"
            raise InputError.located(place, wrong=wrong, allowed=did_you_mean(name, wanted))
    missing = [name for name in wanted if name not in arrays]
    if missing:
        wrong = f"nothing for the input {quoted(missing[0])}"
        raise InputError.located(place, wrong=wrong, allowed=f"it has {listed(arrays)}")
    return {name: arrays[name] for name in wanted}


def _check_shape(where: str, found: Dims, wanted: Dims) -> None:
    """Check an array's shape: that of the input, with a multiple of its batch."""
    if not wanted:
        if found:
            raise InputError.located(where, wrong=f"its shape is {_by(found)}", allowed="expected a single value")
        return
    whole = len(found) == len(wanted) and found[1:] == wanted[1:] and found[0] > 0 and found[0] % wanted[0] == 0
    if not whole:
        images = "N" if wanted[0] == 1 else f"a multiple of {wanted[0]}"
        allowed = f"expected {' x '.join([images, *map(str, wanted[1:])])}"
        raise InputError.located(where, wrong=f"its shape is {_by(found)}", allowed=allowed)


def _converted(where: str, array: Array, dtype: np.dtype[Any]) -> Array:
    """Convert to the input's type from another of its kind; values must be finite, whole ones in range."""
    if array.dtype.kind != dtype.kind or dtype.kind not in _KINDS:
        remedy = f"the model takes {dtype}: convert them, and scale them as it was trained"
        raise InputError.located(where, wrong=f"its values are {array.dtype}", allowed=remedy)
    with np.errstate(all="ignore"):
        converted = array.astype(dtype)
    if dtype.kind == "f" and not np.isfinite(converted).all():
        wrong = "it holds NaN or infinity" if not np.isfinite(array).all() else f"a value is out of range of {dtype}"
        raise InputError.located(where, wrong=wrong, allowed="expected finite numbers")
    if dtype.kind != "f" and not np.array_equal(converted, array):
        raise InputError.located(where, wrong=f"a value is out of range of {dtype}", allowed="expected smaller ones")
    return converted


def _by(sizes: Dims) -> str:
    return " x ".join(map(str, sizes)) or "a single value"
