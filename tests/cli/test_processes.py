"""The command as a process of its own: help, pipes that close, progress on a terminal, Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import call, environment, process, read_json
from support.patience import patient
from support.terminals import Terminal
from support.tiny_runs import names
from support.workloads import TINY

from sim import __version__

pytestmark = pytest.mark.usefixtures("tiny")
OPTIONS = [
    "--arch",
    "--cost-table",
    "--batch",
    "--layers",
    "--mapping",
    "--seed",
    "--json",
    "--no-reuse",
    "--check",
    "--quiet",
    "--objective",
    "--constrain",
]


def test_help() -> None:
    found = process("run", "--help", capture_output=True)
    assert (found.returncode, found.stderr) == (0, "")
    for option in OPTIONS:
        assert option in found.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert capsys.readouterr() == (f"sim {__version__}\n", "")


def test_a_process_prints_what_this_one_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml") == 0
    found = process("run", "tiny.yaml", capture_output=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, *capsys.readouterr())


@pytest.mark.parametrize("arguments", [[], ["--quiet", "--json", "-"]], ids=["table", "json"])
def test_a_reader_that_has_gone(arguments: list[str]) -> None:
    """Output into a closed pipe ends the run without a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        found = process("run", "tiny.yaml", *arguments, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (found.returncode, found.stderr) == (1, "")


def test_head_takes_one_line() -> None:
    command = ["bash", "-c", f"'{sys.executable}' -m sim run tiny.yaml | head -1"]
    found = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=patient(120))
    assert found.stdout == "tiny on eyeriss, cycle model, cost table eyeriss-65nm\n"
    assert found.stderr == ""


def test_a_terminal_shows_progress() -> None:
    terminal = Terminal("run", "tiny.yaml")
    status, printed = terminal.finish()
    assert status == 0
    assert "0/3" in terminal.shown
    assert "3/3" in terminal.shown
    assert "fc3" in terminal.shown
    assert "\x1b[" in terminal.shown
    assert "\x1b[" not in printed  # standard output is a pipe


def test_quiet_shows_no_progress() -> None:
    terminal = Terminal("run", "tiny.yaml", "--quiet")
    assert terminal.finish() == (0, "")
    assert terminal.shown == ""


def test_progress_shows_names_as_they_stand() -> None:
    Path("odd.yaml").write_text(TINY.replace("fc3", '"[/x]\\a"'), encoding="utf-8")
    terminal = Terminal("run", "odd.yaml")
    assert terminal.finish()[0] == 0
    assert "[/x]\\x07" in terminal.shown


def test_control_c_keeps_the_finished_layers() -> None:
    for batch in ("8", "32", "128"):  # a run that ends before it is caught is made longer
        terminal = Terminal("run", "googlenet", "--no-reuse", "--batch", batch, "--json", "out.json")
        terminal.read_until("[1-9]/58")  # the bar is drawn now and then, not after each layer
        terminal.interrupt()
        status, printed = terminal.finish()
        if status != 0:
            break
    part = read_json("out.json")
    assert (status, part["complete"]) == (130, False)
    assert names(part)[0] == "conv1/7x7_s2"
    assert 1 <= len(part["layers"]) < 58
    assert "Traceback" not in printed + terminal.shown
