"""How long a test waits before it calls something stuck: every limit of wall-clock time goes through here.

The limits are there to end a test that hangs, never to measure: SIM_TEST_PATIENCE scales them for a slower machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

PATIENCE = float(os.environ.get("SIM_TEST_PATIENCE", "10"))


def patient(seconds: float) -> float:
    """Stretch a limit that an idle machine keeps with ease to one that a loaded machine keeps."""
    return seconds * PATIENCE


def wait_until(ready: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds; fail after so many seconds, stretched."""
    deadline = time.monotonic() + patient(seconds)
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.005)
