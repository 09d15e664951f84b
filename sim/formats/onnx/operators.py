"""What the accelerator runs of an ONNX graph: Conv, Gemm and MatMul nodes as entries of a workload file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from sim.errors import quoted
from sim.formats.onnx.graph import RESHAPING, Dims, Graph, GraphNode

_PLANE = 4  # the rank of N C H W


@dataclass(frozen=True, slots=True)
class Operator:
    """A node that becomes a layer.

    `ifmap` and `weights` name its operands, `entry` has the layer's shape in the words of a workload file,
    `channel_axis` is that of the ofmap's channels in what the node puts out. `rows` is how many rows of an image a
    fully connected layer reads: more than one make it a 1x1 convolution over them. Of its operands, the ifmap's
    channels and the weights' filters are the last dimension (`channels_last`, `filters_last`), else the last but one.
    """

    node: GraphNode
    ifmap: str
    weights: str
    entry: Mapping[str, Any]
    channel_axis: int
    rows: int = 1
    channels_last: bool = True
    filters_last: bool = False


def images_of(graph: Graph) -> int:
    """Return the batch that the graph was made for: that of its first Conv, else its first input's first dimension."""
    for node in graph.running:
        if node.op == "Conv" and graph.shapes.get(node.inputs[0]):
            return max(1, graph.shapes[node.inputs[0]][0])
    first = graph.shapes.get(graph.inputs[0], ()) if graph.inputs else ()
    return max(1, first[0]) if first else 1


def operator_of(node: GraphNode, graph: Graph, images: int) -> Operator | None:
    """Return what the accelerator makes of a node; None where it doesn't run it.

    Raises InputError for a Conv or Gemm that the accelerator should run but can't.
    """
    if node.op == "Conv":
        return _conv(node, graph, images)
    if node.op == "Gemm":
        return _gemm(node, graph, images)
    if node.op == "MatMul":
        return _matmul(node, graph, images)
    return None


def _conv(node: GraphNode, graph: Graph, images: int) -> Operator:
    ifmap, weights = node.inputs[:2]
    if weights not in graph.constants:
        raise graph.fault(node, f"its weights {quoted(weights)} are no constant", "store them as an initializer")
    stored, kernels = graph.shape_of(node, ifmap, "ifmap"), graph.shape_of(node, weights, "weights")
    if len(stored) != _PLANE or len(kernels) != _PLANE:
        wrong = f"weights of {_by(kernels)} over an ifmap of {_by(stored)}"
        raise graph.fault(node, wrong, "only convolutions in two dimensions are run, on N x C x H x W")
    filters, channels, height, width = kernels
    groups = graph.whole(node, "group", 1)
    _check_conv(node, graph, images, (stored, kernels, groups))
    strides = graph.wholes(node, "strides", (1, 1))
    pad = _padding(node, graph, stored[2:], kernels[2:], strides)
    is_depthwise = channels == 1 and groups == stored[1] > 1
    entry = {
        "type": "depthwise" if is_depthwise else "conv",
        "ifmap": list(stored[1:]),
        "filters": filters,
        "kernel": [height, width],
        "stride": list(strides),
        "pad": list(pad),
        "groups": groups,
    }
    return Operator(node, ifmap, weights, entry, channel_axis=1)


def _check_conv(node: GraphNode, graph: Graph, images: int, sizes: tuple[Dims, Dims, int]) -> None:
    stored, kernels, groups = sizes
    if groups < 1 or kernels[1] * groups != stored[1]:
        wrong = f"weights for {kernels[1]} channels in {groups} groups over an ifmap of {stored[1]} channels"
        raise graph.fault(node, wrong, "channels a group times groups are the ifmap's")
    if graph.wholes(node, "kernel_shape", kernels[2:]) != kernels[2:]:
        wrong = f"its kernel_shape is {_by(graph.wholes(node, 'kernel_shape', kernels[2:]))}"
        raise graph.fault(node, wrong, f"its weights are {_by(kernels[2:])}")
    dilations = graph.wholes(node, "dilations", (1, 1))
    if any(dilation != 1 and kernel > 1 for dilation, kernel in zip(dilations, kernels[2:], strict=True)):
        raise graph.fault(node, f"dilation {_by(dilations)}", "the array runs convolutions of dilation 1 only")
    if stored[0] != images:
        wrong = f"it runs on {stored[0]} images in a batch of {images}"
        raise graph.fault(node, wrong, "every convolution runs once an image")


