"""Networks from ONNX files: the layers that the accelerator runs, and an account of every node that it doesn't."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError, listed, printable
from sim.files.schema import validate_data
from sim.files.text import shown_path
from sim.formats.onnx.account import Account, account_of
from sim.formats.onnx.fusion import RECTIFIED_ZEROS, Fused, behind_layers, default_zeros, fuse
from sim.formats.onnx.graph import Graph, GraphNode
from sim.formats.onnx.operators import Operator, images_of, operator_of
from sim.formats.onnx.reader import OnnxModel, read_graph
from sim.formats.onnx.shapes import InputShapes
from sim.formats.onnx.weights import zero_fraction
from sim.networks.layer import Layer, LayerKind
from sim.networks.workload import LayerEntry, Workload

_MOST_BATCH = 4096
_MOST_LAYERS = 4096
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Source:
    """What a layer was made of: its node, and those that it takes up."""

    operator: Operator
    fused: Fused


@dataclass(frozen=True, slots=True)
class OnnxNetwork:
    """A network, its graph and what became of the graph's nodes; `sources` are by the layers' names."""

    workload: Workload
    account: Account
    graph: Graph
    sources: Mapping[str, Source]


def read_onnx(path: Path | str, shapes: InputShapes) -> OnnxNetwork:
    """Read an ONNX file; `shapes` are those of inputs with free dimensions, by name.

    A layer is a Conv in two dimensions, or a Gemm or MatMul with constant weights; a product of several rows an image
    is a 1x1 convolution over the rows. Zeros of weights are counted, those of fmaps assumed (see default_zeros).
    What no layer came before is read raw, as the network's input. Raises InputError: `file: node: what is wrong`.
    """
    place = shown_path(path)
    model = read_graph(path, shapes)
    graph = model.graph
    images = images_of(graph)
    if images > _MOST_BATCH:
        raise InputError.located(place, wrong=f"a batch of {images}", allowed=f"at most {_MOST_BATCH}")
    found = (operator_of(node, graph, images) for node in graph.running)
    operators = {operator.node.number: operator for operator in found if operator}
    _check_count(operators, graph)
    fused = {number: fuse(operator, graph) for number, operator in operators.items()}
    weight_zeros = {number: zero_fraction(model, one.weights, path) for number, one in operators.items()}
    values = _Values(model, path, operators)
    layers = [
        values.layer(operator, name, relu=fused[number].relu, filter_zeros=weight_zeros[number] or 0.0)
        for (number, operator), name in zip(operators.items(), _names(operators.values()), strict=True)
    ]
    account = account_of(
        graph,
        operators,
        {number: one.nodes for number, one in fused.items()},
        without_values=sum(zeros is None for zeros in weight_zeros.values()),
    )
    sources = {
        layer.name: Source(operator, fused[number])
        for layer, (number, operator) in zip(layers, operators.items(), strict=True)
    }
    return OnnxNetwork(
        Workload(printable(Path(path).stem) or "onnx", images, tuple(layers)), account, model.graph, sources
    )


def _check_count(operators: Mapping[int, Operator], graph: Graph) -> None:
    if not operators:
        others = listed(sorted({node.op for node in graph.nodes}))
        allowed = f"expected Conv, Gemm or MatMul with constant weights, got {others}"
        raise InputError.located(graph.place, wrong="the accelerator runs nothing of it", allowed=allowed)
    if len(operators) > _MOST_LAYERS:
        raise InputError.located(graph.place, wrong=f"{len(operators)} layers", allowed=f"at most {_MOST_LAYERS}")


class _Values:
    """What layers need to know of the values in a graph: their zeros, and which are the network's own input."""

    def __init__(self, model: OnnxModel, path: Path | str, operators: Mapping[int, Operator]) -> None:
        def is_zero(node: GraphNode, value: str) -> bool:
            return value in model.graph.constants and zero_fraction(model, value, path) == 1.0

        self._graph = model.graph
        self._zeros = default_zeros(model.graph, is_zero)
        self._behind = behind_layers(model.graph, operators)

    def layer(self, operator: Operator, name: str, *, relu: bool, filter_zeros: float) -> Layer:
        """Make a layer. Raises InputError where its sizes are out of range or don't fit together."""
        graph, node = self._graph, operator.node
        place = f"{graph.place}: {node.title}"
        entry = validate_data({"name": name, **operator.entry}, LayerEntry, place)
        shape = entry.shape()
        if entry.type != "fc" and operator.rows == 1:
            found = graph.shape_of(node, node.outputs[0], "ofmap")
            if found[1:] != (shape.G * shape.M, shape.E, shape.F):
                wrong = f"its ofmap is stated as {found[1:]}".replace(",)", ")")
                raise graph.fault(node, wrong, f"its attributes make it {(shape.G * shape.M, shape.E, shape.F)}")
        return Layer(
            name=name,
            kind=LayerKind(entry.type),
            shape=shape,
            stored_height=entry.ifmap[1],
            stored_width=entry.ifmap[2],
            padding=entry.padding,
            ifmap_zeros=self._zeros.get(operator.ifmap, 0.0),
            ofmap_zeros=RECTIFIED_ZEROS if relu else 0.0,
            relu=relu,
            coded_ifmap=operator.ifmap in self._behind,
            filter_zeros=filter_zeros,
        )


def _names(operators: Iterable[Operator]) -> list[str]:
    """Name layers by their nodes, else by what these put out; on one line, not too long, and each once."""
    wanted = [printable(one.node.name or one.node.outputs[0]) or one.node.op for one in operators]
    wanted = [name[:_LONGEST_NAME] for name in wanted]
    taken: set[str] = set()
    reserved = set(wanted)
    names: list[str] = []
    for name in wanted:
        unique, number = name, 1
        while unique in taken or (number > 1 and unique in reserved):
            number += 1
            suffix = f"_{number}"
            unique = name[: _LONGEST_NAME - len(suffix)] + suffix
        taken.add(unique)
        names.append(unique)
    return names
