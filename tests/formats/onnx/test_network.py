"""ONNX graphs: which layers they mean, what is folded into them, and the account of everything else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from support.onnx_builder import build, node, small_cnn, weights, whole
from support.patience import patient

from sim.formats.onnx.network import OnnxNetwork, read_onnx
from sim.networks.layer import Layer, LayerKind, Padding, Shape

pytestmark = pytest.mark.usefixtures("folder")  # each test stands in an empty one

X = {"x": [1, 8, 12, 10]}
FMAPS = (
    "zeros: weights' zeros are counted; fmaps' are assumed: 0.5 behind a ReLU, also through max pooling and "
    "operators that only move values, else 0"
)


def read(model: onnx.ModelProto, **shapes: tuple[int, ...]) -> OnnxNetwork:
    """Write a model to a file and read it as a network."""
    onnx.save(model, "net.onnx")
    return read_onnx("net.onnx", shapes)


def layer_of(model: onnx.ModelProto) -> Layer:
    """Return the only layer of a model."""
    (layer,) = read(model).workload.layers
    return layer


def conv(inputs: str = "x w", *, kernel: tuple[int, ...] = (4, 8, 3, 3), **attributes: object) -> onnx.ModelProto:
    """Make a model of one convolution over 8 x 12 x 10."""
    return build([node("Conv", inputs, "y", name="c", **attributes)], {"w": weights(*kernel)}, X)


# What a graph means


def test_a_small_network() -> None:
    network = read(small_cnn())
    assert (network.workload.name, network.workload.batch) == ("net", 1)
    assert network.workload.layers == (
        Layer(
            name="conv1",
            kind=LayerKind.CONV,
            shape=Shape(G=1, M=8, C=3, R=3, S=3, E=8, F=8, Uy=2, Ux=2),
            stored_height=16,
            stored_width=16,
            padding=Padding(1, 1, 1, 1),
            ofmap_zeros=0.5,
            coded_ifmap=False,
            filter_zeros=0.25,
        ),
        Layer(
            name="depthwise",
            kind=LayerKind.DEPTHWISE,
            shape=Shape(G=8, M=1, C=1, R=3, S=3, E=4, F=4),
            stored_height=4,
            stored_width=4,
            padding=Padding(1, 1, 1, 1),
            ifmap_zeros=0.5,
            relu=False,
        ),
        Layer(
            name="fc",
            kind=LayerKind.FC,
            shape=Shape(G=1, M=10, C=8, R=4, S=4, E=1, F=1),
            stored_height=4,
            stored_width=4,
            relu=False,
            filter_zeros=0.25,
        ),
    )
    assert network.account.notes() == [
        "layers: Conv 2, Gemm 1; folded into them: BatchNormalization 1, Relu 1",
        "not on the accelerator, with its share of the values that all nodes put out: "
        "Flatten 1 (6.6 %), MaxPool 1 (6.6 %), Softmax 1 (0.5 %); 13.7 % in all",
        FMAPS,
    ]
    assert network.account.as_dict() == {
        "layers": {"Conv": 2, "Gemm": 1},
        "folded": {"BatchNormalization": 1, "Relu": 1},
        "constant": {},
        "not_on_the_accelerator": [
            {"operator": "Flatten", "nodes": 1, "values": 128, "share": 128 / 1940},
            {"operator": "MaxPool", "nodes": 1, "values": 128, "share": 128 / 1940},
            {"operator": "Softmax", "nodes": 1, "values": 10, "share": 10 / 1940},
        ],
        "layers_over_rows": 0,
        "layers_without_weight_values": 0,
        "assumed_zeros": {"behind_relu": 0.5, "otherwise": 0.0},
    }


@pytest.mark.parametrize(
    ("attributes", "padding", "outputs"),
    [
        ({}, Padding(), (10, 8)),
        ({"pads": [1, 2, 0, 3]}, Padding(top=1, bottom=0, left=2, right=3), (11, 13)),
        ({"auto_pad": "VALID", "pads": [0, 0, 0, 0]}, Padding(), (10, 8)),
        ({"auto_pad": "SAME_UPPER"}, Padding(1, 1, 1, 1), (12, 10)),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 3]}, Padding(0, 1, 1, 1), (6, 4)),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 3]}, Padding(1, 0, 1, 1), (6, 4)),
        ({"strides": [3, 1], "kernel_shape": [3, 3]}, Padding(), (4, 8)),
    ],
)
def test_padding_and_strides(attributes: dict[str, object], padding: Padding, outputs: tuple[int, int]) -> None:
    layer = layer_of(conv(**attributes))
    assert (layer.padding, (layer.shape.E, layer.shape.F)) == (padding, outputs)


@pytest.mark.parametrize(
    ("kernel", "groups", "kind", "shape"),
    [
        ((6, 4, 3, 3), 2, LayerKind.CONV, (2, 3, 4)),
        ((8, 1, 3, 3), 8, LayerKind.DEPTHWISE, (8, 1, 1)),
        ((16, 1, 3, 3), 8, LayerKind.DEPTHWISE, (8, 2, 1)),
        ((5, 8, 12, 10), 1, LayerKind.CONV, (1, 5, 8)),
    ],
)
def test_groups(kernel: tuple[int, ...], groups: int, kind: LayerKind, shape: tuple[int, ...]) -> None:
    layer = layer_of(conv(kernel=kernel, group=groups))
    assert (layer.kind, (layer.shape.G, layer.shape.M, layer.shape.C)) == (kind, shape)


def test_dilation_of_a_kernel_of_one_is_none() -> None:
    assert layer_of(conv(kernel=(4, 8, 1, 3), dilations=[2, 1])).shape.R == 1


@pytest.mark.parametrize(
    ("operator", "matrix", "stored", "shape"),
    [
        (node("Gemm", "x w", "y"), (6, 5), [4, 6], (6, 5)),
        (node("Gemm", "x w", "y", transB=1), (5, 6), [4, 6], (6, 5)),
        (node("Gemm", "x w", "y", transA=1), (4, 5), [4, 1], (4, 5)),
        (node("MatMul", "x w", "y"), (6, 5), [4, 6], (6, 5)),
        (node("MatMul", "w x", "y"), (5, 6), [1, 6, 1], (6, 5)),
    ],
)
def test_products_are_fc_layers(
    operator: onnx.NodeProto, matrix: tuple[int, int], stored: list[int], shape: tuple[int, int]
) -> None:
    model = build([operator], {"w": weights(*matrix)}, {"x": stored})
    if stored == [4, 1]:  # a batch that stands second: its first dimension, 4, is the channels
        model = build([node("Transpose", "z", "x", perm=[1, 0]), operator], {"w": weights(*matrix)}, {"z": [1, 4]})
    layer = layer_of(model)
    assert (layer.kind, layer.shape) == (LayerKind.FC, Shape(1, shape[1], shape[0], 1, 1, 1, 1))
    assert not layer.coded_ifmap


@pytest.mark.parametrize(
    ("operator", "matrix"), [(node("MatMul", "x w", "y"), (6, 5)), (node("MatMul", "w x", "y"), (5, 7))]
)
def test_products_of_several_rows_are_convolutions_over_them(operator: onnx.NodeProto, matrix: tuple[int, int]) -> None:
    network = read(build([operator], {"w": weights(*matrix)}, {"x": [2, 7, 6]}))
    (layer,) = network.workload.layers
    channels, rows = (6, 7) if matrix[0] == 6 else (7, 6)
    assert (layer.kind, layer.shape) == (LayerKind.CONV, Shape(1, 5, channels, 1, 1, rows, 1))
    assert network.workload.batch == 2
    assert "1 product of several rows an image as 1x1 convolutions over the rows" in network.account.notes()


def test_products_of_computed_values_are_listed() -> None:
    nodes = [
        node("MatMul", "x w", "q"),
        node("Transpose", "q", "t", perm=[0, 2, 1]),
        node("MatMul", "q t", "s"),
        node("MatMul", "s w3", "y"),
    ]
    network = read(build(nodes, {"w": weights(6, 5), "w3": weights(1, 7, 3)}, {"x": [1, 7, 6]}))
    assert len(network.workload.layers) == 1
    assert network.account.notes()[2] == (
        "not on the accelerator, with its share of the values that all nodes put out: MatMul without constant "
        "weights 2 (50.0 %), Transpose 1 (25.0 %); 75.0 % in all"
    )


# What goes into a layer


@pytest.mark.parametrize(
    ("behind", "folded", "relu"),
    [
        (["Relu c -> y"], ["Relu"], True),
        (["BatchNormalization c s s s s -> n", "Relu n -> y"], ["BatchNormalization", "Relu"], True),
        (["Mul c k -> a", "Add k a -> b", "Relu b -> y"], ["Mul", "Add", "Relu"], True),
        (["Sub c one -> a", "Div a k -> b", "Relu b -> y"], ["Sub", "Div", "Relu"], True),
        (["Div k c -> a", "Relu a -> y"], [], False),
        (["Add c map -> a", "Relu a -> y"], [], False),
        (["Add c c -> a", "Relu a -> y"], [], False),
        (["Sigmoid c -> a", "Relu a -> y"], [], False),
        (["Relu c -> r", "Add c r -> y"], [], False),
        (["BatchNormalization c s s s s -> n", "Relu n -> r", "Add n r -> y"], ["BatchNormalization"], False),
        (["LeakyRelu c -> y"], [], False),
    ],
)
def test_what_follows_a_convolution(behind: list[str], folded: list[str], relu: bool) -> None:
    nodes = [node("Conv", "x w", "c")]
    for text in behind:
        given, _, output = text.partition(" -> ")
        operator, _, inputs = given.partition(" ")
        nodes.append(node(operator, inputs, output))
    tensors = {
        "w": weights(4, 8, 3, 3),
        "s": weights(4),
        "k": weights(4, 1, 1),
        "one": weights(1),
        "map": weights(1, 4, 10, 8),
    }
    network = read(build(nodes, tensors, X))
    (layer,) = network.workload.layers
    assert (layer.relu, layer.ofmap_zeros) == (relu, 0.5 if relu else 0.0)
    assert network.account.folded == dict.fromkeys(sorted(folded), 1)


def test_a_convolution_that_is_an_output_keeps_its_negative_values() -> None:
    nodes = [node("Conv", "x w", "c"), node("Relu", "c", "y")]
    network = read(build(nodes, {"w": weights(4, 8, 3, 3)}, X, outputs=["c", "y"]))
    assert not network.workload.layers[0].relu


@pytest.mark.parametrize(
    ("between", "zeros"),
    [
        ([node("Relu", "c", "i")], 0.5),
        ([node("Relu", "c", "r"), node("MaxPool", "r", "i", kernel_shape=[1, 1])], 0.5),
        ([node("Relu", "c", "r"), node("AveragePool", "r", "i", kernel_shape=[1, 1])], 0.0),
        ([node("Relu", "c", "r"), node("Dropout", "r", "d"), node("LRN", "d", "i", size=3)], 0.5),
        ([node("Relu", "c", "r"), node("Add", "r r", "i")], 0.0),
        ([node("Relu", "c", "r"), node("Concat", "c r", "i", axis=1)], 0.25),
        ([node("Clip", "c zero", "i")], 0.5),
        ([node("Clip", "c one", "i")], 0.0),
        ([node("Sigmoid", "c", "i")], 0.0),
    ],
)
def test_zeros_that_are_assumed(between: list[onnx.NodeProto], zeros: float) -> None:
    """The last layer reads what the nodes between make of the first one's ofmap."""
    channels = 16 if between[-1].op_type == "Concat" else 8
    nodes = [node("Conv", "x w", "c"), *between, node("Conv", "i v", "y")]
    tensors = {
        "w": weights(8, 8, 1, 1),
        "v": weights(2, channels, 1, 1),
        "zero": np.array(0, np.float32),
        "one": np.array(1, np.float32),
    }
    assert read(build(nodes, tensors, X)).workload.layers[1].ifmap_zeros == zeros


