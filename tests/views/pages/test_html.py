"""Pages stand alone: well formed, nothing from outside, ids once, text as it stands, and a browser has no complaint."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jinja2 import UndefinedError
from support.pages import BROWSER, check, complaints

from sim.views.charts.picture import render
from sim.views.pages.html import page_environment
from sim.views.pages.parts import Picture, Table, TableCell, table_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).parents[3]
ODD = "<b>&amp; \"quoted\" 'too' ]]> --> \x1b[31m $x_1$ </script>"


def chart(name: str) -> Picture:
    """Draw a chart with all that pictures have: letters, a clip, a hatch and a picture inside."""

    def draw(on: Figure) -> None:
        axes = on.subplots()
        axes.scatter([1, 2], [3, 4], rasterized=True)
        axes.bar([1], [3], hatch="//", label="-->")
        axes.set_title("a -- b")

    return Picture(name, render(draw, suffix=".svg", size=(3, 2)), ODD, ODD)


EVERYTHING = """
{% extends "base.html" %}
{% block content %}
{{ parts.paragraph(page.odd, kind="lead") }}
{{ parts.headline([("name", page.odd)]) }}
{% call parts.section(page.odd) %}
{{ parts.bullets([page.odd]) }}
{{ parts.table(page.table) }}
{% endcall %}
{% for picture in page.pictures %}
{{ parts.figure(picture) }}
{% endfor %}
{% endblock %}
"""


@dataclass(frozen=True)
class Everything:
    """A page's data, with odd words wherever there are any."""

    title: str
    odd: str
    table: Table
    pictures: tuple[Picture, ...]


def sample() -> str:
    """Make a page with everything."""
    rows = [("b", TableCell("9 mJ", 9e9), ODD), ("a", TableCell("10 mJ", 1e10), "y")]
    table = table_of(("x.y", "energy", "z"), rows, caption=ODD, is_sortable=True)
    page = Everything(ODD, ODD, table, (chart("one"), chart("two")))
    return page_environment().from_string(EVERYTHING.lstrip()).render(page=page)


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


def test_long_texts_may_break_and_short_ones_may_not() -> None:
    table = table_of(("head",), [("a" * 36,), ("a" * 37,)], caption="")
    found = (
        page_environment().from_string('{% import "parts.html" as parts %}{{ parts.table(table) }}').render(table=table)
    )
    assert f'<th scope="row" class="short">{"a" * 36}</th>' in found
    assert f'<th scope="row">{"a" * 37}</th>' in found


def test_the_policy_allows_the_script_as_it_stands() -> None:
    script = sample().split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in sample()


def test_what_a_page_does_not_have_is_no_blank() -> None:
    with pytest.raises(UndefinedError, match="titel"):
        page_environment().from_string("{{ page.titel }}").render(page=Everything("", "", Table((), (), ""), ()))


def test_parts_of_equal_name_in_a_picture_are_named_once() -> None:
    """Matplotlib names images by what they hold; the references lead to the first, which is the same."""
    image = b'<image id="i1" width="1"/>'
    svg = b'<svg width="9pt" viewBox="0 0 9 9"><g id="a">' + image + image + b'</g><use href="#i1"/></svg>'
    body = Picture("one", svg, "", "").inlined().body
    assert body == ('<g id="one-a"><image id="one-i1" width="1"/><image width="1"/></g><use href="#one-i1"/>')


def test_a_picture_that_has_no_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^picture one is no SVG file with a width in points and a viewBox$"):
        Picture("one", b"<svg></svg>", "", "").inlined()


@pytest.mark.parametrize("module", ["sim.views.pages.html", "sim.cli.main"])
def test_templates_are_a_matter_of_pages_alone(module: str) -> None:
    """Commands that make none start without Jinja2."""
    code = f"import sys, {module}; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


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
