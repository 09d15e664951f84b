"""Files written whole or not at all, and refused with one clear line where they can't be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sim.errors import InputError, reason_of
from sim.files.text import shown_path


def check_writable(path: Path | str) -> None:
    """Make sure that a file can be written, as far as can be told before; raise InputError where it can't."""
    target, name = Path(path), shown_path(path)
    try:
        if target.is_dir():
            raise InputError.located(name, wrong="is a folder", allowed="give the name of a file")
        if not target.parent.is_dir():
            raise InputError.located(name, wrong="its folder is missing", allowed="make it first")
        if not os.access(target if _is_stream(target) else _followed(target).parent, os.W_OK):
            raise InputError.located(name, wrong="its folder can't be written to", allowed="name another")
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise _unwritable(target, error) from error


def check_folder_of(target: Path, name: str) -> None:
    """Make sure that the folder of something new is there and can be written to; raise InputError at `name`."""
    if not target.parent.is_dir():
        raise InputError.located(name, wrong="its folder is missing", allowed="make it first")
    if not os.access(target.parent, os.W_OK):
        raise InputError.located(name, wrong="its folder can't be written to", allowed="name another")


@contextmanager
def writing_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill, which stands whole in the place of `target`, new or empty, when the block ends, or not.

    Raises InputError for a folder that holds anything, and where it can't be written.
    """
    try:
        if target.exists() and any(target.iterdir()):
            raise InputError.located(shown_path(target), wrong="is not empty", allowed="name a new folder")
        with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".sim-") as drafts:
            draft = Path(drafts) / "whole"
            draft.mkdir(mode=0o755)
            yield draft
            draft.replace(target)
    except OSError as error:
        wrong = f"can't be written: {reason_of(error)}"
        raise InputError.located(shown_path(target), wrong=wrong, allowed="name another folder") from error


def write_whole(target: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; links are followed, pipes and devices written to."""
    with writing_whole(target) as stream:
        stream.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def writing_whole(target: Path) -> Iterator[BinaryIO]:
    """Open a file that appears whole when the block ends, and not at all where it fails."""
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


def _is_stream(target: Path) -> bool:
    """Tell a pipe or a device, which is written to, from a file, which is replaced."""
    return target.exists() and not target.is_file()


def _followed(target: Path) -> Path:
    """Follow links, also those that lead to a file that is not there yet."""
    return Path(os.path.realpath(target))


def _unwritable(target: Path, error: Exception) -> InputError:
    wrong = f"can't be written: {reason_of(error)}"
    return InputError.located(shown_path(target), wrong=wrong, allowed="name another file")
