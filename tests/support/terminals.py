"""Where commands are tested: in a folder of their own, away from any terminal, or on one of the test's own."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support.commands import command_line, environment
from support.patience import patient


def stand_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Go to a folder, and forget what the terminal of whoever runs the tests asks for."""
    patch.chdir(folder)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR", "COLUMNS"):
        patch.delenv(name, raising=False)


class Terminal:
    """The command with its standard error on a pseudo-terminal."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            command_line(*arguments),
            env=environment(TERM="xterm-256color", COLUMNS="100"),
            stdout=subprocess.PIPE,
            stderr=slave,
            text=True,
        )
        os.close(slave)
        self.shown = ""

    def read_until(self, pattern: str) -> None:
        """Read what is shown until it matches a pattern, or until it ends."""
        while not re.search(pattern, self.shown):
            try:
                part = os.read(self._master, 1 << 16)
            except OSError:  # how Linux says that the other side is closed
                part = b""
            if not part:
                return
            self.shown += part.decode("utf-8", errors="replace")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def finish(self) -> tuple[int, str]:
        """Return the exit status and the standard output."""
        self.read_until("\0")
        printed, _ = self._process.communicate(timeout=patient(120))
        os.close(self._master)
        return self._process.returncode, printed
