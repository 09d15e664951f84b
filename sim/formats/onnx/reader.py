"""From an ONNX file to its graph in plain values, with the checks that the rest relies on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, quoted
from sim.files.text import shown_path
from sim.formats.onnx.file import bodies_of, nodes_of, read_model
from sim.formats.onnx.graph import LAYER_OPERATORS, Attribute, Graph, GraphNode
from sim.formats.onnx.shapes import InputShapes, infer_shapes

if TYPE_CHECKING:
    from onnx import AttributeProto, ModelProto, NodeProto, TensorProto

_STANDARD = ("", "ai.onnx")


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A model's graph and the tensors of its file."""

    graph: Graph
    tensors: Mapping[str, TensorProto]


def read_graph(path: Path | str, given: InputShapes) -> OnnxModel:
    """Read an ONNX file; `given` has the shapes of inputs with free dimensions. Raises InputError."""
    place = shown_path(path)
    model = read_model(path)
    tensors = _tensors(model, place)
    _check_order(model, tensors, place)
    shapes = infer_shapes(model, tensors, given, path)
    nodes = [node for node in model.graph.node if not _is_tensor(node)]
    graph = Graph(
        place=place,
        nodes=tuple(_node(proto, number, place) for number, proto in enumerate(nodes)),
        inputs=tuple(value.name for value in model.graph.input if value.name not in tensors),
        outputs=frozenset(value.name for value in model.graph.output),
        stored=frozenset(tensors),
        shapes=shapes,
    )
    return OnnxModel(graph, tensors)


def _is_tensor(node: NodeProto) -> bool:
    """Return whether a node is a tensor of the file in the disguise of an operator."""
    is_constant = node.op_type == "Constant" and node.domain in _STANDARD and len(node.output) == 1
    return is_constant and any(attribute.name == "value" and attribute.HasField("t") for attribute in node.attribute)


def _tensors(model: ModelProto, place: str) -> dict[str, TensorProto]:
    """Name the tensors that the file holds: initializers and Constant nodes."""
    if model.graph.sparse_initializer:
        raise InputError.located(place, wrong="it has sparse initializers", allowed="export it with dense ones")
    tensors: dict[str, TensorProto] = {}
    named = [(tensor.name, tensor) for tensor in model.graph.initializer]
    for node in filter(_is_tensor, model.graph.node):
        named += [(node.output[0], attribute.t) for attribute in node.attribute if attribute.name == "value"]
    for name, tensor in named:
        if name in tensors or not name:
            wrong = f"a second tensor named {quoted(name)}" if name else "a tensor without a name"
            raise InputError.located(place, wrong=wrong, allowed="every value has a name of its own")
        if any(size < 0 for size in tensor.dims):
            wrong = f"the tensor {quoted(name)} has a negative dimension"
            raise InputError.located(place, wrong=wrong, allowed="export the model again")
        tensors[name] = tensor
    return tensors


def _check_order(model: ModelProto, tensors: Mapping[str, TensorProto], place: str) -> None:
    """Check that each value is made once, and before it is read; so there are no cycles."""
    graph = model.graph
    makers = {value: node for node in graph.node for value in node.output if value}
    ready = set(tensors)
    for value in graph.input:
        if value.name in ready and value.name not in tensors:
            raise _twice(value.name, place)
        ready.add(value.name)
    for node in graph.node:
        if _is_tensor(node):
            continue
        where = f"{place}: {_title(node)}"
        for name in filter(None, node.input):
            if name not in ready:
                if name not in makers:
                    wrong, allowed = f"nothing makes its input {quoted(name)}", "add the input or initializer"
                else:
                    wrong = f"it reads {quoted(name)} before that is made"
                    allowed = "nodes stand in the order in which they run, without cycles"
                raise InputError.located(where, wrong=wrong, allowed=allowed)
        for name in filter(None, node.output):
            if name in ready:
                raise _twice(name, where)
            ready.add(name)
    for value in graph.output:
        if value.name not in ready:
            wrong = f"nothing makes the output {quoted(value.name)}"
            raise InputError.located(place, wrong=wrong, allowed="export the model again")


def _twice(name: str, where: str) -> InputError:
    return InputError.located(where, wrong=f"a second value named {quoted(name)}", allowed="every value has its own")


def _title(proto: NodeProto) -> str:
    return GraphNode(0, proto.op_type, proto.name, (), tuple(proto.output), {}).title


def _node(proto: NodeProto, number: int, place: str) -> GraphNode:
    """Take an operator over. Raises InputError where its body holds layers."""
    op = proto.op_type if proto.domain in _STANDARD else f"{proto.domain}.{proto.op_type}"
    captured: list[str] = []
    bodies = bodies_of(proto)
    for inner in (node for body in bodies for node in nodes_of(body.node)):
        captured += [name for name in inner.input if name]
        if inner.op_type in LAYER_OPERATORS:
            raise InputError.located(
                f"{place}: {_title(proto)}",
                wrong=f"a {inner.op_type} in its body, which runs no one knows how often",
                allowed="export the model without If, Loop and Scan",
            )
    for body in bodies:
        captured += [value.name for value in body.output]
    return GraphNode(
        number=number,
        op=op,
        name=proto.name,
        inputs=(*proto.input, *captured),
        outputs=tuple(proto.output),
        attributes={attribute.name: _attribute(attribute) for attribute in proto.attribute},
        has_body=bool(bodies),
    )


def _attribute(proto: AttributeProto) -> Attribute:
    """Return an attribute's numbers or text; None for tensors, graphs and types."""
    from onnx import AttributeProto as Kind

    if proto.type == Kind.INT:
        return proto.i
    if proto.type == Kind.FLOAT:
        return proto.f
    if proto.type == Kind.STRING:
        return proto.s.decode("utf-8", "replace")
    if proto.type == Kind.INTS:
        return tuple(proto.ints)
    if proto.type == Kind.FLOATS:
        return tuple(proto.floats)
    if proto.type == Kind.STRINGS:
        return tuple(text.decode("utf-8", "replace") for text in proto.strings)
    return None
