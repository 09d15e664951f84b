"""The README keeps its word: its commands and its Python are run, and it installs as the gate does."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import pytest
from support.commands import environment
from support.paths import ROOT
from support.patience import patient

README = (ROOT / "README.md").read_text(encoding="utf-8")
GATE = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"(?:python -m )?sim (?=\S)")  # how a command of ours starts


class Example(NamedTuple):
    """A command or a piece of Python, with its line in the README."""

    kind: str
    text: str
    line: int


def examples() -> list[Example]:
    """List what the README shows, in its order."""
    found = []
    for block in FENCE.finditer(README):
        first = README.count("\n", 0, block.start(2)) + 1
        if block[1] == "python":
            found.append(Example("python", block[2], first))
        if block[1] == "console":
            lines = enumerate(block[2].splitlines(), start=first)
            found += [Example("console", text[2:], line) for line, text in lines if text.startswith("$ ")]
    return found


EXAMPLES = examples()
COMMANDS = [one for one in EXAMPLES if one.kind == "console" and OURS.match(one.text)]
OTHERS = [one for one in EXAMPLES if one.kind == "console" and not OURS.match(one.text)]
PYTHON = [one for one in EXAMPLES if one.kind == "python"]


def shown(example: Example) -> str:
    """Name an example for pytest."""
    return f"README.md:{example.line}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that looks like the repository's root, and keeps what is written there from it."""
    there = tmp_path_factory.mktemp("readme")
    for entry in ROOT.iterdir():
        if not entry.name.startswith("."):
            (there / entry.name).symlink_to(entry)
    return there


def run(command: list[str], where: Path, *, allowed: Sequence[int] = (0,)) -> None:
    """Run a command, and fail with its output if it ends otherwise than `allowed`."""
    found = subprocess.run(
        command, cwd=where, env=environment(), capture_output=True, text=True, timeout=patient(300), check=False
    )
    if found.returncode not in allowed:
        pytest.fail(f"status {found.returncode}\n{found.stdout}\n{found.stderr}", pytrace=False)


def test_there_are_examples_of_every_kind() -> None:
    assert COMMANDS
    assert OTHERS
    assert PYTHON


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {block[1] for block in FENCE.finditer(README)} <= {"console", "python", "yaml", "text"}
    assert README.count("```") == 2 * len(FENCE.findall(README))


def test_every_console_block_has_a_command() -> None:
    blocks = [block[2] for block in FENCE.finditer(README) if block[1] == "console"]
    assert all(block.startswith("$ ") for block in blocks)


@pytest.mark.parametrize("example", COMMANDS, ids=shown)
def test_commands(example: Example, checkout: Path) -> None:
    command = OURS.sub(f"{quote(sys.executable)} -m sim ", example.text, count=1)
    allowed = (0, 1) if example.text.startswith("python -m sim validate") else (0,)  # 1: a bound is broken
    run(["bash", "-euo", "pipefail", "-c", command], checkout, allowed=allowed)


@pytest.mark.parametrize("example", PYTHON, ids=shown)
def test_python(example: Example, checkout: Path) -> None:
    run([sys.executable, "-W", "error", "-c", example.text], checkout)


@pytest.mark.parametrize("example", OTHERS, ids=shown)
def test_the_gate_runs_every_other_command(example: Example) -> None:
    """Commands that install and test take a fresh environment: the gate makes it, and picks them as here."""
    patterns = re.findall(r"command_with '([^']+)'", GATE)
    assert patterns
    lines = README.splitlines()
    picked = [next(line[2:] for line in lines if re.search(rf"^\$ .*{pattern}", line)) for pattern in patterns]
    assert example.text in picked


def test_nothing_was_left_to_fill_in() -> None:
    assert re.findall(r"@[A-Z]+@|TODO|FIXME|XXX", README) == []
