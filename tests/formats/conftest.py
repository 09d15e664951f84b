"""A file for the tests of text formats."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a file that examples may write over."""
    return tmp_path_factory.mktemp("tool") / "n.txt"
