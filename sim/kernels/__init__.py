"""Numba kernels: scalars and arrays in, numbers out. Everything that runs once a cycle or once a value.

`compiled` makes them, and those of the chips: compiled code is kept between runs, in a folder named after the text of
all kernels. Numba itself looks only at the file that a function stands in, and would keep code whose callees, in other
files, have changed.
"""

import getpass
import hashlib
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
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


@cache
def _base(wanted: str) -> Path | None:
    """Return the first folder that can be written to; None where none can.

    `wanted` is NUMBA_CACHE_DIR. Without it the folder is beside the sources, or else the user's, or else, as in a
    container without a home, a temporary one that is the user's alone: code that others may write is not to be run.
    """
    own = Path(tempfile.gettempdir()) / f"sim-{getpass.getuser() if os.name == 'nt' else os.getuid()}"
    users = Path(AppDirs("sim", appauthor=False).user_cache_dir)
    for folder in [Path(wanted)] if wanted else [_HERE / "__pycache__", users]:
        if _takes_files(folder):
            return folder
    if not wanted and _takes_files(own, mode=0o700) and _is_private(own):
        return own
    warnings.warn("compiled kernels can't be kept: set NUMBA_CACHE_DIR to a folder to write to", stacklevel=2)
    return None


def _takes_files(folder: Path, mode: int = 0o777) -> bool:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _is_private(folder: Path) -> bool:
    found = folder.lstat()
    return os.name == "nt" or (found.st_uid == os.getuid() and not found.st_mode & 0o077)


@contextmanager
def _cached_apart(base: Path) -> Iterator[None]:
    """Let numba keep code in this version's folder, for the moment.

    Numba settles where a function's code is kept when its dispatcher is made, and has no option but this setting of
    the whole process to say where. It is put back, since a user's own functions have their place.
    """
    wanted = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = str(base / _FOLDER_NAME)
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
    base = _base(_SETTINGS.CACHE_DIR)
    if base is None:
        return numba.njit(**options)(kernel)
    with _cached_apart(base):
        return numba.njit(cache=True, **options)(kernel)
