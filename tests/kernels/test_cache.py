"""Where compiled kernels are kept: apart from other code, by all their text; numba's settings stay as they were."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import sim
from sim.kernels import compiled

KERNEL_FILES = sorted(
    path.relative_to(Path(sim.__file__).parents[1])
    for pattern in ("kernels/*.py", "chips/*/kernels/*.py")
    for path in Path(sim.__file__).parent.glob(pattern)
)
MODULES = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in KERNEL_FILES]

LOOK = f"""
import importlib, numba
from pathlib import Path
before = numba.config.CACHE_DIR
for module in {MODULES!r}:
    found = vars(importlib.import_module(module)).values()
    assert numba.config.CACHE_DIR == before, module
    for kernel in found:
        if isinstance(kernel, numba.core.dispatcher.Dispatcher):
            print(Path(kernel._cache.cache_path).parent)
"""


def cache_folders(tmp_path: Path, wanted: str, *, root: Path = Path(sim.__file__).parents[1]) -> set[str]:
    """Import every kernel file in a fresh process; return where their compiled code will be."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": wanted, "NUMBA_DISABLE_JIT": "0"}
    environment["PYTHONPATH"] = str(root)
    command = [sys.executable, "-c", LOOK]
    found = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return set(found.stdout.split())


def test_all_kernels_share_a_folder_below_the_one_that_is_asked_for(tmp_path: Path) -> None:
    (folder,) = cache_folders(tmp_path, str(tmp_path / "mine"))
    assert Path(folder).parent == tmp_path / "mine"
    assert Path(folder).name.startswith("kernels-")


def test_else_the_folder_is_beside_the_sources(tmp_path: Path) -> None:
    (folder,) = cache_folders(tmp_path, "")
    assert Path(folder).parent == Path(sim.__file__).parent / "kernels" / "__pycache__"


FALL_BACK = """
import sys, tempfile, warnings
from pathlib import Path
import numba
from sim import kernels
closed, tempfile.tempdir = [Path(name) for name in sys.argv[2:]], sys.argv[1]
take = kernels._takes_files
kernels._takes_files = lambda folder, mode=0o777: folder not in closed and take(folder, mode)
kernels._base.cache_clear()
numba.config.CACHE_DIR = ""
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    found = [
        kernels.compiled(lambda: 3),
        kernels.compiled(lambda: 4),
    ]
assert [one() for one in found] == [3, 4]
print(kernels._base(""))
print(*(str(one.message) for one in told), sep="|")
"""


def where_it_falls_back_to(temporary: Path, *closed: Path) -> list[str]:
    """Compile where some folders can't be written to; return the base that was taken, and what was told."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(temporary / "user"), "NUMBA_DISABLE_JIT": "0"}
    environment["PYTHONPATH"] = str(Path(sim.__file__).parents[1])
    script = temporary / "script.py"  # numba keeps nothing of code without a file
    script.write_text(FALL_BACK, encoding="utf-8")
    command = [sys.executable, str(script), str(temporary), *map(str, closed)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


SOURCES = Path(sim.__file__).parent / "kernels" / "__pycache__"


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are named otherwise")
def test_where_sources_cannot_be_written_to_it_is_in_the_users_folder(tmp_path: Path) -> None:
    assert where_it_falls_back_to(tmp_path, SOURCES) == [str(tmp_path / "user" / "sim"), ""]


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are named otherwise")
def test_without_a_home_it_is_a_temporary_folder_of_the_users_own(tmp_path: Path) -> None:
    own = tmp_path / f"sim-{os.getuid()}"
    assert where_it_falls_back_to(tmp_path, SOURCES, tmp_path / "user" / "sim") == [str(own), ""]
    assert own.stat().st_mode & 0o777 == 0o700
    assert list(own.rglob("*.nbi"))


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are named otherwise")
def test_code_that_others_may_write_is_not_run(tmp_path: Path) -> None:
    own = tmp_path / f"sim-{os.getuid()}"
    own.mkdir()
    own.chmod(0o777)
    told = "compiled kernels can't be kept: set NUMBA_CACHE_DIR to a folder to write to"
    assert where_it_falls_back_to(tmp_path, SOURCES, tmp_path / "user" / "sim") == ["None", told]
    assert not list(own.iterdir())


@pytest.mark.parametrize("changed", ["sim/kernels/rlc.py", "sim/chips/eyeriss/kernels/lanes.py"])
def test_the_folder_is_another_where_any_kernel_is(changed: str, tmp_path: Path) -> None:
    """Numba alone would go on with what it compiled for the callers of the changed one."""
    for path in KERNEL_FILES:
        copy = tmp_path / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((Path(sim.__file__).parents[1] / path).read_bytes())
    for folder in ("sim", "sim/chips", "sim/chips/eyeriss"):
        (tmp_path / folder / "__init__.py").touch()
    wanted = str(tmp_path / "mine")
    before = cache_folders(tmp_path, wanted, root=tmp_path)
    with (tmp_path / changed).open("a", encoding="utf-8") as source:
        source.write("# and now it is another\n")
    after = cache_folders(tmp_path, wanted, root=tmp_path)
    assert len(before) == len(after) == 1
    assert before != after


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_code_of_a_users_own_stays_where_the_user_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours goes into our folder there."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    ours, theirs = compiled(lambda: 1), numba.njit(cache=True)(lambda: 2)
    assert (ours(), theirs(), numba.config.CACHE_DIR) == (1, 2, str(tmp_path))
    kept = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.nbi")}
    assert sorted(name.split("-")[0].split("_")[0] for name in kept) == ["kernels", "kernels"]
    assert sum(name.startswith("kernels-") for name in kept) == 1


@pytest.mark.parametrize("wanted", ["", "mine"])
def test_a_kernel_made_later_leaves_the_setting_as_it_is(
    wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(numba.config, "CACHE_DIR", wanted)
    assert callable(compiled(lambda: 4))
    assert wanted == numba.config.CACHE_DIR


def test_the_setting_is_put_back_where_a_kernel_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is refused")
    with pytest.raises(TypeError):
        compiled(1)
    assert str(tmp_path) == numba.config.CACHE_DIR
