"""Writing results: a file whole or not at all, checked before a long run begins."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from rich.console import Console

from sim.errors import InputError
from sim.files.opened import was_opened
from sim.files.text import shown_path
from sim.ledger.results import NetworkResult
from sim.views.console import make_console

STDOUT = Path("-")


def check_target(name: str | None, option: str) -> Path | None:
    """Make sure, before a long run, that the file of an option can be written, and is not one that was read."""
    if name is None:
        return None
    target = Path(name)
    if target == STDOUT:
        return target
    try:
        if target.is_dir():
            raise InputError.located(shown_path(name), wrong="is a folder", allowed="give the name of a file")
        _demand_unread(target, name, option)
        if not target.parent.is_dir():
            raise InputError.located(shown_path(name), wrong="its folder is missing", allowed="make it first")
        if not os.access(target if _is_stream(target) else _followed(target).parent, os.W_OK):
            raise InputError.located(shown_path(name), wrong="its folder can't be written to", allowed="name another")
    except OSError as error:
        raise _unwritable(target, error) from error
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
        allowed = f"name another file for {option}" if option else "name another file"
        raise InputError.located(shown_path(name), wrong="is read by this command", allowed=allowed)


def _is_stream(target: Path) -> bool:
    """Tell a pipe or a device, which is written to, from a file, which is replaced."""
    return target.exists() and not target.is_file()


def _followed(target: Path) -> Path:
    """Follow links, also those that lead to a file that is not there yet."""
    return Path(os.path.realpath(target))


def _unwritable(target: Path, error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    return InputError.located(shown_path(target), wrong=f"can't be written: {reason}", allowed="name another file")


def as_json(result: NetworkResult) -> str:
    """Write out a result file."""
    return json_text(result.as_dict())


def json_text(content: Mapping[str, Any]) -> str:
    """Write what a .json file holds."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def hand_over(content: Mapping[str, Any], target: Path | None, show: Callable[[Console], None], *, quiet: bool) -> None:
    """Write a .json file where one is asked for, then show; what is shown makes way for standard output."""
    text = json_text(content)
    if target == STDOUT:
        sys.stdout.write(text)
    elif target is not None:
        write_whole(target, text)
    if not quiet:
        show(make_console(to_stderr=target == STDOUT))


def write_whole(target: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; links are followed, pipes and devices written to."""
    with writing_whole(target) as stream:
        stream.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def writing_whole(target: Path) -> Iterator[BinaryIO]:
    """Open a file that appears whole when the block ends, and not at all where it fails; what was read stays."""
    _demand_unread(target, str(target), "")
    try:
        if _is_stream(target):
            with target.open("wb") as stream:
                yield stream
        else:
            with _draft_of(_followed(target)) as stream:
                yield stream
    except OSError as error:
        raise _unwritable(target, error) from error


@contextmanager
def _draft_of(target: Path) -> Iterator[BinaryIO]:
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".sim-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def write_contents(contents: Mapping[str, str | bytes], targets: Mapping[str, Path]) -> None:
    """Write what is ready under each option to its target; text may go to standard output."""
    for option, content in contents.items():
        if targets[option] == STDOUT and isinstance(content, str):
            sys.stdout.write(content)
        else:
            write_whole(targets[option], content)