def test_only_what_no_layer_came_before_is_read_raw() -> None:
    nodes = [
        node("Sub", "x w0", "n"),
        node("Conv", "n w", "a"),
        node("Conv", "n w", "b"),
        node("Concat", "a x", "m", axis=1),
        node("Conv", "m v", "y"),
    ]
    tensors = {"w0": weights(1), "w": weights(4, 8, 1, 1), "v": weights(2, 12, 1, 1)}
    layers = read(build(nodes, tensors, X)).workload.layers
    assert [layer.coded_ifmap for layer in layers] == [False, False, True]


def test_names_are_printable_short_and_different() -> None:
    names = ["a", "", "a", "\x1b[2J", "n" * 200, "n" * 300, "a_2"]
    nodes = [node("Conv", "x w", f"y{place}", name=name) for place, name in enumerate(names)]
    model = build(nodes, {"w": weights(4, 8, 3, 3)}, X, outputs=[f"y{place}" for place in range(7)])
    found = [layer.name for layer in read(model).workload.layers]
    assert found == ["a", "y1", "a_3", "\\x1b[2J", "n" * 128, "n" * 126 + "_2", "a_2"]


# Weights and constants


def test_weights_without_values_are_dense_and_said_so() -> None:
    """Published architectures hold shapes alone, or make their weights in the graph."""
    model = build(
        [node("ConstantOfShape", "s", "v"), node("Conv", "x w", "c"), node("Conv", "c v", "y")],
        {"w": weights(4, 8, 3, 3, zeros=9), "s": whole(2, 4, 1, 1)},
        X,
    )
    model.graph.initializer[0].ClearField("raw_data")
    network = read(model)
    assert [layer.filter_zeros for layer in network.workload.layers] == [0.0, 0.0]
    assert network.account.notes()[-1] == FMAPS.replace(
        ";", ", but the file has no values for those of 2 layers: taken as dense;", 1
    )
    assert network.account.notes()[-2] == "worked out once, from constants: ConstantOfShape 1"


