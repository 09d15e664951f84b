"""File names for layers: numbered, so that they keep their order, and without what file systems don't take."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST = 80


def file_names(layers: Sequence[str], suffix: str) -> list[str]:
    """Return a file name for each layer's name."""
    digits = len(str(len(layers)))
    return [
        f"{number:0{digits}d}_{_UNSAFE.sub('_', layer)[:_MOST]}{suffix}" for number, layer in enumerate(layers, start=1)
    ]
