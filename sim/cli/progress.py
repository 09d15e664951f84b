"""The progress bar over a network's layers: on a terminal only, on standard error."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sim.errors import printable
from sim.views.console import make_console


@contextmanager
def _interrupts_noticed() -> Iterator[Callable[[], None]]:
    """Return a function that raises KeyboardInterrupt if one was asked for, even where what it struck swallowed it.

    Python drops what is raised in a finalizer, and the compiler of the kernels has many.
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
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield notice
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)


@contextmanager
def layer_progress(layers: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Return a function to call with each finished layer's name; an interrupt ends the block, and no more."""
    console = make_console(to_stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("layers", total=layers)

        def done(name: str) -> None:
            progress.update(task, advance=1, description=printable(name))
            notice()

        try:
            with _interrupts_noticed() as notice:
                yield done
        except KeyboardInterrupt:
            return
