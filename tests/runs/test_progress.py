"""Interrupts while layers run: none is lost where Python drops it, and nobody is shown what was dropped."""

from __future__ import annotations

import signal
import sys

import pytest

from sim.runs.progress import interrupts_noticed


class Finalized:
    """What is interrupted, or fails, as it goes."""

    def __init__(self, error: type[BaseException] | None = None) -> None:
        self.error = error

    def __del__(self) -> None:
        if self.error is not None:
            raise self.error
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def dropped(monkeypatch: pytest.MonkeyPatch) -> list[type[BaseException]]:
    """Return the kinds of what Python would print that it dropped."""
    found: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: found.append(told.exc_type))
    return found


def test_an_interrupt_of_a_finalizer_is_noticed_and_not_shown(dropped: list[type[BaseException]]) -> None:
    finished = 0
    with pytest.raises(KeyboardInterrupt), interrupts_noticed() as notice:
        notice()
        Finalized()
        finished += 1
        notice()
        finished += 1
    assert (finished, dropped) == (1, [])


def test_other_faults_of_finalizers_are_shown(dropped: list[type[BaseException]]) -> None:
    hook = sys.unraisablehook
    with interrupts_noticed() as notice:
        Finalized(ValueError)
        Finalized(KeyboardInterrupt)  # that nobody asked for
        notice()
    assert dropped == [ValueError, KeyboardInterrupt]
    assert sys.unraisablehook is hook
