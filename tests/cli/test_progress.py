"""The bar: a sweep's pace is that of late and holds still, layers have none, and a pipe is shown nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

import pytest
from rich.console import Console
from rich.progress import Progress as Bar
from rich.text import Text

from sim.cli import progress
from sim.cli.progress import BETWEEN_SAMPLES_S, PaceColumn, Steps, layer_bar, point_bar
from sim.runs.progress import Progress, layers_done

MakeBar: TypeAlias = Callable[..., Progress]


def said_at(seconds: Iterable[float], *, points: int, chunk: int) -> list[list[str]]:
    """Return what the pace is said to be after each point of the chunks that come in at given times."""
    now, column = 0.0, PaceColumn()
    bar = Bar(column, disable=True, get_time=lambda: now)
    steps = Steps(bar, bar.add_task("points", total=points), BETWEEN_SAMPLES_S)
    said = []
    for now in seconds:  # noqa: B007, it is the bar's clock
        texts = []
        for _ in range(chunk):
            steps.step("points")
            texts.append(column(bar.tasks[0]))
        said.append([str(text) for text in texts])
    return said


def test_the_pace_is_that_of_late_and_holds_still() -> None:
    """8 points at once, every second, and after a minute every fourth second."""
    seconds = [second for second in range(200) if second < 60 or second % 4 == 0]
    said = said_at(seconds, points=10_000, chunk=8)
    assert all(len(set(chunk)) == 1 for chunk in said)
    assert [chunk[0] for chunk in said[:4]] == ["", "", "", "8 points/s, 20:47 left"]
    assert said[59][0] == "8 points/s, 19:51 left"
    assert said[-1][0] == "2 points/s, 1:17:04 left"


def test_points_that_take_minutes_have_a_pace() -> None:
    said = said_at(range(0, 1000, 100), points=100, chunk=1)
    assert [chunk[0] for chunk in said[:3]] == ["", "0.01 points/s, 2:43:20 left", "0.01 points/s, 2:41:40 left"]


def test_no_point_is_forgotten() -> None:
    bar = Bar(disable=True, get_time=lambda: 0.0)
    steps = Steps(bar, bar.add_task("points", total=5), BETWEEN_SAMPLES_S)
    for number in range(5):
        steps.step(f"best {number}\n")
    assert (bar.tasks[0].completed, bar.tasks[0].description) == (1, "best 4\\n")
    steps.tell()
    assert bar.finished


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> Callable[..., io.StringIO]:
    """Return a function that puts something else in the place of standard error."""

    def put(*, is_terminal: bool) -> io.StringIO:
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=is_terminal, width=100, color_system=None)
        monkeypatch.setattr(progress, "make_console", lambda to_stderr: console)
        return stream

    return put


def run(bar: MakeBar, *, quiet: bool = False) -> None:
    """Do three of three steps."""
    with bar(quiet=quiet)(3) as done:
        for name in ("one", "two", "three"):
            done(name)


@pytest.mark.parametrize("bar", [layer_bar, point_bar])
def test_a_terminal_is_shown_every_step(bar: MakeBar, errors: Callable[..., io.StringIO]) -> None:
    shown = errors(is_terminal=True)
    run(bar)
    assert "three" in shown.getvalue()
    assert "3/3" in shown.getvalue()


def test_long_words_leave_room_for_figures(errors: Callable[..., io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the best point's choices are many, and may hold what looks like markup."""
    monkeypatch.setattr(PaceColumn, "render", lambda self, task: Text("217 points/s, 00:02 left"))
    shown = errors(is_terminal=True)
    with point_bar(quiet=False)(3) as done:
        done("[/x] " + "glb.fmap_banks=25 " * 20)
    lines = [line for line in re.split(r"[\r\n]", shown.getvalue()) if "[/x] glb" in line]
    assert lines
    assert all(re.search(r"….* 1/3 \d+:\d\d:\d\d 217 points/s, 00:02 left$", line.rstrip()) for line in lines)


@pytest.mark.parametrize("bar", [layer_bar, point_bar])
def test_nothing_else_is_shown_anything(bar: MakeBar, errors: Callable[..., io.StringIO]) -> None:
    pipe = errors(is_terminal=False)
    run(bar)
    assert pipe.getvalue() == ""
    quiet = errors(is_terminal=True)
    run(bar, quiet=True)
    assert quiet.getvalue() == ""


@pytest.mark.parametrize("bar", [layer_bar, point_bar])
def test_an_interrupt_ends_the_block_and_no_more(bar: MakeBar, errors: Callable[..., io.StringIO]) -> None:
    errors(is_terminal=False)
    with layers_done(bar(quiet=False), 3) as done:
        done("one")
        raise KeyboardInterrupt
