"""The arguments of the Python calls: checked for their kind, and put into the words of a request.

Every function raises InputError, which names the argument, for what is of another kind.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim.chips.parts.description import MachineDocument
from sim.chips.registry import Design
from sim.errors import InputError, PathStep, did_you_mean, quoted
from sim.files.tree import Mark, Node, described
from sim.formats.any_network import NetworkFile
from sim.ledger.energy import CostTable
from sim.networks.workload import Workload

MOST = 4096  # images, mappings, or processes: as on the command line
_SOURCE = "expected a name, a path, a dict in the file's form, or {}"
_LAYERS = "expected names or patterns of layers: one text, or a list of texts"
_MAPPING = "expected {'CONV3': {'m': 64, ...}}, or texts as CONV3:m=64,..."
_LIMITS = "expected {'n': 1, 'CONV*:m': 'all'}, or texts as CONV*:m=all"
_SHAPES = "expected {'data': [1, 3, 224, 224]}, or texts as data=1x3x224x224"
Word = TypeVar("Word", bound=StrEnum)


def refused(name: str, value: object, allowed: str, path: tuple[PathStep, ...] = ()) -> InputError:
    """Return the error for an argument of the wrong kind, at a path inside it."""
    mark = Mark(1, 1)
    shown = repr(value) if value is None or isinstance(value, bool) else described(Node(value, mark, mark))
    return InputError.located(name, path, wrong=f"got {shown}", allowed=allowed)


def source(name: str, value: object, kinds: tuple[type, ...], allowed: str) -> Any:
    """Return a name, a path, data, or an object of one of `kinds`."""
    if isinstance(value, os.PathLike) and not isinstance(value, Path):
        value = os.fspath(value)
    if not isinstance(value, (str, Path, Mapping, *kinds)):
        raise refused(name, value, allowed)
    return value


def network(value: object) -> Any:
    """Return what names or is a network."""
    return source("network", value, (Workload, NetworkFile), _SOURCE.format("a PyTorch module"))


def machine(value: object) -> Any:
    """Return what names or is one machine."""
    return source("arch", value, (MachineDocument, Design), _SOURCE.format("a machine that was read"))


def costs(value: object) -> Any:
    """Return what names or is a cost table; None for the machine's own."""
    return None if value is None else source("cost_table", value, (CostTable,), _SOURCE.format("one that was read"))


def text(name: str, value: object, allowed: str = "expected text") -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise refused(name, value, allowed)
    return value


def path(name: str, value: object, allowed: str = "expected a file's path") -> Path | str:
    """Return a path, as text or as an object."""
    found = os.fspath(value) if isinstance(value, os.PathLike) and not isinstance(value, Path) else value
    if not isinstance(found, str | Path):
        raise refused(name, found, allowed)
    return found


def whole(name: str, value: object, least: int, most: int) -> int:
    """Return a whole number, NumPy's too."""
    allowed = f"expected a whole number from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        raise InputError.located(name, wrong=f"got {quoted(str(value))}", allowed=allowed)
    return int(value)


def seed(value: object) -> int:
    """Return a seed."""
    return whole("seed", value, 0, 10**18 - 1)


def plain(value: object) -> object:
    """Return NumPy's numbers as Python's, also those in a list."""
    if isinstance(value, list | tuple):
        return [plain(one) if isinstance(one, np.generic) else one for one in value]
    return value.item() if isinstance(value, np.generic) else value


def by_text(name: str, value: object, allowed: str) -> dict[str, Any]:
    """Return a dict whose keys are texts, with plain numbers."""
    if not isinstance(value, Mapping):
        raise refused(name, value, allowed)
    for key in value:
        if not isinstance(key, str):
            raise InputError.located(name, wrong=f"the key {quoted(str(key))} is no text", allowed=allowed)
    return {key: plain(one) for key, one in value.items()}


def texts(name: str, value: object, split: str, allowed: str) -> tuple[str, ...]:
    """Return texts: a list of them, or one that is split."""
    if isinstance(value, str):
        return tuple(value.split(split))
    if not isinstance(value, Iterable) or isinstance(value, bytes | Mapping):
        raise refused(name, value, allowed)
    found = tuple(value)
    for number, one in enumerate(found):
        if not isinstance(one, str):
            raise refused(name, one, allowed, (number,))
    return found


def layers(value: object) -> tuple[str, ...]:
    """Return names and patterns of layers."""
    return texts("layers", value, ",", _LAYERS)


def mappings(value: object) -> tuple[str, ...]:
    """Write mappings as the command line has them."""
    if not isinstance(value, Mapping):
        return texts("mapping", value, ";", _MAPPING)
    return tuple(f"{layer}:{_one_mapping(layer, one)}" for layer, one in by_text("mapping", value, _MAPPING).items())


def _one_mapping(layer: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        raise refused("mapping", value, _MAPPING, (layer,))
    return ",".join(f"{name}={number}" for name, number in value.items())


def limits(value: object) -> tuple[str, ...]:
    """Write limits of the mapper as the command line has them."""
    if not isinstance(value, Mapping):
        return texts("constrain", value, ";", _LIMITS)
    return tuple(f"{name}={number}" for name, number in by_text("constrain", value, _LIMITS).items())


def shapes(value: object) -> tuple[str, ...]:
    """Write inputs' shapes as the command line has them."""
    if not isinstance(value, Mapping):
        return texts("shape", value, ";", _SHAPES)
    return tuple(f"{name}={_one_shape(name, sizes)}" for name, sizes in by_text("shape", value, _SHAPES).items())


def _one_shape(name: str, sizes: object) -> str:
    if isinstance(sizes, str | bytes) or not isinstance(sizes, Iterable):
        raise refused("shape", sizes, _SHAPES, (name,))
    return "x".join(str(size) for size in sizes)


def word(name: str, value: Any, kind: type[Word]) -> Word:
    """Return one of an enum's words."""
    try:
        return kind(value)
    except ValueError as error:
        allowed = did_you_mean(str(value), list(kind))
        raise InputError.located(name, wrong=f"no {name} '{value}'", allowed=allowed) from error
