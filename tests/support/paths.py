"""Where the repository is, and the published tables of the tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sim"
DATA = ROOT / "tests" / "data"
