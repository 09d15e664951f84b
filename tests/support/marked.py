"""Texts with a mark where their fault is, so that a test need not count lines and columns."""

from __future__ import annotations

HERE = "@"


def plain(text: str) -> str:
    """Take the mark out."""
    return text.replace(HERE, "", 1)


def place(text: str) -> str:
    """Return the mark's line and column, both from 1, as messages write them."""
    before = text[: text.index(HERE)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
