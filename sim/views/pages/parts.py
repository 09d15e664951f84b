"""What pages are made of, as plain data: tables of cells, and pictures. How they are laid out is the templates'."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_ROOT = re.compile(r'<svg [^>]*width="([\d.]+)pt"[^>]*viewBox="([^"]*)"[^>]*>')
_UNSEEN = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL)
_ID = re.compile(r'\b(id="|href="#|url\(#)')
_REPEATABLE = re.compile(r'\sid="([^"]*)"')
_GAPS = re.compile(r">\s*\n\s*<")


@dataclass(frozen=True, slots=True)
class TableCell:
    """What stands in a table: a text, with the number that it is sorted by if it is one."""

    text: str
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below heads; the first of each row says what the row is of. `hints` are by head."""

    heads: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    caption: str
    is_sortable: bool = False
    hints: Mapping[str, str] = field(default_factory=dict)

    def hint(self, column: int) -> str:
        """Return what a column means in a sentence, for who points at its head; empty where it says so itself."""
        return self.hints.get(self.heads[column], "")

    def is_number(self, column: int) -> bool:
        """Tell whether a column holds numbers, by its first cell."""
        return bool(self.rows) and self.rows[0][column].number is not None


def table_of(
    heads: Sequence[str],
    rows: Iterable[Sequence[TableCell | str]],
    *,
    caption: str,
    is_sortable: bool = False,
    hints: Mapping[str, str] | None = None,
) -> Table:
    """Make a table; a plain text becomes a cell without a number. `hints` say in a sentence what a head means."""
    cells = tuple(tuple(TableCell(one) if isinstance(one, str) else one for one in row) for row in rows)
    return Table(tuple(heads), cells, caption, is_sortable, hints or {})


def count_cell(count: int) -> TableCell:
    """Make a cell of a whole number."""
    return TableCell(str(count), float(count))


@dataclass(frozen=True, slots=True)
class Inlined:
    """An SVG file's content as it stands within a page; `body` is markup."""

    view_box: str
    width_pt: str
    body: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG file with what it is called: `name` is its own within the page, `label` says what it shows."""

    name: str
    svg: bytes
    label: str
    caption: str

    def inlined(self) -> Inlined:
        """Take the file's content: no reference leads out of it, and its ids are the page's only ones of that name."""
        svg = _UNSEEN.sub("", self.svg.decode("utf-8"))
        root = _ROOT.search(svg)
        if root is None:
            raise ValueError(f"picture {self.name} is no SVG file with a width in points and a viewBox")
        body = _without_repeats(svg[root.end() : svg.rindex("</svg>")])
        body = _ID.sub(rf"\g<1>{self.name}-", body)
        return Inlined(root[2], root[1], _GAPS.sub(">\n<", body).strip())


def _without_repeats(svg: str) -> str:
    """Leave each id at the first of the elements that have it.

    Parts of a picture are named by what they hold, so that colour bars of equal colours have equal names.
    """
    seen: set[str] = set()

    def kept(match: re.Match[str]) -> str:
        if match[1] in seen:
            return ""
        seen.add(match[1])
        return match[0]

    return _REPEATABLE.sub(kept, svg)
