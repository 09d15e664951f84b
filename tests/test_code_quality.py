"""Lint, format, types and the import direction are failing tests, not wishes; their output is the failure's message."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from support.paths import ROOT
from support.patience import patient

LINT_IMPORTS = Path(sysconfig.get_path("scripts"), "lint-imports")  # it can't be run as a module


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([sys.executable, "-m", "ruff", "check", "."], id="ruff check"),
        pytest.param([sys.executable, "-m", "ruff", "format", "--check", "--diff", "."], id="ruff format"),
        pytest.param([sys.executable, "-m", "mypy"], id="mypy"),
        pytest.param([str(LINT_IMPORTS)], id="lint-imports"),
    ],
)
def test_code_quality(command: list[str]) -> None:
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patient(300), check=False)
    if found.returncode:
        pytest.fail(f"{found.stdout}\n{found.stderr}", pytrace=False)


@pytest.mark.parametrize(
    ("contract", "free"), [("Only the engine knows SimPy", "engine"), ("Only the importers know ONNX", "importers")]
)
def test_contracts_name_every_module(contract: str, free: str) -> None:
    """A new module is under the contract from its first day."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    named = next(one["source_modules"] for one in contracts if one["name"] == contract)
    there = {entry.stem for entry in (ROOT / "sim").iterdir() if not entry.name.startswith("_")} - {"data"}
    assert named == [f"sim.{module}" for module in sorted(there - {free})]
