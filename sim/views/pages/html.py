"""A page of HTML that stands alone: styles, script and pictures are inside, and its policy forbids all that is not.

Text is escaped here and nowhere else: what these functions take is plain text, what they give is markup.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NewType

from sim.errors import printable
from sim.views.pages.style import SCRIPT, STYLE

Html = NewType("Html", str)
Cell = str | tuple[str, float]  # with a number it is sorted by that, and stands to the right

_MOST_UNBROKEN = 36  # letters of a cell that stay on one line
_METADATA = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r'<svg [^>]*width="([\d.]+)pt"[^>]*(viewBox="[^"]*")[^>]*>')
_ID = re.compile(r'\b(id="|href="#|url\(#)')
_GAPS = re.compile(r">\s*\n\s*<")


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG file with what it is called: `name` is its own within the page, `label` says what it shows."""

    name: str
    svg: bytes
    label: str
    caption: str


def page(title: str, parts: Iterable[Html]) -> str:
    """Put a page together; the same parts give the same bytes."""
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">',
            f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            f"<h1>{text(title)}</h1>",
            *parts,
            f"</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        ]
    )


def text(words: object) -> Html:
    """Return what people wrote as it stands: neither markup nor control characters take effect."""
    return Html(escape(printable(str(words)), quote=True))


def section(heading: str, *parts: Html) -> Html:
    """Put parts under a heading."""
    return Html("\n".join(["<section>", f"<h2>{text(heading)}</h2>", *parts, "</section>"]))


def paragraph(words: str, *, kind: str = "") -> Html:
    """Make a paragraph; `kind` is "lead" or "warning"."""
    return Html(f"<p{_class(kind)}>{text(words)}</p>")


def bullets(lines: Iterable[str]) -> Html:
    """Make a list of lines."""
    return Html("<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>")


def headline(figures: Iterable[tuple[str, str]]) -> Html:
    """Show names and figures large, side by side."""
    items = (f"<div><dt>{text(name)}</dt><dd>{text(figure)}</dd></div>" for name, figure in figures)
    return Html('<dl class="headline">' + "".join(items) + "</dl>")


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, caption: str, is_sortable: bool = False) -> Html:
    """Make a table; the first cell of each row is its head. Columns of a sortable one sort by a click."""
    made = list(rows)
    head = "".join(f'<th scope="col"{_class(_kind(made, at))}>{_breakable(name)}</th>' for at, name in enumerate(heads))
    body = "\n".join(f"<tr>{''.join(_cell(cell, is_head=not at) for at, cell in enumerate(row))}</tr>" for row in made)
    return Html(
        f'<div class="wide"><table{_class("sortable" if is_sortable else "")}><caption>{text(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def figure(picture: Picture) -> Html:
    """Put a picture into the page with its caption; those who can't see it are told its label."""
    caption = f"<figcaption>{text(picture.caption)}</figcaption>"
    return Html(f'<figure>\n<div class="wide">{_inline(picture)}</div>\n{caption}\n</figure>')


def _inline(picture: Picture) -> str:
    """Take an SVG file's content: no reference leads out of it, and its ids are the page's only ones of that name."""
    svg = picture.svg.decode("utf-8")
    svg = _METADATA.sub("", svg[svg.index("<svg") :])
    svg = _ID.sub(rf"\g<1>{picture.name}-", svg)
    start = (
        rf'<svg \2 role="img" aria-label="{_escaped(picture.label)}" style="max-width:\1pt;min-width:min(\1pt,40rem)">'
    )
    return _GAPS.sub(">\n<", _ROOT.sub(start, svg, count=1)).strip()


def _escaped(label: str) -> str:
    return text(label).replace("\\", r"\\")


def _kind(rows: Sequence[Sequence[Cell]], at: int) -> str:
    return "number" if rows and isinstance(rows[0][at], tuple) else ""


def _breakable(name: str) -> str:
    """Let a path such as pe_array.columns break behind its dots, so that columns of numbers stay narrow."""
    return text(name).replace(".", ".<wbr>")


def _cell(cell: Cell, *, is_head: bool) -> str:
    name, scope = ("th", ' scope="row"') if is_head else ("td", "")
    if isinstance(cell, str):
        return f"<{name}{scope}{_class('short' if len(cell) <= _MOST_UNBROKEN else '')}>{text(cell)}</{name}>"
    words, number = cell
    return f'<{name}{scope} class="number" data-value="{number!r}">{text(words)}</{name}>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
