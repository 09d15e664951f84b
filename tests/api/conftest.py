"""The folder in which the calls are tested: small workloads, and no terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.workloads import TINY


@pytest.fixture
def tiny(folder: Path) -> Path:
    """Stand in a folder that holds one small workload, tiny.yaml."""
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return folder
