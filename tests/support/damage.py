"""Files damaged at random, and what a command may make of them: read, or refused with status 2 and one line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.cli.main import main


def damage(good: str, draw: random.Random, *, times: int, first: int, longest: int, pieces: Sequence[bytes]) -> bytes:
    """Put some of `pieces`, or five random bytes, in the place of up to `longest` bytes behind the `first`."""
    content = bytearray(good.encode())
    for _ in range(times):
        start = draw.randrange(first, len(content))
        piece = draw.choice([*pieces, draw.randbytes(5)])
        content[start : start + draw.randint(0, longest)] = piece
    return bytes(content)


def status_of(content: bytes, file: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """Convert a file of this content; give the status, having seen that it is 2 just where one line is printed."""
    file.write_bytes(content)
    status = main(("convert", file.name, "-"))
    printed = capsys.readouterr()
    assert status == (2 if printed.err else 0)
    assert printed.err.count("\n") == (status == 2)
    return status
