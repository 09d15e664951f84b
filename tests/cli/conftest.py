"""The folder in which most commands are tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.workloads import DENSE, TINY


@pytest.fixture
def tiny(folder: Path) -> Path:
    """Stand in a folder that holds one small workload, tiny.yaml, away from any terminal."""
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return folder


@pytest.fixture
def dense(tiny: Path) -> Path:
    """Put the same workload without zeros, dense.yaml, beside it."""
    (tiny / "dense.yaml").write_text(DENSE, encoding="utf-8")
    return tiny
