"""Lint, format, types and the import direction are failing tests, not wishes; their output is the failure's message."""

from __future__ import annotations

import ast
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


def test_every_chip_is_protected() -> None:
    """A chip's folder is under the contract from its first day."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(one for one in settings["contracts"] if one["name"] == "Only the registry knows a chip's folder")
    folders = {path.parent.name for path in (ROOT / "sim" / "chips").glob("*/__init__.py")} - {"parts"}
    assert set(contract["protected_modules"]) == {f"sim.chips.{folder}" for folder in folders}


def test_no_function_is_long() -> None:
    """Sixty lines, of kernels eighty; the docstring is not counted."""
    found = {}
    for path in (ROOT / "sim").rglob("*.py"):
        most = 80 if "kernels" in path.parts else 60
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.body[0].lineno + 1
                if lines > most:
                    found[f"{path.name}:{node.name}"] = lines
    assert found == {}
