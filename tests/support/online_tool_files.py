"""Files in the online energy-estimation tool's text format."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.formats.online_tool.line import COLUMNS
from sim.formats.online_tool.text import read_tool_file
from sim.networks.workload import Workload

NAMES = [".".join(column) for column in COLUMNS]
CONV = "7  8 9 4 2 10 16  3 3 2 6 5 8  8 5 6 2 7 12  1 2  1 1 0 2"  # two groups, two maps
FC = "8  8 5 6 2 7 12  8 5 6 3 720 16  1 1 3 2 0 16  1 1  0 0 0 0"
DEPTHWISE = "9  5 5 4 2 0 16  3 3 1 8 0 16  2 2 8 2 1 16  2 2  0 0 0 0"


def conv(**changes: object) -> str:
    """Write the line of the CONV layer with some columns changed, `ifmap_height` for ifmap.height."""
    values: dict[str, object] = dict(zip(NAMES, CONV.split(), strict=True))
    known = {name.replace(".", "_", 1): name for name in NAMES}
    return " ".join(str(value) for value in (values | {known[key]: changes[key] for key in changes}).values())


def read(text: str, file: Path) -> Workload:
    """Read a text, to the byte, as a file of the tool."""
    file.write_text(text, encoding="utf-8", newline="")
    return read_tool_file(file)


def refusal(path: Path | str) -> str:
    """Return the refusal of a file."""
    with pytest.raises(InputError) as caught:
        read_tool_file(path)
    return str(caught.value)
