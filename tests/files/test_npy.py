"""Damaged .npy files: read, or refused in one line, whatever numpy makes of their headers."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from sim.errors import FieldFault
from sim.files.npy import read_array

PIECES = (b"(", b")", b"'", b'"', b"{", b",", b"[", b"\n", b"\0", b"<i2", b"O", b"-1", b"1e9", b"True", b"9" * 9, b"L")
HEADER = 128


@pytest.mark.parametrize("times", [1000, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore")
def test_damaged_headers_are_read_or_refused_in_a_line(times: int, tmp_path: Path) -> None:
    file, draw, read = tmp_path / "a.npy", random.Random(1), 0
    np.save(file, np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    good = file.read_bytes()
    for _ in range(times):
        content = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            start, piece = draw.randrange(HEADER), draw.choice([*PIECES, draw.randbytes(2)])
            content[start : start + draw.choice([len(piece), 0, 2])] = piece
        file.write_bytes(content)
        try:
            read_array(file, (2, 3, 4), bits=16)
            read += 1
        except FieldFault as fault:
            assert "\n" not in f"{fault.wrong} {fault.allowed}"
    assert read < times / 10
