"""Where commands are tested: in a folder of their own, away from any terminal."""

from __future__ import annotations

from pathlib import Path

import pytest


def stand_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Go to a folder, and forget what the terminal of whoever runs the tests asks for."""
    patch.chdir(folder)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR", "COLUMNS"):
        patch.delenv(name, raising=False)
