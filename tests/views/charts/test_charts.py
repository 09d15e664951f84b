"""Charts: what is in them, that they come out the same every time, and that any network's can be drawn."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from sim.ledger.estimate import Estimate, LayerEstimate
from sim.views.charts.estimate import draw

CONV = LayerEstimate("CONV1", is_fc=False, computation=2e6, weight=1e6, ifmap=3e6, ofmap=4e6, static=0)
FC = LayerEstimate("FC2", is_fc=True, computation=1e6, weight=4e6, ifmap=0, ofmap=0, static=0)
SMALL = Estimate("MAC", (CONV, FC))


def svg(estimate: Estimate, title: str = "net on chip") -> str:
    """Draw a chart, and make sure that it is well formed."""
    text = draw(estimate, suffix=".svg", title=title).decode("utf-8")
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    return text


def many(count: int) -> Estimate:
    """Make a network of many layers."""
    return Estimate("MAC", tuple(replace(CONV, name=f"block_{number}/conv3x3") for number in range(count)))


def size(picture: bytes) -> tuple[int, int]:
    """Read width and height out of a PNG file."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def test_a_chart_names_layers_kinds_and_shares() -> None:
    text = svg(SMALL)
    for label in ("CONV1", "FC2", "computation", "weight", "ifmap", "ofmap", "energy per image (M MAC)", "net on chip"):
        assert f"<!-- {label} -->" in text
    assert "<!-- 15.00 M MAC per image; CONV 66.7 %, FC 33.3 % -->" in text
    assert "<!-- static -->" not in text


def test_static_energy_has_a_bar_of_its_own() -> None:
    text = svg(Estimate("pJ", (replace(CONV, static=1e6), FC)))
    assert "<!-- static -->" in text
    assert "<!-- energy per image (uJ) -->" in text


@pytest.mark.parametrize("suffix", [".svg", ".png", ".SVG"])
def test_the_same_estimate_gives_the_same_bytes(suffix: str) -> None:
    """Whatever style the user has set, and without a date or a version."""
    plain = draw(SMALL, suffix=suffix, title="net")
    with mpl.rc_context({"axes.facecolor": "red", "svg.hashsalt": None, "font.size": 20}):
        assert draw(SMALL, suffix=suffix, title="net") == plain
    for mark in (b"<dc:date>", b"Software"):
        assert mark not in plain


def test_the_users_style_is_left_alone() -> None:
    with mpl.rc_context({"font.size": 20}):
        draw(SMALL, suffix=".svg", title="net")
        assert mpl.rcParams["font.size"] == 20


def test_every_name_has_its_room() -> None:
    small, large = (size(draw(estimate, suffix=".png", title="net")) for estimate in (SMALL, many(58)))
    assert small == (960, 630)
    assert large[0] / 58 > 30  # a label is 16 dots high
    text = svg(many(58))
    assert all(f"<!-- block_{number}/conv3x3 -->" in text for number in range(58))


def test_very_many_layers_fit_into_a_file() -> None:
    """Some go without a name."""
    width, _ = size(draw(many(450), suffix=".png", title="net"))
    assert width < 1 << 14


@pytest.mark.parametrize("name", ["$x_1^2$ \\alpha", "a\nb\x1b[31m", "<b>&--", "n" * 128, "面", ""])
def test_names_are_shown_as_they_stand(name: str) -> None:
    """Neither mathematics, nor markup, nor control characters take effect."""
    text = svg(Estimate("MAC", (replace(CONV, name=name), FC)), title=name)
    comments = re.findall("<!-- (.*?) -->", text)  # how matplotlib keeps the text of what it draws
    if len(name) == 128:
        assert sum(re.fullmatch(r"n{30,}\.\.\.", comment) is not None for comment in comments) == 2
    else:
        shown = {"a\nb\x1b[31m": "a\\nb\\x1b[31m", "<b>&--": "&lt;b&gt;&amp;- -"}.get(name, name)
        assert comments.count(shown) == (2 if name else 1)  # the layer's and the title's


def test_nothing_to_draw() -> None:
    svg(Estimate("MAC", (LayerEstimate("a", is_fc=False, computation=0, weight=0, ifmap=0, ofmap=0, static=0),)))
