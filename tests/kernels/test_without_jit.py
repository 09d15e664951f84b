"""Every kernel in plain Python: the same answers, and no line that no test has run.

Lines of compiled code can't be seen by coverage; what the tests of the kernels reach shows with the JIT off.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage

ROOT = Path(__file__).resolve().parents[2]
KERNELS = sorted(
    path
    for pattern in ("kernels/*.py", "chips/*/kernels/*.py")
    for path in ROOT.joinpath("sim").glob(pattern)
    if path.name != "__init__.py"  # where code is kept, no kernel: its tests run it in processes of their own
)
TESTS = ["tests/kernels", *(str(folder.relative_to(ROOT)) for folder in ROOT.glob("tests/chips/*/kernels"))]
MAPPER = "tests/chips/eyeriss/mapping/test_capacities.py"  # holds its kernels against brute force


def run_without_jit(arguments: list[str], **environment: str) -> None:
    """Run tests in a process of its own, this file's not among them."""
    alone = ["-n", "0"]  # coverage doesn't see into workers
    command = [sys.executable, *arguments, *alone, "-q", "-p", "no:cacheprovider", f"--ignore={Path(__file__)}"]
    variables = {**os.environ, "NUMBA_DISABLE_JIT": "1", **environment}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_fixed_inputs_give_the_same_without_the_jit() -> None:
    run_without_jit(["-m", "pytest", "-k", "fixed_inputs", *TESTS])


@pytest.mark.slow
def test_every_line_of_every_kernel_is_run(tmp_path: Path) -> None:
    """Exclude nothing, marked or not."""
    data = str(tmp_path / "coverage")
    included = ",".join(str(folder / "*") for folder in {path.parent for path in KERNELS})
    measured = ["-m", "coverage", "run", "--rcfile=", f"--data-file={data}", f"--include={included}"]
    run_without_jit([*measured, "-m", "pytest", *TESTS, MAPPER])
    coverage = Coverage(data_file=data, config_file=False)
    coverage.load()
    coverage.clear_exclude()
    missed = {str(path.relative_to(ROOT)): coverage.analysis2(str(path))[3] for path in KERNELS}
    assert {path: lines for path, lines in missed.items() if lines} == {}
