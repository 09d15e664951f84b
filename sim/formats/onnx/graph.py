"""The graph of an ONNX model in plain values: nodes in order, shapes of values, and which values are constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from sim.errors import InputError, quoted

Dims = tuple[int, ...]
Attribute = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | None

RESHAPING = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"})  # order of values kept
LAYER_OPERATORS = frozenset({"Conv", "Gemm", "MatMul"})
_STATED_SHAPE = frozenset({"Shape", "Size"})


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One operator. `inputs` are empty strings where left out; values that its bodies read come last."""

    number: int
    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    has_body: bool = False

    @property
    def title(self) -> str:
        """The node's name as messages have it: by its own name, else by what it puts out."""
        return f"{self.op} node {quoted(self.name or next(filter(None, self.outputs), ''))}"


@dataclass(frozen=True)
class Graph:
    """A network. `place` is its file, `stored` names the tensors that the file holds, with or without values.

    `shapes` has the values whose shape is known in full.
    """

    place: str
    nodes: tuple[GraphNode, ...]
    inputs: tuple[str, ...]
    outputs: frozenset[str]
    stored: frozenset[str]
    shapes: Mapping[str, Dims]

    @cached_property
    def makers(self) -> dict[str, GraphNode]:
        """The node that makes a value."""
        return {value: node for node in self.nodes for value in node.outputs if value}

    @cached_property
    def readers(self) -> dict[str, list[GraphNode]]:
        """The nodes that read a value, one twice if it reads it twice."""
        readers: dict[str, list[GraphNode]] = {}
        for node in self.nodes:
            for value in filter(None, node.inputs):
                readers.setdefault(value, []).append(node)
        return readers

    @cached_property
    def constants(self) -> frozenset[str]:
        """The names of the values that are the same for every image: tensors of the file, and what follows from them
        alone.
        """
        constants = set(self.stored)
        for node in self.nodes:
            given = [value for value in node.inputs if value]
            stated = node.op in _STATED_SHAPE and all(value in self.shapes for value in given)
            if not node.has_body and (stated or all(value in constants for value in given)):
                constants.update(filter(None, node.outputs))
        return frozenset(constants)

    @cached_property
    def running(self) -> tuple[GraphNode, ...]:
        """The nodes that run for each image; the others make constants."""
        return tuple(node for node in self.nodes if not all(v in self.constants for v in node.outputs if v))

    def fault(self, node: GraphNode, wrong: str, allowed: str) -> InputError:
        """Make the error of a node."""
        return InputError.located(f"{self.place}: {node.title}", wrong=wrong, allowed=allowed)

    def shape_of(self, node: GraphNode, value: str, what: str) -> Dims:
        """Return the shape of a value that a layer needs. Raises InputError where it doesn't follow from the file."""
        if value not in self.shapes:
            raise self.fault(
                node,
                f"the shape of its {what} {quoted(value)} does not follow from the file",
                "give free dimensions with --shape, or export the model with fixed shapes",
            )
        return self.shapes[value]

    def words(self, node: GraphNode) -> int | None:
        """Count the values that a node hands on; None where a shape is unknown. Raises InputError for what can't be."""
        used = [value for value in node.outputs if value in self.readers or value in self.outputs]
        if not all(value in self.shapes for value in used):
            return None
        for value in used:
            if any(size < 0 for size in self.shapes[value]):
                shown = "x".join(map(str, self.shapes[value]))
                raise self.fault(node, f"it puts out {shown} values", "no dimension can be negative")
        return sum(prod(self.shapes[value]) for value in used)

    def whole(self, node: GraphNode, name: str, default: int) -> int:
        """Return an attribute that is a whole number."""
        value = node.attributes.get(name, default)
        if not isinstance(value, int):
            raise self.fault(node, f"its {name} is no whole number", f"expected one such as {default}")
        return value

    def wholes(self, node: GraphNode, name: str, default: Sequence[int]) -> tuple[int, ...]:
        """Return an attribute that is a list of whole numbers, as many as there are in `default`."""
        value = node.attributes.get(name, tuple(default))
        numbers = [number for number in value if isinstance(number, int)] if isinstance(value, tuple) else []
        if not isinstance(value, tuple) or len(numbers) != len(value) or len(numbers) != len(default):
            raise self.fault(node, f"its {name} is {_shown(value)}", f"expected {len(default)} whole numbers")
        return tuple(numbers)


def _shown(value: Attribute) -> str:
    return quoted(value) if isinstance(value, str) else quoted(str(value)).strip("'\"")
