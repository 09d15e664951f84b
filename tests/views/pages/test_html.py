"""Pages stand alone: well formed, nothing from outside, ids once, text as it stands, and a browser has no complaint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.pages import BROWSER, check, complaints

from sim.views.charts.picture import render
from sim.views.pages.html import Picture, bullets, figure, headline, page, paragraph, section, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ODD = "<b>&amp; \"quoted\" 'too' ]]> --> \x1b[31m $x_1$ </script>"


def chart(name: str) -> Picture:
    """Draw a chart with all that pictures have: letters, a clip, a hatch and a picture inside."""

    def draw(on: Figure) -> None:
        axes = on.subplots()
        axes.scatter([1, 2], [3, 4], rasterized=True)
        axes.bar([1], [3], hatch="//", label="-->")
        axes.set_title("a -- b")

    return Picture(name, render(draw, suffix=".svg", size=(3, 2)), ODD, ODD)


def sample() -> str:
    """Make a page with everything."""
    rows = [("b", ("9 mJ", 9e9), ODD), ("a", ("10 mJ", 1e10), "y")]
    parts = [
        paragraph(ODD, kind="lead"),
        headline([("name", ODD)]),
        section(ODD, bullets([ODD]), table(("x.y", "energy", "z"), rows, caption=ODD, is_sortable=True)),
        figure(chart("one")),
        figure(chart("two")),
    ]
    return page(ODD, parts)


def test_a_page_is_whole_and_alone() -> None:
    read = check(sample())
    assert "one-figure_1" in read.ids
    assert "two-figure_1" in read.ids


def test_the_same_page_has_the_same_bytes() -> None:
    assert sample() == sample()


def test_text_stands_as_it_was_written() -> None:
    shown = ODD.replace("\x1b", "\\x1b")
    read = check(sample())
    # title, heading, lead, headline, section, bullet, table's caption, cell, two figures' captions
    assert sum(shown in text for text in read.text) == 10
    assert "\x1b" not in sample()


def test_references_inside_a_picture_lead_to_its_own_parts() -> None:
    read = check(sample())
    inside = [reference for reference in read.references if reference.startswith("#")]
    assert {reference[1:4] for reference in inside} == {"one", "two"}
    assert "url(#one-" in sample()
    assert sample().count("<style") == 1


def test_numbers_are_sorted_by_value_and_not_by_letters() -> None:
    assert '<td class="number" data-value="9000000000.0">9 mJ</td>' in sample()
    assert '<th scope="col">x.<wbr>y</th>' in sample()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_a_browser_runs_the_script_and_has_no_complaint(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(sample(), encoding="utf-8")
    content, console = complaints(file, tmp_path)
    assert console == []
    assert content.count('<button type="button">') == 3


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_a_browser_would_refuse_what_is_not_inside(tmp_path: Path) -> None:
    """Which shows that the test above could fail."""
    file = tmp_path / "page.html"
    file.write_text(sample().replace("</main>", "<script>console.log(1)</script></main>"), encoding="utf-8")
    assert "Content Security Policy" in complaints(file, tmp_path)[1][0]
