"""Small ONNX models, built node by node; weights are drawn with a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Dims = Sequence[int | str | None]
Array = NDArray[np.float32] | NDArray[np.int64]
DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"


def weights(*shape: int, zeros: int = 0) -> Array:
    """Draw weights, the first `zeros` of them zero and no other."""
    drawn = np.random.default_rng(0).uniform(0.1, 1.0, shape).astype(np.float32)
    drawn.reshape(-1)[:zeros] = 0
    return drawn


def whole(*numbers: int) -> Array:
    """Return whole numbers, such as a shape."""
    return np.array(numbers, np.int64)


def node(
    op: str, inputs: str, outputs: str, *, name: str = "", domain: str = "", **attributes: object
) -> onnx.NodeProto:
    """Make a node; names of values stand between blanks, - for one left out."""
    given = ["" if value == "-" else value for value in inputs.split()]
    return helper.make_node(op, given, outputs.split(), name=name, domain=domain, **attributes)


def build(
    nodes: Sequence[onnx.NodeProto],
    tensors: Mapping[str, Array],
    inputs: Mapping[str, Dims | None],
    *,
    outputs: Sequence[str] = (),
    opset: int = 17,
) -> onnx.ModelProto:
    """Make a model of float inputs; its output is that of the last node unless told otherwise."""
    names = outputs or [nodes[-1].output[0]]
    graph = helper.make_graph(
        list(nodes),
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def small_cnn() -> onnx.ModelProto:
    """Make a network of two convolutions and a classifier, 54 of 216 and 320 of 1280 weights zero."""
    return build(
        [
            node("Conv", "x w1 b1", "c1", name="conv1", pads=[1, 1, 1, 1], strides=[2, 2]),
            node("BatchNormalization", "c1 s1 s1 s1 s1", "n1"),
            node("Relu", "n1", "r1"),
            node("MaxPool", "r1", "p1", kernel_shape=[2, 2], strides=[2, 2]),
            node("Conv", "p1 w2", "c2", name="depthwise", group=8, auto_pad="SAME_UPPER"),
            node("Flatten", "c2", "f"),
            node("Gemm", "f w3 b3", "g", name="fc", transB=1),
            node("Softmax", "g", "y"),
        ],
        {
            "w1": weights(8, 3, 3, 3, zeros=54),
            "b1": weights(8),
            "s1": weights(8),
            "w2": weights(8, 1, 3, 3),
            "w3": weights(10, 128, zeros=320),
            "b3": weights(10),
        },
        {"x": [1, 3, 16, 16]},
    )