def test_weights_are_found_through_what_only_rearranges() -> None:
    constant = helper.make_node("Constant", [], ["k"], value=onnx.numpy_helper.from_array(weights(9, 4, zeros=9)))
    nodes = [constant, node("Transpose", "k", "t"), node("Identity", "t", "w"), node("Gemm", "x w", "y")]
    assert layer_of(build(nodes, {}, {"x": [1, 4]})).filter_zeros == 0.25


def test_external_weights_are_counted() -> None:
    model = build([node("Conv", "x w", "y")], {"w": weights(4, 8, 3, 3, zeros=72)}, X)
    onnx.save(model, "net.onnx", save_as_external_data=True, location="net.bin", size_threshold=0)
    (layer,) = read_onnx("net.onnx", {}).workload.layers
    assert layer.filter_zeros == 0.25


# Shapes


@pytest.mark.parametrize(
    ("stated", "shapes", "batch"),
    [
        ([1, 8, 12, 10], {}, 1),
        ([4, 8, 12, 10], {}, 4),
        (["N", 8, 12, 10], {}, 1),
        ([None, 8, 12, 10], {}, 1),
        (["N", 8, 12, 10], {"x": (3, 8, 12, 10)}, 3),
        (["N", "C", "H", "W"], {"x": (3, 8, 12, 10)}, 3),
        ([1, 8, None, None], {"x": (1, 8, 12, 10)}, 1),
        (None, {"x": (2, 8, 12, 10)}, 2),
    ],
)
def test_free_dimensions(stated: list[int | str | None] | None, shapes: dict[str, tuple[int, ...]], batch: int) -> None:
    """The batch changes nothing else."""
    model = build([node("Conv", "x w", "y", name="c")], {"w": weights(4, 8, 3, 3)}, {"x": stated})
    network = read(model, **shapes)
    assert network.workload.batch == batch
    assert network.workload.layers == (layer_of(conv()),)


