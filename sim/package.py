"""The package itself: its version, and where it lies."""

from pathlib import Path

VERSION = "0.2.0"
ROOT = Path(__file__).resolve().parent
