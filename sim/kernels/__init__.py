"""Numba kernels: scalars and arrays in, numbers out. Everything that runs once a cycle or once a value.

Compiled kernels are kept between runs, in a folder named after the text of all kernels: numba itself looks only at the
file that a function stands in, and would keep code whose callees, in other files, have changed.
"""

import hashlib
from pathlib import Path

import numba

_HERE = Path(__file__).resolve().parent


def _cache_folder() -> Path:
    """Name the folder of this version's compiled kernels, below NUMBA_CACHE_DIR or beside the sources."""
    digest = hashlib.sha256()
    for source in sorted(_HERE.glob("*.py")):
        digest.update(source.read_bytes())
    wanted = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    base = Path(wanted) if wanted else _HERE / "__pycache__"
    return base / f"kernels-{digest.hexdigest()[:16]}"


numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]
