"""Numba kernels: scalars and arrays in, numbers out. Everything that runs once a cycle or once a value.

`compiled` makes them, and those of the chips: compiled code is kept between runs, in a folder named after the text of
all kernels. Numba itself looks only at the file that a function stands in, and would keep code whose callees, in other
files, have changed.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba.misc.appdirs import AppDirs

_HERE = Path(__file__).resolve().parent
_SETTINGS: Any = numba.config  # its attributes are made at run time


def _digest() -> str:
    """Digest the names and the text of all kernels."""
    package = _HERE.parent
    digest = hashlib.sha256()
    for source in sorted([*_HERE.glob("*.py"), *package.glob("chips/*/kernels/*.py")]):
        digest.update(source.relative_to(package).as_posix().encode() + b"\0")
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()


_FOLDER_NAME = f"kernels-{_digest()[:16]}"


def _base() -> Path:
    """Return NUMBA_CACHE_DIR, or else a folder beside the sources, or the user's where sources can't be written to."""
    if _SETTINGS.CACHE_DIR:
        return Path(_SETTINGS.CACHE_DIR)
    return _HERE / "__pycache__" if os.access(_HERE, os.W_OK) else Path(AppDirs("sim", appauthor=False).user_cache_dir)


@contextmanager
def _cached_apart() -> Iterator[None]:
    """Let numba keep code in this version's folder, for the moment.

    Numba settles where a function's code is kept when its dispatcher is made, and has no option but this setting of
    the whole process to say where. It is put back, since a user's own functions have their place.
    """
    wanted = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = str(_base() / _FOLDER_NAME)
    try:
        yield
    finally:
        _SETTINGS.CACHE_DIR = wanted


def compiled(kernel: Any = None, **options: Any) -> Any:
    """Make a function a kernel that is kept between runs; `options` are those of `numba.njit`.

    As `@compiled` or `@compiled(boundscheck=False)`.
    """
    if kernel is None:
        return lambda found: compiled(found, **options)
    with _cached_apart():
        return numba.njit(cache=True, **options)(kernel)
