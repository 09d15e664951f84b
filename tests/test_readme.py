"""The README and the pages of the wings keep their word: what they show is run, and they install as the gate does."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import pytest
from support.commands import environment
from support.paths import ROOT
from support.patience import patient

import sim
from sim.views.validation_markdown import validation_markdown

PAGES = ("README.md", "arch/README.md", "workloads/README.md", "benchmarks/README.md", "sim/chips/eyeriss/README.md")
PAGES += ("sim/studies/sweeps/README.md",)
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
README = TEXTS["README.md"]
GATE = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"(?:python -m )?sim (?=\S)")  # how a command of ours starts


class Example(NamedTuple):
    """A command or a piece of Python, with its page and line."""

    page: str
    kind: str
    text: str
    line: int


def examples() -> list[Example]:
    """List what the pages show, in their order."""
    found = []
    for page, text in TEXTS.items():
        for block in FENCE.finditer(text):
            first = text.count("\n", 0, block.start(2)) + 1
            if block[1] == "python":
                found.append(Example(page, "python", block[2], first))
            if block[1] == "console":
                lines = enumerate(block[2].splitlines(), start=first)
                found += [Example(page, "console", line[2:], at) for at, line in lines if line.startswith("$ ")]
    return found


EXAMPLES = examples()
COMMANDS = [one for one in EXAMPLES if one.kind == "console" and OURS.match(one.text)]
OTHERS = [one for one in EXAMPLES if one.kind == "console" and not OURS.match(one.text)]
PYTHON = [one for one in EXAMPLES if one.kind == "python"]


def shown(example: Example) -> str:
    """Name an example for pytest."""
    return f"{example.page}:{example.line}"


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make a folder for each page that looks like the repository's root, and keeps what is written there from it."""

    @cache
    def make(page: str) -> Path:
        there = tmp_path_factory.mktemp("readme")
        for entry in ROOT.iterdir():
            if not entry.name.startswith("."):
                (there / entry.name).symlink_to(entry)
        return there

    return make


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
    for text in TEXTS.values():
        assert {block[1] for block in FENCE.finditer(text)} <= {"console", "python", "yaml", "text"}
        assert text.count("```") == 2 * len(FENCE.findall(text))


def test_every_console_block_has_a_command() -> None:
    blocks = [block[2] for text in TEXTS.values() for block in FENCE.finditer(text) if block[1] == "console"]
    assert all(block.startswith("$ ") for block in blocks)


@pytest.mark.parametrize("example", COMMANDS, ids=shown)
def test_commands(example: Example, checkouts: Callable[[str], Path]) -> None:
    ours = f"{quote(sys.executable)} -m sim "
    command = OURS.sub(ours, example.text, count=1).replace("&& python -m sim ", f"&& {ours}")
    allowed = (0, 1) if example.text.startswith("python -m sim validate") else (0,)  # 1: a bound is broken
    run(["bash", "-euo", "pipefail", "-c", command], checkouts(example.page), allowed=allowed)


@pytest.mark.parametrize("example", PYTHON, ids=shown)
def test_python(example: Example, checkouts: Callable[[str], Path]) -> None:
    run([sys.executable, "-W", "error", "-c", example.text], checkouts(example.page))


@pytest.mark.parametrize("example", OTHERS, ids=shown)
def test_the_gate_runs_every_other_command(example: Example) -> None:
    """Commands that install and test take a fresh environment: the gate makes it, and picks them as here."""
    patterns = re.findall(r"command_with '([^']+)'", GATE)
    assert patterns
    lines = README.splitlines()
    picked = [next(line[2:] for line in lines if re.search(rf"^\$ .*{pattern}", line)) for pattern in patterns]
    assert example.text in picked


def test_nothing_was_left_to_fill_in() -> None:
    assert [re.findall(r"@[A-Z]+@|TODO|FIXME|XXX", text) for text in TEXTS.values()] == [[]] * len(TEXTS)


def test_the_printed_run_is_what_the_command_prints(checkouts: Callable[[str], Path]) -> None:
    shown = next(block[2] for block in FENCE.finditer(README) if block[1] == "text")
    command = [sys.executable, "-m", "sim", "run", "alexnet", "--layers", "CONV*"]
    found = subprocess.run(
        command,
        cwd=checkouts("printed"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=patient(120),
        check=True,
    )
    assert "$ python -m sim run alexnet --layers 'CONV*'" in README
    assert found.stdout == shown


def test_the_validation_table_is_rendered_from_its_result() -> None:
    shown = re.search(r"<!-- validation:[^\n]*-->\n\n(.*?)\n<!-- end -->", README, re.DOTALL)
    assert shown is not None
    assert shown[1] == validation_markdown(sim.validate().found)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", TEXTS[page]):
        there = (ROOT / page).parent / target if target else ROOT / page
        assert there.exists(), target
        heads = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {head.lower().replace(" ", "-") for head in heads}, anchor
