"""Writing results: to a file or standard output, checked before a long run begins."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from sim.errors import InputError
from sim.files.opened import was_opened
from sim.files.text import json_text, shown_path
from sim.files.whole import check_writable, write_whole
from sim.ledger.results import NetworkResult
from sim.views.console import make_console

STDOUT = Path("-")


def check_target(name: str | None, option: str) -> Path | None:
    """Make sure, before a long run, that the file of an option can be written, and is not one that was read."""
    if name is None:
        return None
    target = Path(name)
    if target != STDOUT:
        check_writable(name)
        _demand_unread(target, name, option)
    return target


def check_targets(options: argparse.Namespace, names: Sequence[str]) -> dict[str, Path]:
    """Make sure that every file asked for can be written, and that no two are one; give them by option."""
    targets: dict[str, Path] = {}
    for option in names:
        name = getattr(options, option)
        target = check_target(name, f"--{option}")
        if target is None:
            continue
        for other, path in targets.items():
            if os.path.realpath(path) == os.path.realpath(target):
                raise InputError.located(
                    shown_path(name), wrong=f"--{other} and --{option} both write there", allowed="name two files"
                )
        targets[option] = target
    return targets


def check_unread(targets: Mapping[str, Path]) -> None:
    """Make sure, where targets were checked before all input was read, that none of it would be written over."""
    for option, target in targets.items():
        if target != STDOUT:
            _demand_unread(target, str(target), f"--{option}")


def _demand_unread(target: Path, name: str, option: str) -> None:
    if was_opened(target):
        raise InputError.located(
            shown_path(name), wrong="is read by this command", allowed=f"name another file for {option}"
        )


def as_json(result: NetworkResult) -> str:
    """Write out a result file."""
    return json_text(result.as_dict())


def hand_over(content: Mapping[str, Any], target: Path | None, show: Callable[[Console], None], *, quiet: bool) -> None:
    """Write a .json file where one is asked for, then show; what is shown makes way for standard output."""
    if target is not None:
        write_out(target, json_text(content))
    if not quiet:
        show(make_console(to_stderr=target == STDOUT))


def write_contents(contents: Mapping[str, str | bytes], targets: Mapping[str, Path]) -> None:
    """Write what is ready under each option to its target; text may go to standard output."""
    for option, content in contents.items():
        write_out(targets[option], content)


def write_out(target: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; text may go to standard output."""
    if target == STDOUT and isinstance(content, str):
        sys.stdout.write(content)
    else:
        write_whole(target, content)
