"""The progress bar over a network's layers: on a terminal only, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sim.errors import printable
from sim.report import make_console


@contextmanager
def layer_progress(layers: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function to call with each finished layer's name; an interrupt ends the block, and no more."""
    console = make_console(to_stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("layers", total=layers)
        try:
            yield lambda name: progress.update(task, advance=1, description=printable(name))
        except KeyboardInterrupt:
            return
