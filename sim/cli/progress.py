"""The progress bar over a network's layers or a sweep's points: on a terminal only, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.table import Column
from rich.text import Text

from sim.errors import printable
from sim.runs.progress import Done, Progress
from sim.views.console import make_console

BETWEEN_SAMPLES_S = 1.0  # so that a rate can be read
_WINDOW_S = 30.0
_FEWEST_SAMPLES = 4
_SURE_AFTER_S = 3.0


def _whole() -> Column:
    """Make a column that keeps its width where the terminal is narrow, so that the description and the bar give way."""
    return Column(no_wrap=True)


class DescriptionColumn(ProgressColumn):
    """What was finished last, in one line of what room there is."""

    def render(self, task: Task) -> Text:
        """Write the description as it stands; markup in it is none."""
        return Text(task.description, no_wrap=True, overflow="ellipsis")


class PaceColumn(ProgressColumn):
    """The rate of the last half minute and the time left, once points have come in for some seconds."""

    def __init__(self) -> None:
        super().__init__(_whole())
        self._left = TimeRemainingColumn(compact=True)

    def render(self, task: Task) -> Text:
        """Write e.g. `8 points/s, 20:47 left`; nothing in the first seconds, while workers start."""
        first, speed = task.fields.get("first_at"), task.speed
        if first is None or task.get_time() - first < _SURE_AFTER_S or not speed:
            return Text()
        return Text.assemble(f"{speed:.3g} points/s, ", self._left.render(task), " left")


@dataclass(slots=True)
class Steps:
    """Finished steps of a task, told to its bar together where they follow each other closely.

    Points come in by chunks: were each told at once, all of the first chunk but one would count as the work of no
    time, and the rate would change while it is read.
    """

    progress: Bar
    task: TaskID
    between_s: float
    _first_at: float | None = None
    _told_at: float | None = None
    _untold: int = 0

    def step(self, description: str) -> None:
        """Count one step, and say at once what it was."""
        now, told = self.progress.get_time(), 0
        self._untold += 1
        self._first_at = now if self._first_at is None else self._first_at
        since = self.between_s if self._told_at is None else now - self._told_at
        if since >= self.between_s:
            # Where a point takes minutes, half a minute would hold one sample, which makes no rate.
            self.progress.speed_estimate_period = max(_WINDOW_S, _FEWEST_SAMPLES * since)
            self._told_at, told, self._untold = now, self._untold, 0
        self.progress.update(self.task, description=printable(description), advance=told, first_at=self._first_at)

    def tell(self) -> None:
        """Tell the bar what it wasn't told yet."""
        self.progress.update(self.task, advance=self._untold)
        self._untold = 0


def layer_bar(*, quiet: bool) -> Progress:
    """Return a bar over a network's layers."""
    return lambda total: _shown("layers", total, quiet=quiet)


def point_bar(*, quiet: bool) -> Progress:
    """Return a bar over a sweep's points, with its pace."""
    return lambda total: _shown("points", total, PaceColumn(), quiet=quiet, between_s=BETWEEN_SAMPLES_S)


@contextmanager
def _shown(what: str, total: int, *more: ProgressColumn, quiet: bool, between_s: float = 0.0) -> Iterator[Done]:
    console = make_console(to_stderr=True)
    count, elapsed = MofNCompleteColumn(table_column=_whole()), TimeElapsedColumn(table_column=_whole())
    hidden = quiet or not console.is_terminal
    with Bar(
        DescriptionColumn(), BarColumn(), count, elapsed, *more, console=console, transient=True, disable=hidden
    ) as bar:
        steps = Steps(bar, bar.add_task(what, total=total), between_s)
        yield steps.step
        steps.tell()
