"""Progress by callback: a caller is told of every finished layer, and an interrupt ends the work, no more."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType

Done = Callable[[str], None]
Progress = Callable[[int], AbstractContextManager[Done]]  # told how many there will be; then of each, by its name


def _nothing(name: str) -> None:
    """Tell nobody."""


def Silent(total: int) -> AbstractContextManager[Done]:
    """Return the progress of those who don't want any."""
    return nullcontext(_nothing)


def told(callback: Callable[[int, int, str], None]) -> Progress:
    """Return a progress that calls `callback(finished, total, name)` after each."""

    @contextmanager
    def progress(total: int) -> Iterator[Done]:
        finished = 0

        def done(name: str) -> None:
            nonlocal finished
            finished += 1
            callback(finished, total, name)

        yield done

    return progress


@contextmanager
def layers_done(progress: Progress, total: int) -> Iterator[Done]:
    """Return a function to call with each finished layer's name; an interrupt ends the block, and no more."""
    with progress(total) as tell:
        try:
            with interrupts_noticed() as notice:

                def done(name: str) -> None:
                    tell(name)
                    notice()

                yield done
        except KeyboardInterrupt:
            return


@contextmanager
def interrupts_noticed() -> Iterator[Callable[[], None]]:
    """Return a function that raises KeyboardInterrupt if one was asked for, even where what it struck swallowed it.

    Python drops what is raised in a finalizer, and the compiler of the kernels and a cluster's client have many; it
    would print what it dropped, too.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    def notice() -> None:
        if asked:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield notice  # signals are the main thread's alone
        return
    before, tell_dropped = signal.signal(signal.SIGINT, ask), sys.unraisablehook

    def drop(dropped: sys.UnraisableHookArgs) -> None:
        if not (asked and dropped.exc_type is KeyboardInterrupt):
            tell_dropped(dropped)

    sys.unraisablehook = drop
    try:
        yield notice
    finally:
        sys.unraisablehook = tell_dropped
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
