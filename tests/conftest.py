"""What every test may ask for: a clean folder to stand in, and a command line; and how Hypothesis draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.commands import Outcome, call
from support.terminals import stand_in

# The same examples everywhere, and none that fails for being slow; `--hypothesis-profile search` draws new ones.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", settings.get_profile("repeatable"), derandomize=False, max_examples=1000)
settings.load_profile("repeatable")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, away from any terminal."""
    stand_in(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def sim(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Return a function that runs a command line in a clean folder and gives status and output."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        status = call(*map(str, arguments))
        return Outcome(status, *capsys.readouterr())

    return run
