"""A small sweep for the tests of this folder: 12 points, 4 of them impossible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

WORKLOAD = """\
schema: 1
name: small
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.25}
layers:
  - {name: c1, type: conv, ifmap: [3, 20, 20], filters: 16, kernel: 3, pad: 1}
  - {name: c2, type: conv, ifmap: [16, 20, 20], filters: 24, kernel: 3, stride: 2}
  - {name: total, type: fc, ifmap: [24, 9, 9], filters: 10}
"""
AXES = {"glb.fmap_banks": [1, 6, 25], "core.clock": ["100 MHz", "200 MHz"], "mapping.n": [1, 2]}


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Any]:
    """Return the data of the sweep."""
    file = tmp_path / "small.yaml"
    file.write_text(WORKLOAD, encoding="utf-8")
    return {"schema": 1, "workload": str(file), "axes": AXES}


@pytest.fixture
def spec(small: dict[str, Any], tmp_path: Path) -> Path:
    """Return the same as a file; JSON is YAML."""
    file = tmp_path / "spec.yaml"
    file.write_text(json.dumps(small), encoding="utf-8")
    return file
