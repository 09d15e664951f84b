"""Which files a command has read, whatever names and links led to them, so that none is written over."""

from __future__ import annotations

import os
from pathlib import Path

_opened: set[tuple[int, int]] = set()


def note_opened(file: Path | str | int) -> None:
    """Remember a file, by path or descriptor, as one that is read; what isn't there is not."""
    key = _key(file)
    if key is not None:
        _opened.add(key)


def was_opened(path: Path) -> bool:
    """Tell whether a path leads to a file that was read, also by a link."""
    return _key(path) in _opened


def forget_opened() -> None:
    """Begin anew, as each command does."""
    _opened.clear()


def _key(file: Path | str | int) -> tuple[int, int] | None:
    try:
        state = os.stat(file)  # noqa: PTH116 - takes descriptors, too
    except (OSError, ValueError):
        return None
    return state.st_dev, state.st_ino
