"""What goes into a layer beside its products, and what is known of values without running the network.

A layer takes up the scaling and the bias behind it, which change its weights only, and a ReLU, which the chip has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from sim.formats.onnx.graph import RESHAPING, Graph, GraphNode
from sim.formats.onnx.operators import Operator

RECTIFIED_ZEROS = 0.5
_SCALING = frozenset({"Add", "Sub", "Mul", "Div"})
_KEEPING_ZEROS = RESHAPING | {
    "Transpose", "MaxPool", "GlobalMaxPool", "LRN", "Slice", "Split", "Gather", "Pad", "Cast", "Resize", "Upsample",
    "DepthToSpace", "SpaceToDepth",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fused:
    """The nodes behind a layer that it takes up, in order; the last may be a ReLU."""

    nodes: tuple[GraphNode, ...]

    @property
    def relu(self) -> bool:
        """Whether the layer's ofmap is rectified."""
        return bool(self.nodes) and self.nodes[-1].op == "Relu"


def fuse(operator: Operator, graph: Graph) -> Fused:
    """Follow a layer's ofmap as long as nothing else reads it: through scalings and biases up to a ReLU."""
    taken: list[GraphNode] = []
    value = operator.node.outputs[0]
    while value not in graph.outputs and len(graph.readers.get(value, ())) == 1:
        node = graph.readers[value][0]
        if node.op != "Relu" and not _is_scaling(node, value, operator, graph):
            break
        taken.append(node)
        value = node.outputs[0]
        if node.op == "Relu":
            break
    return Fused(tuple(taken))


def _is_scaling(node: GraphNode, value: str, operator: Operator, graph: Graph) -> bool:
    """Return whether a node multiplies or shifts each ofmap channel by a constant, or all of them by one."""
    others = [name for place, name in enumerate(node.inputs) if place and name] if node.inputs[0] == value else []
    if node.op == "BatchNormalization":
        return operator.channel_axis == 1 and bool(others) and graph.constants.issuperset(others)
    if node.op not in _SCALING or len(node.inputs) != 2:
        return False
    if not others and node.op in ("Add", "Mul"):
        others = [node.inputs[0]]
    if len(others) != 1 or others[0] not in graph.constants:
        return False
    return _is_per_channel(others[0], value, operator.channel_axis, graph)


def _is_per_channel(constant: str, value: str, axis: int, graph: Graph) -> bool:
    """Return whether a constant has one value, or one a channel, when it is spread over a fmap."""
    if constant not in graph.shapes or value not in graph.shapes:
        return False
    spread, rank = graph.shapes[constant], len(graph.shapes[value])
    if len(spread) > rank:
        return False
    sizes = (1,) * (rank - len(spread)) + spread
    return all(size == 1 or place == axis for place, size in enumerate(sizes))


def default_zeros(graph: Graph, is_zero: Callable[[GraphNode, str], bool]) -> dict[str, float]:
    """Assume zero fractions of all values: RECTIFIED_ZEROS behind a ReLU, also through what keeps zeros, 0 otherwise.

    A Clip from 0 is a ReLU here. `is_zero` tells whether a node's constant input is zero.
    """
    zeros: dict[str, float] = {}
    for node in graph.nodes:
        given = [zeros.get(value, 0.0) for value in node.inputs]
        if node.op == "Relu" or (node.op == "Clip" and _clips_at_zero(node, is_zero)):
            found = RECTIFIED_ZEROS
        elif node.op == "Concat":
            found = _weighted(given, [prod(graph.shapes.get(value, (1,))) for value in node.inputs])
        else:
            found = given[0] if given and node.op in _KEEPING_ZEROS else 0.0
        zeros.update(dict.fromkeys(filter(None, node.outputs), found))
    return zeros


def _clips_at_zero(node: GraphNode, is_zero: Callable[[GraphNode, str], bool]) -> bool:
    if len(node.inputs) > 1 and node.inputs[1]:
        return is_zero(node, node.inputs[1])
    return node.attributes.get("min") == 0.0


def _weighted(parts: Sequence[float], sizes: Sequence[int]) -> float:
    whole = sum(sizes)
    return sum(part * size for part, size in zip(parts, sizes, strict=True)) / whole if whole else 0.0


def behind_layers(graph: Graph, layers: Mapping[int, Operator]) -> frozenset[str]:
    """Name the values that some layer has had a part in; `layers` are by their node's number."""
    behind: set[str] = set()
    for node in graph.nodes:
        if node.number in layers or any(value in behind for value in node.inputs):
            behind.update(filter(None, node.outputs))
    return frozenset(behind)
