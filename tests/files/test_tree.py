"""Trees of plain data: their bounds, their marks, and the words for what stands in them."""

from typing import Any

import pytest

from sim.errors import InputError
from sim.files.tree import Mark, Node, described, tree_of_data

CYCLE: list[Any] = []
CYCLE.append(CYCLE)
LARGE = "the number is too large; at most 100 digits"
HALF = "the text holds half a character (a lone surrogate); write it in UTF-8"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({1: 2}, "for a key got the number 1; expected text"),
        ({"a": {None: 1}}, "a: for a key got no value; expected text"),
        ({10**5000: 1}, LARGE),
        ({"a": [10**5000]}, f"a[0]: {LARGE}"),
        ({"a": -(10**100)}, f"a: {LARGE}"),
        ({"a": "\udc80"}, f"a: {HALF}"),
        ({"\udc80": 1}, HALF),
        (CYCLE, "nested too deeply; at most 32 levels"),
        ([0] * 100_000, "too many values; at most 100000"),
    ],
    ids=range(9),
)
def test_refuse(data: object, line: str) -> None:
    with pytest.raises(InputError) as caught:
        tree_of_data(data, "--set")
    assert str(caught.value) == f"--set: {line}"


def test_marks_tell_the_order() -> None:
    root = tree_of_data({"a": [1, 2], "b": 10**99}, "--set")
    assert (root.mark, root.last) == (Mark(1, 1), Mark(7, 1))
    assert dict(root.keys) == {"a": Mark(2, 1), "b": Mark(6, 1)}
    assert [node.mark for node in root.children["a"].children.values()] == [Mark(4, 1), Mark(5, 1)]
    assert (root.size, root.height) == (5, 3)


@pytest.mark.parametrize(
    ("value", "text", "words"),
    [
        (None, None, "no value"),
        (None, "~", "no value"),
        (True, None, "true"),
        (False, "False", "false"),
        (False, "no", "'no', which YAML reads as false"),
        (3.0, None, "the number 3.0"),
        (16, "0x10", "the number 0x10"),
        ("3", "3", "the text '3'"),
        ([], None, "a list"),
        ((), None, "a list"),
        ({}, None, "a mapping"),
        (b"x", None, "a Python bytes"),
    ],
)
def test_described(value: object, text: str | None, words: str) -> None:
    assert described(Node(value=value, mark=Mark(1, 1), last=Mark(1, 1), text=text)) == words
