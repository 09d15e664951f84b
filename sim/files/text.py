"""Text files that people name on the command line: read with a bound, refused with one clear line."""

import codecs
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import InputError, printable, reason_of
from sim.files.opened import note_opened
from sim.files.tree import Mark

MAX_BYTES = 1 << 20
_WANTED = "expected a YAML file"


def shown_path(path: Path | str) -> str:
    """Write a path as the user passed it, on one line."""
    return printable(os.fspath(path)) or "''"


def read_text(path: Path | str, *, wanted: str = _WANTED, most_mib: int = MAX_BYTES >> 20) -> str:
    """Read a UTF-8 file of at most so many MiB, without its byte order mark. Raises InputError with `wanted`."""
    place = shown_path(path)
    content = _read_bytes(path, place, wanted, most_mib).removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        mark = end_of(content[: error.start].decode("utf-8"))
        wrong = f"the byte 0x{content[error.start]:02x} is not UTF-8"
        raise InputError.located(f"{place}:{mark}", wrong=wrong, allowed="save the file as UTF-8") from error


def _read_bytes(path: Path | str, place: str, wanted: str, most_mib: int) -> bytes:
    """Read a regular file; pipes and devices, which may never end, are not opened."""
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError.located(place, wrong="this is a directory", allowed=wanted)
        if not stat.S_ISREG(mode):
            raise InputError.located(place, wrong="this is not a regular file", allowed=wanted)
        with Path(path).open("rb") as stream:
            note_opened(stream.fileno())
            content = stream.read((most_mib << 20) + 1)
    except FileNotFoundError as error:
        raise InputError.located(place, wrong="no such file", allowed=wanted) from error
    except (OSError, ValueError) as error:
        raise InputError.located(place, wrong=f"cannot be read: {reason_of(error)}", allowed=wanted) from error
    if len(content) > most_mib << 20:
        raise InputError.located(place, wrong="the file is too large", allowed=f"at most {most_mib} MiB")
    return content


def json_text(content: Mapping[str, Any]) -> str:
    """Write what a .json file holds."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def end_of(text: str) -> Mark:
    """Point just behind a text."""
    lines = f"{text}.".splitlines()
    return Mark(len(lines), len(lines[-1]))
