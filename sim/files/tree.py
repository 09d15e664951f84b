"""A document as a tree of plain values, each with its place: what YAML text and command-line data become.

The tree is bounded in depth and in node count, because what reads it recurses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sim.errors import InputError, PathStep, quoted

MAX_DEPTH = 32
MAX_NODES = 100_000
MAX_NUMBER_CHARACTERS = 100  # str() and int() themselves refuse numbers of thousands of digits
HALF_CHARACTERS = "the text holds half a character (a lone surrogate)"

Steps = tuple[PathStep, ...]


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """A character of the file; both numbers start at 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place. `text` is a scalar as it was written, None where nothing was.

    `last` marks the last thing inside; `size` and `height` count nodes after alias expansion.
    """

    value: object
    mark: Mark
    last: Mark
    text: str | None = None
    quoted: bool = False
    size: int = 1
    height: int = 1
    keys: Mapping[PathStep, Mark] = field(default_factory=dict)
    children: Mapping[PathStep, "Node"] = field(default_factory=dict)


def mark_of(root: Node | None, path: Sequence[PathStep]) -> Mark:
    """Find the place of a path into a document, or of as much of it as is there."""
    node, mark = root, root.mark if root else Mark(1, 1)
    for step in path:
        if node is None or step not in node.children:
            break
        node = node.children[step]
        mark = node.mark
    return mark


def branch(
    value: object,
    mark: Mark,
    *,
    keys: Mapping[PathStep, Mark],
    children: Mapping[PathStep, Node],
) -> Node:
    """Make the node of a list or a mapping from its children."""
    inside = children.values()
    return Node(
        value=value,
        mark=mark,
        last=max([mark, *keys.values(), *(child.last for child in inside)]),
        size=1 + sum(child.size for child in inside),
        height=1 + max((child.height for child in inside), default=0),
        keys=keys,
        children=children,
    )


def tree_of_data(data: object, place: str) -> Node:
    """Make the tree of plain Python data; its marks count the values, so they only tell the order.

    Raises InputError for keys that are not text and for data that are too deep or too many.
    """
    return _DataReader(place).node(data, ())


class _DataReader:
    def __init__(self, place: str) -> None:
        self._place = place
        self._nodes = 0

    def node(self, value: object, path: Steps) -> Node:
        mark = self._next_mark()
        if len(path) >= MAX_DEPTH:
            allowed = f"at most {MAX_DEPTH} levels"
            raise InputError.located(self._place, wrong="nested too deeply", allowed=allowed)
        if isinstance(value, Mapping):
            return self._mapping(value, mark, path)
        if isinstance(value, list | tuple):
            children: dict[PathStep, Node] = {}
            for index, item in enumerate(value):
                children[index] = self.node(item, (*path, index))
            return branch(value, mark, keys={}, children=children)
        return self._leaf(value, mark, path)

    def _leaf(self, value: object, mark: Mark, path: Steps) -> Node:
        if isinstance(value, int) and abs(value) >= 10**MAX_NUMBER_CHARACTERS:
            allowed = f"at most {MAX_NUMBER_CHARACTERS} digits"
            raise InputError.located(self._place, path, wrong="the number is too large", allowed=allowed)
        if isinstance(value, str) and has_half_characters(value):
            raise InputError.located(self._place, path, wrong=HALF_CHARACTERS, allowed="write it in UTF-8")
        return Node(value=value, mark=mark, last=mark)

    def _mapping(self, value: Mapping[object, object], mark: Mark, path: Steps) -> Node:
        keys: dict[PathStep, Mark] = {}
        children: dict[PathStep, Node] = {}
        for key, item in value.items():
            key_node = self._leaf(key, self._next_mark(), path)
            if not isinstance(key, str):
                wrong = f"for a key got {described(key_node)}"
                raise InputError.located(self._place, path, wrong=wrong, allowed="expected text")
            keys[key] = key_node.mark
            children[key] = self.node(item, (*path, key))
        return branch(value, mark, keys=keys, children=children)

    def _next_mark(self) -> Mark:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise InputError.located(self._place, wrong="too many values", allowed=f"at most {MAX_NODES}")
        return Mark(self._nodes, 1)


def has_half_characters(text: str) -> bool:
    """Return whether a text holds lone surrogates, which no file or terminal takes."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def described(node: Node) -> str:
    """State in YAML's words what stands at a node."""
    value = node.value
    if value is None:
        return "no value"
    if isinstance(value, bool):
        word = str(value).lower()
        surprising = node.text is not None and node.text.lower() != word
        return f"'{node.text}', which YAML reads as {word}" if surprising else word
    if isinstance(value, int | float):
        return f"the number {node.text or value}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a Python {type(value).__name__}"