def _padding(node: GraphNode, graph: Graph, sizes: Dims, kernels: Dims, strides: Dims) -> tuple[int, int, int, int]:
    """Return the padding at the top, bottom, left and right."""
    automatic = node.attributes.get("auto_pad", "NOTSET")
    if automatic == "VALID":
        return 0, 0, 0, 0
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        (top, bottom), (left, right) = (
            _same(size, kernel, stride, upper=automatic == "SAME_UPPER")
            for size, kernel, stride in zip(sizes, kernels, strides, strict=True)
        )
        return top, bottom, left, right
    if automatic not in ("NOTSET", ""):
        allowed = "allowed: NOTSET, SAME_UPPER, SAME_LOWER, VALID"
        raise graph.fault(node, f"its auto_pad is {quoted(str(automatic))}", allowed)
    top, left, bottom, right = graph.wholes(node, "pads", (0, 0, 0, 0))
    return top, bottom, left, right


def _same(size: int, kernel: int, stride: int, *, upper: bool) -> tuple[int, int]:
    """Pad so that there is a window a stride; what is odd goes to the end if `upper`."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    less, more = total // 2, total - total // 2
    return (less, more) if upper else (more, less)


def _gemm(node: GraphNode, graph: Graph, images: int) -> Operator:
    left, right = node.inputs[:2]
    turned = [bool(graph.whole(node, name, 0)) for name in ("transA", "transB")]
    if left not in graph.constants and right not in graph.constants:
        raise graph.fault(node, f"its weights {quoted(right)} are no constant", "store them as an initializer")
    return _product(node, graph, images, (left, turned[0]), (right, turned[1]))


def _matmul(node: GraphNode, graph: Graph, images: int) -> Operator | None:
    """Leave out products of two values that are computed, and those with other weights for each image or head."""
    left, right = node.inputs[:2]
    weights = right if right in graph.constants else left
    if weights not in graph.constants or len(graph.shape_of(node, weights, "weights")) != 2:
        return None
    return _product(node, graph, images, (left, False), (right, False))


def _product(node: GraphNode, graph: Graph, images: int, left: tuple[str, bool], right: tuple[str, bool]) -> Operator:
    """Take a matrix product, of operands that may be transposed, as a fully connected layer."""
    swapped = right[0] not in graph.constants
    (ifmap, ifmap_turned), (weights, weights_turned) = (right, left) if swapped else (left, right)
    stored, matrix = graph.shape_of(node, ifmap, "ifmap"), graph.shape_of(node, weights, "weights")
    if len(matrix) != 2 or not stored:
        wrong = f"a product of {_by(stored)} and weights of {_by(matrix)}"
        raise graph.fault(node, wrong, "weights have two dimensions")
    inputs, filters = matrix if weights_turned == swapped else matrix[::-1]
    along = -2 if len(stored) > 1 and swapped != ifmap_turned else -1
    if stored[along] != inputs:
        wrong = f"weights for {inputs} channels over an ifmap of {stored[along]}"
        raise graph.fault(node, wrong, "both operands agree in the dimension that is summed over")
    everywhere = prod(stored) // inputs if inputs else 0
    rows, left_over = divmod(everywhere, images)
    if left_over or not rows:
        wrong = f"it reads {everywhere} rows in a batch of {images} images"
        raise graph.fault(node, wrong, "expected as many an image; give the model's inputs a batch of 1")
    if rows == 1:
        entry = {"type": "fc", "ifmap": list(_unflattened(ifmap, graph, (images, inputs))), "filters": filters}
    else:
        entry = {"type": "conv", "ifmap": [inputs, rows, 1], "filters": filters, "kernel": 1}
    rank = len(graph.shapes.get(node.outputs[0], (0, 0)))
    return Operator(
        node,
        ifmap,
        weights,
        entry,
        channel_axis=rank - 2 if swapped else rank - 1,
        rows=rows,
        channels_last=along == -1,
        filters_last=weights_turned == swapped,
    )


def _unflattened(value: str, graph: Graph, sizes: tuple[int, int]) -> Dims:
    """Return (C, H, W) of the fmap that was flattened into a vector of `sizes` (images, words), else (words, 1, 1)."""
    images, words = sizes
    while True:
        shape = graph.shapes.get(value, ())
        if len(shape) == _PLANE and shape[0] == images and prod(shape[1:]) == words:
            return shape[1:]
        maker = graph.makers.get(value)
        if maker is None or maker.op not in RESHAPING or not maker.inputs:
            return words, 1, 1
        value = maker.inputs[0]


def _by(sizes: Dims) -> str:
    return " x ".join(map(str, sizes)) or "a scalar"
