"""Stores damaged at random: read, or refused with status 2 and one line, never a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sim.cli.main import main

SWEEP = ("sweep", "--set", "workload=alexnet", "--set", "glb.fmap_banks=[25,30]")
PIECES = (b"\0", b"\xff", b"[", b"}", b'"', bytes(64))


def damaged(good: bytes, draw: random.Random) -> bytes:
    """Put other bytes into some places, most of them where the tables are described, or cut the end off."""
    content = bytearray(good)
    for _ in range(draw.randint(1, 6)):
        start = draw.choice([draw.randrange(len(content)), draw.randrange(200), draw.randrange(4096)])
        piece = draw.choice([*PIECES, draw.randbytes(8)])
        content[start : start + len(piece)] = piece
    return bytes(content[: draw.choice([len(content), draw.randrange(len(content) // 4, len(content))])])


@pytest.mark.parametrize("times", [20, pytest.param(400, marks=pytest.mark.slow)])
def test_damaged_stores_are_read_or_refused_in_a_line(
    times: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main((*SWEEP, "--store", "s.sqlite", "--quiet")) == 0
    good, draw, refused = Path("s.sqlite").read_bytes(), random.Random(5), 0
    for _ in range(times):
        content = damaged(good, draw)
        for arguments in ((*SWEEP, "--store", "d.sqlite", "--csv", "d.csv"), ("sweep", "plot", "d.sqlite")):
            for left in Path().glob("d.*"):
                left.unlink()
            Path("d.sqlite").write_bytes(content)
            status = main((*arguments, "--quiet") if "--csv" in arguments else (*arguments, "--output", "d.svg"))
            error = capsys.readouterr().err
            assert status in (0, 2)
            assert status == 0 or error.count("\n") == 1, error
            refused += status == 2
    assert refused > times / 2
