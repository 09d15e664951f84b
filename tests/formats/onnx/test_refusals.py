"""ONNX files that are none, and models that mean no network: the exact line for each."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from support.onnx_builder import build, node, small_cnn, weights
from support.onnx_refusals import AGAIN, FIT, WANTED, W, X, conv, refusal, refused

from sim.cli.main import main

pytestmark = pytest.mark.usefixtures("folder")  # each test stands in an empty one

NEWEST = onnx.defs.onnx_opset_version()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("nope.onnx", f"nope.onnx: no such file; {WANTED}"),
        (".", f".: this is a directory; {WANTED}"),
        ("pipe", f"pipe: this is not a regular file; {WANTED}"),
        ("a\0b.onnx", f"a\\x00b.onnx: cannot be read: embedded null byte; {WANTED}"),
    ],
)
def test_refuse_what_is_no_file(path: str, line: str) -> None:
    os.mkfifo("pipe")
    assert refusal(path) == line


@pytest.mark.parametrize("content", [b"", b"\x08\x08"])
def test_refuse_what_has_no_graph(content: bytes) -> None:
    Path("n.onnx").write_bytes(content)
    assert refusal() == f"n.onnx: there is no graph in it; {WANTED}"


def test_refuse_text() -> None:
    Path("n.onnx").write_text("schema: 1\nname: net\n", encoding="utf-8")
    assert re.fullmatch(rf"n\.onnx: this is no ONNX model \(.*\); {WANTED}", refusal())


def test_refuse_a_huge_file_without_reading_it() -> None:
    with Path("n.onnx").open("wb") as stream:
        stream.truncate(3 << 30)  # sparse: it takes no room
    assert refusal() == "n.onnx: the file is too large; at most 2 GiB; keep the weights in external data"


def test_refuse_without_the_onnx_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("n.onnx").write_bytes(small_cnn().SerializeToString())
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["run", "n.onnx"]) == 2
    line = "n.onnx: reading ONNX files needs onnx; install it with pip install 'sim[onnx]'\n"
    assert capsys.readouterr() == ("", line)


# Models


def changed(change: Callable[[onnx.ModelProto], object]) -> onnx.ModelProto:
    """Make the small network with a change."""
    model = small_cnn()
    change(model)
    return model


def rename(place: int, *, reads: str | None = None, makes: str | None = None) -> Callable[[onnx.ModelProto], None]:
    """Let a node read or make another value."""

    def change(model: onnx.ModelProto) -> None:
        if reads is not None:
            model.graph.node[place].input[0] = reads
        if makes is not None:
            model.graph.node[place].output[0] = makes

    return change


def set_opset(version: int) -> Callable[[onnx.ModelProto], None]:
    """State another version of the standard operators."""

    def change(model: onnx.ModelProto) -> None:
        model.opset_import[0].version = version

    return change


def drop_tensor(place: int) -> Callable[[onnx.ModelProto], None]:
    """Take an initializer out."""

    def change(model: onnx.ModelProto) -> None:
        del model.graph.initializer[place]

    return change


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (rename(2, reads="y"),
         "Relu node 'r1': it reads 'y' before that is made; nodes stand in the order in which they run, "
         "without cycles"),
        (rename(2, reads="r1"),
         "Relu node 'r1': it reads 'r1' before that is made; nodes stand in the order in which they run, "
         "without cycles"),
        (rename(2, reads="nowhere"), "Relu node 'r1': nothing makes its input 'nowhere'; add the input or initializer"),
        (rename(2, makes="n1"), "Relu node 'n1': a second value named 'n1'; every value has its own"),
        (rename(7, makes="z"), f"nothing makes the output 'y'; {AGAIN}"),
        (drop_tensor(0), "Conv node 'conv1': nothing makes its input 'w1'; add the input or initializer"),
        (lambda model: model.graph.initializer.append(model.graph.initializer[0]),
         "a second tensor named 'w1'; every value has a name of its own"),
        (lambda model: model.graph.input.append(model.graph.input[0]),
         "a second value named 'x'; every value has its own"),
        (lambda model: model.graph.initializer.add(), "a tensor without a name; every value has a name of its own"),
        (lambda model: model.graph.sparse_initializer.add(),
         "it has sparse initializers; export it with dense ones"),
        (lambda model: model.graph.initializer[0].dims.__setitem__(0, -8),
         f"the tensor 'w1' has a negative dimension; {AGAIN}"),
        (lambda model: model.graph.initializer[0].dims.__setitem__(0, 1 << 40), FIT),
        (set_opset(999), f"opset_import: operator set 999; the installed onnx knows 1 to {NEWEST}"),
        (set_opset(0), f"opset_import: operator set 0; the installed onnx knows 1 to {NEWEST}"),
        (lambda model: model.opset_import.pop(),
         "opset_import: no version of the standard operators; expected one"),
        (lambda model: model.opset_import.append(model.opset_import[0]),
         "opset_import: two versions of the standard operators; expected one"),
        (lambda model: setattr(model, "ir_version", 99),
         f"ir_version: version 99 of the format; the installed onnx reads 3 to {onnx.IR_VERSION}"),
        (lambda model: model.graph.input[0].type.Clear(), "input 'x': it is no tensor; expected one"),
        (lambda model: setattr(model.graph.node[7], "op_type", "Softmaxx"), FIT),
        (lambda model: model.graph.input[0].type.tensor_type.shape.dim.pop(), FIT),
        (lambda model: setattr(model.graph.initializer[0], "raw_data", b"1234"), FIT),
    ],
)  # fmt: skip
def test_refuse_a_model(change: Callable[[onnx.ModelProto], object], line: str) -> None:
    """What the onnx package finds has its words in brackets, which are not ours to fix."""
    found = refused(changed(change))
    assert re.fullmatch(rf"{FIT} \(.*\); check --shape, or {AGAIN}", found) if line is FIT else found == line


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ({"dilations": [2, 2]}, "dilation 2 x 2; the array runs convolutions of dilation 1 only"),
        ({"dilations": [1, 3]}, "dilation 1 x 3; the array runs convolutions of dilation 1 only"),
        ({"group": 2}, "weights for 8 channels in 2 groups over an ifmap of 8 channels; "
                       "channels a group times groups are the ifmap's"),
        ({"group": 0}, "weights for 8 channels in 0 groups over an ifmap of 8 channels; "
                       "channels a group times groups are the ifmap's"),
        ({"kernel_shape": [5, 5]}, "its kernel_shape is 5 x 5; its weights are 3 x 3"),
        ({"auto_pad": "SAME"}, "its auto_pad is 'SAME'; allowed: NOTSET, SAME_UPPER, SAME_LOWER, VALID"),
        ({"pads": [5000, 0, 0, 0]}, "pad[0]: got the number 5000; expected at most 4096"),
    ],
)  # fmt: skip
def test_refuse_a_convolution(attributes: dict[str, object], line: str) -> None:
    assert refused(conv(**attributes)) == f"Conv node 'c': {line}"


@pytest.mark.parametrize(
    ("operator", "tensors", "inputs", "line"),
    [
        (node("Conv", "x w", "y"), {"w": weights(4, 8, 3)}, {"x": [1, 8, 12]},
         "Conv node 'y': weights of 4 x 8 x 3 over an ifmap of 1 x 8 x 12; "
         "only convolutions in two dimensions are run, on N x C x H x W"),
        (node("Conv", "x w", "y"), {}, {**X, "w": [4, 8, 3, 3]},
         "Conv node 'y': its weights 'w' are no constant; store them as an initializer"),
        (node("Gemm", "x w", "y"), {}, {"x": [1, 8], "w": [8, 4]},
         "Gemm node 'y': its weights 'w' are no constant; store them as an initializer"),
        (node("Relu", "x", "y"), {}, X,
         "the accelerator runs nothing of it; expected Conv, Gemm or MatMul with constant weights, got Relu"),
        (node("Conv", "x w", "y"), W, {"x": [5000, 8, 12, 10]}, "a batch of 5000; at most 4096"),
        (node("Conv", "x w", "y"), W, {"x": [1, 8, "H", "W"]},
         "input 'x': its shape is 1x8xHxW; "
         "give --shape x=1x8xHxW with a number for each letter or ?"),
        (node("Conv", "x w", "y"), W, {"x": ["N", 8, None, 10]},
         "input 'x': its shape is Nx8x?x10; "
         "give --shape x=1x8x?x10 with a number for each letter or ?"),
        (node("Conv", "x w", "y"), W, {"x": None},
         "input 'x': it has no shape; write e.g. --shape data=1x3x224x224"),
    ],
)  # fmt: skip
def test_refuse_a_layer(operator: onnx.NodeProto, tensors: dict, inputs: dict, line: str) -> None:
    assert refused(build([operator], tensors, inputs)) == line


def test_refuse_a_convolution_over_parts_of_an_image() -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("Reshape", "c s", "r"),
        node("Conv", "r v", "y"),
    ]
    tensors = {"w": weights(4, 8, 3, 3), "v": weights(2, 1, 1, 1), "s": onnx.numpy_helper.np.array([4, 1, 10, 8])}
    line = "Conv node 'y': it runs on 4 images in a batch of 1; every convolution runs once an image"
    assert refused(build(nodes, tensors, X)) == line


def test_refuse_a_layer_whose_shape_is_not_known() -> None:
    nodes = [node("Magic", "x", "m", domain="com.example"), node("Conv", "m w", "y")]
    model = build(nodes, W, X)
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    model.graph.output[0].type.tensor_type.shape.SetInParent()
    for size in (1, 4, 10, 8):
        model.graph.output[0].type.tensor_type.shape.dim.add().dim_value = size
    assert refused(model) == (
        "Conv node 'y': the shape of its ifmap 'm' does not follow from the file; "
        "give free dimensions with --shape, or export the model with fixed shapes"
    )


def test_refuse_a_layer_inside_a_loop() -> None:
    branch = helper.make_graph(
        [node("Conv", "x w", "i")], "branch", [], [helper.make_tensor_value_info("i", TensorProto.FLOAT, None)]
    )
    model = build([node("If", "yes", "y", then_branch=branch, else_branch=branch)], W, X)
    model.graph.input.append(helper.make_tensor_value_info("yes", TensorProto.BOOL, []))
    assert refused(model) == (
        "If node 'y': a Conv in its body, which runs no one knows how often; export the model without If, Loop and Scan"
    )


@pytest.mark.parametrize(
    ("calls", "line"),
    [
        ({"f": ["g"], "g": ["f"]}, "the function 'f' calls itself; export the model without functions"),
        ({f"f{k}": [f"f{k + 1}"] * 4 for k in range(12)},
         "too many nodes; at most 262144 with functions written in line"),
    ],
)  # fmt: skip
def test_refuse_functions_without_end(calls: dict[str, list[str]], line: str) -> None:
    first = next(iter(calls))
    model = build([node(first, "x", "y", domain="mine")], {}, X)
    model.opset_import.append(helper.make_opsetid("mine", 1))
    for name, called in calls.items():
        body = [node(other, "a", f"b{place}", domain="mine") for place, other in enumerate(called)]
        opsets = [helper.make_opsetid("mine", 1)]
        model.functions.append(helper.make_function("mine", name, ["a"], ["b0"], body, opsets))
    assert refused(model) == line


def test_refuse_weights_that_do_not_fill_their_shape() -> None:
    model = build([node("Gemm", "x w", "y")], {"w": weights(4096, 16)}, {"x": [1, 4096]})
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[4:]
    found = refused(model)
    assert re.fullmatch(rf"the values of 'w' do not fill its shape \(.*\); {AGAIN}", found)