def test_a_free_dimension_has_one_size_wherever_its_name_stands() -> None:
    nodes = [node("Concat", "x z", "c", axis=1), node("Conv", "c w", "y")]
    model = build(nodes, {"w": weights(4, 8, 3, 3)}, {"x": ["N", 4, "H", 9], "z": ["N", 4, "H", 9]})
    assert read(model, z=(5, 4, 7, 9)).workload.layers[0].stored_height == 7


def test_shapes_that_the_graph_works_out() -> None:
    """Exports of networks with free dimensions reshape by what Shape nodes give."""
    nodes = [
        node("Conv", "x w", "c"),
        node("Shape", "c", "s"),
        node("Gather", "s zero", "n"),
        node("Unsqueeze", "n zero1", "u"),
        node("Concat", "u rest", "t", axis=0),
        node("Reshape", "c t", "f"),
        node("Gemm", "f v", "y"),
    ]
    tensors = {
        "w": weights(4, 8, 3, 3),
        "v": weights(320, 6),
        "zero": np.array(0, np.int64),
        "zero1": whole(0),
        "rest": whole(-1),
    }
    network = read(build(nodes, tensors, {"x": ["N", 8, 12, 10]}), x=(5, 8, 12, 10))
    assert (network.workload.batch, network.workload.layers[1].shape) == (5, Shape(1, 6, 4, 10, 8, 1, 1))
    assert network.account.constant == {"Concat": 1, "Gather": 1, "Shape": 1, "Unsqueeze": 1}


def test_operators_of_others_are_listed() -> None:
    nodes = [node("Conv", "x w", "c"), node("Magic", "c", "m", domain="com.example"), node("Relu", "c", "y")]
    model = build(nodes, {"w": weights(4, 8, 3, 3)}, X, outputs=["m", "y"])
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_param = "open"
    assert read(model).account.notes()[1] == (
        "not on the accelerator, with its share of the values that all nodes put out: Relu 1 (50.0 %), "
        "com.example.Magic 1 (unknown share); 50.0 % in all"
    )


def test_local_functions_are_written_in_line() -> None:
    model = build([node("Block", "x w", "y", domain="mine")], {"w": weights(4, 8, 3, 3)}, X)
    body = [node("Conv", "a b", "c"), node("Relu", "c", "d")]
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("mine", "Block", ["a", "b"], ["d"], body, opsets))
    model.opset_import.append(helper.make_opsetid("mine", 1))
    assert replace(layer_of(model), name="c") == replace(layer_of(conv()), relu=True, ofmap_zeros=0.5)


def test_onnx_is_imported_only_for_onnx_files() -> None:
    code = "import sys, sim.runs.request, sim.cli.choices, sim.cli.convert; print('onnx' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=patient(120), check=True
    )
    assert found.stdout == "False\n"
