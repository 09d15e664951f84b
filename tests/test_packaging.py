"""The wheel stands alone: built from the repository, it runs from any folder with its own machines and workloads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.paths import ROOT
from support.patience import patient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    there = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(there), str(ROOT)]
    found = subprocess.run(command, cwd=there, capture_output=True, text=True, timeout=patient(600), check=False)
    if found.returncode:
        pytest.fail(f"{found.stdout}\n{found.stderr}", pytrace=False)
    (built,) = there.glob("sim-*.whl")
    return built


def shipped(kind: str) -> dict[str, bytes]:
    """Return the content of the repository's files of a kind."""
    return {path.name: path.read_bytes() for path in (ROOT / kind).iterdir()}


@pytest.mark.parametrize("kind", ["arch", "workloads"])
def test_the_wheel_holds_every_shipped_file(wheel: Path, kind: str) -> None:
    prefix = f"sim/data/{kind}/"
    with zipfile.ZipFile(wheel) as archive:
        inside = [name for name in archive.namelist() if name.startswith(prefix)]
        assert {name.removeprefix(prefix): archive.read(name) for name in inside} == shipped(kind)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    kinds = ("*.py", "*.csv", "*.html", "*.css", "*.js", "*.md", "py.typed")
    files = {str(path.relative_to(ROOT)) for kind in kinds for path in (ROOT / "sim").rglob(kind)}
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name for name in inside if not name.startswith("sim/data/")} == files


def test_the_wheel_runs_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    package, elsewhere = tmp_path / "package", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(package)
    environment = {**os.environ, "PYTHONPATH": str(package)}

    def run(*command: str) -> str:
        command = (sys.executable, *command)
        found = subprocess.run(
            command, cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=patient(300), check=False
        )
        assert (found.returncode, found.stderr) == (0, "")
        return found.stdout

    assert Path(run("-c", "import sim; print(sim.__file__)").strip()) == package / "sim" / "__init__.py"
    assert run("-m", "sim", "run", "googlenet", "--layers", "conv1*", "--quiet", "--json", "out.json") == ""
    found = json.loads((elsewhere / "out.json").read_text(encoding="utf-8"))
    assert found["complete"]
    assert [layer["name"] for layer in found["layers"]] == ["conv1/7x7_s2"]
    assert found["provenance"]["git"] is None  # it is no checkout
