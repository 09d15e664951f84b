"""Values of an ONNX graph in the layouts of the chip, and the weights that a layer has once it took up its scalings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.formats.onnx.graph import GraphNode
from sim.formats.onnx.network import Source
from sim.formats.onnx.operators import Operator
from sim.networks.layer import Shape

Array = NDArray[Any]
_DEFAULT_EPSILON = 1e-5


@dataclass(slots=True)
class Affine:
    """What becomes of a layer's products: each filter's times `scale`, plus `shift`, which is its bias."""

    scale: Array
    shift: Array


def ofmap_name(source: Source) -> str:
    """Name the value that is a layer's ofmap before ReLU."""
    fused = source.fused
    before_relu = fused.nodes[:-1] if fused.relu else fused.nodes
    return (before_relu[-1] if before_relu else source.operator.node).outputs[0]


def constant_names(source: Source) -> list[str]:
    """Name a layer's weights and the constants that scale and shift its ofmap."""
    operator = source.operator
    names = [operator.weights, *operator.node.inputs[2:]]
    before = operator.node.outputs[0]
    for node in source.fused.nodes:
        names += [name for name in node.inputs if name != before]
        before = node.outputs[0]
    return [name for name in names if name]


def stored_ifmap(operator: Operator, value: Array, stored: tuple[int, int, int]) -> Array:
    """Return a value as an ifmap (N, G C, h, w) without its padding; `stored` is (G C, h, w)."""
    if operator.node.op == "Conv":
        return value
    channels_last = value if operator.channels_last else np.swapaxes(value, -1, -2)
    if operator.rows == 1:
        return channels_last.reshape(-1, *stored)
    return channels_last.reshape(-1, operator.rows, stored[0]).transpose(0, 2, 1)[..., None]


def laid_out_ofmap(operator: Operator, value: Array, shape: Shape) -> Array:
    """Return a value as an ofmap (N, G M, E, F)."""
    if operator.node.op == "Conv":
        return value
    filters_last = np.moveaxis(value, operator.channel_axis, -1).reshape(-1, shape.E * shape.F, shape.M)
    return filters_last.transpose(0, 2, 1).reshape(-1, shape.M, shape.E, shape.F)


def scaled_filters(source: Source, shape: Shape, constants: Mapping[str, Array]) -> tuple[Array, Array]:
    """Hand a layer's filters (G M, C, R, S) and biases (G M), with all that it takes up."""
    operator = source.operator
    weights = constants[operator.weights].astype(np.float64)
    if operator.node.op != "Conv" and operator.filters_last:
        weights = weights.T
    filters = weights.reshape(shape.G * shape.M, shape.C, shape.R, shape.S)
    with np.errstate(all="ignore"):
        affine = _affine(source, shape.G * shape.M, constants)
        return filters * affine.scale[:, None, None, None], affine.shift


def _affine(source: Source, filters: int, constants: Mapping[str, Array]) -> Affine:
    """Follow a layer's ofmap from its products through the node's own bias and the nodes behind it."""
    node = source.operator.node
    is_gemm = node.op == "Gemm"
    affine = Affine(np.full(filters, _number(node, "alpha", 1.0) if is_gemm else 1.0), np.zeros(filters))
    if len(node.inputs) > 2 and node.inputs[2]:
        bias = constants[node.inputs[2]]
        affine.shift += _per_filter(bias, source.operator, filters) * (_number(node, "beta", 1.0) if is_gemm else 1.0)
    before = node.outputs[0]
    for fused in source.fused.nodes:
        if fused.op == "BatchNormalization":
            _normalise(affine, fused, constants)
        elif fused.op != "Relu":
            other = next(name for name in fused.inputs if name != before)
            _apply(affine, fused.op, _per_filter(constants[other], source.operator, filters))
        before = fused.outputs[0]
    return affine


def _normalise(affine: Affine, node: GraphNode, constants: Mapping[str, Array]) -> None:
    scale, shift, mean, variance = (constants[name].astype(np.float64) for name in node.inputs[1:5])
    factor = scale / np.sqrt(variance + _number(node, "epsilon", _DEFAULT_EPSILON))
    affine.scale = affine.scale * factor
    affine.shift = (affine.shift - mean) * factor + shift


def _apply(affine: Affine, op: str, constant: Array) -> None:
    if op in ("Add", "Sub"):
        affine.shift = affine.shift + (constant if op == "Add" else -constant)
    else:
        factor = constant if op == "Mul" else 1 / constant
        affine.scale, affine.shift = affine.scale * factor, affine.shift * factor


def _per_filter(constant: Array, operator: Operator, filters: int) -> Array:
    """Spread a constant over the filters; one that differs over rows, as a Gemm may have it, counts by its first."""
    if operator.node.op == "Conv" and constant.ndim == 1 and len(constant) == filters:
        return constant.astype(np.float64)  # the node's own bias
    from_end = _channels_from_end(operator)
    sizes = (1,) * (-from_end - constant.ndim) + constant.shape
    first = np.moveaxis(constant.reshape(sizes), from_end, -1).reshape(-1, sizes[from_end])[0]
    return np.broadcast_to(first.astype(np.float64), (filters,))


def _channels_from_end(operator: Operator) -> int:
    """Return the axis of the ofmap's channels, counted from the last, -1, towards the first."""
    if operator.node.op == "Conv":
        return -3
    weights_first = operator.node.inputs[0] == operator.weights
    return -2 if weights_first and operator.channel_axis >= 0 else -1


def _number(node: GraphNode, name: str, default: float) -> float:
    value = node.attributes.get(name, default)
    return float(value) if isinstance(value, (int, float)) else default
