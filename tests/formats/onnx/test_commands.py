"""ONNX files on the command line: what is printed, what is written, and what a workload file says of them."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commands import read_json
from support.onnx_builder import build, node, small_cnn, weights

from sim.cli.main import main
from sim.errors import ModelError
from sim.formats.online_tool.text import read_tool_file
from sim.formats.onnx.network import read_onnx
from sim.formats.workload_yaml import write_workload
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape
from sim.networks.workload import Workload, read_workload

NOTES = """\
layers: Conv 2, Gemm 1; folded into them: BatchNormalization 1, Relu 1
not on the accelerator, with its share of the values that all nodes put out: Flatten 1 (6.6 %), MaxPool 1 (6.6 %), \
Softmax 1 (0.5 %); 13.7 % in all
zeros: weights' zeros are counted; fmaps' are assumed: 0.5 behind a ReLU, also through max pooling and operators \
that only move values, else 0
"""
DRAWN = "tensors: drawn with seed 0 at these zeros; --inputs takes the network's own values\n"
WRITTEN = """\
# net: 16,256 MACs, 1,568 weights per image.
#
# layers: Conv 2, Gemm 1; folded into them: BatchNormalization 1, Relu 1
# not on the accelerator, with its share of the values that all nodes put out: Flatten 1 (6.6 %), MaxPool 1 (6.6 %),
# Softmax 1 (0.5 %); 13.7 % in all
# zeros: weights' zeros are counted; fmaps' are assumed: 0.5 behind a ReLU, also through max pooling and operators
# that only move values, else 0
schema: 1
name: "net"
source: "converted from net.onnx"
batch: 4
default_zeros: {ifmap: 0.0, ofmap: 0.0}  # not used: every layer states its own
layers:
"""


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small model."""
    onnx.save(small_cnn(), "net.onnx")


def unwrapped(text: str) -> str:
    """Join the lines of notes, which end at the console's width."""
    head = text.partition("\n\n")[0]
    return head.replace(" \n", " ") + "\n"


@pytest.mark.parametrize(
    "command", [["run"], ["estimate"], ["map", "--top", "1"], ["run", "--batch", "2", "--layers", "fc"]]
)
def test_notes_stand_before_the_table(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command[0], "net.onnx", *command[1:]]) == 0
    printed = capsys.readouterr()
    assert unwrapped(printed.out) == NOTES + (DRAWN if command[0] == "run" else "")
    assert printed.out.partition("\n\n")[2].startswith("net on eyeriss")
    assert printed.err == ""


def test_notes_make_way_for_the_result_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "net.onnx", "--json", "-"]) == 0
    printed = capsys.readouterr()
    assert unwrapped(printed.err) == NOTES + DRAWN
    found = json.loads(printed.out)
    assert found["provenance"]["onnx"]["not_on_the_accelerator"][0]["operator"] == "Flatten"
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "depthwise", "fc"]


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "net.onnx", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_batch_and_shape() -> None:
    model = build([node("Conv", "x w", "y")], {"w": weights(4, 8, 3, 3)}, {"x": ["N", 8, "H", 10]})
    onnx.save(model, "free.onnx")
    options = ["--shape", "x=3x8x12x10", "--quiet", "--json", "out.json"]
    for batch, given_batch in ((3, []), (2, ["--batch", "2"])):
        assert main(["run", "free.onnx", *options, *given_batch]) == 0
        found = read_json("out.json")
        assert found["provenance"]["batch"] == batch
        assert found["provenance"]["onnx"]["shape"] == ["x=3x8x12x10"]
        assert found["total"]["macs"] == batch * 4 * 8 * 9 * 10 * 8


def test_other_files_say_nothing_of_onnx(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "alexnet", "--layers", "CONV3", "--json", "out.json"]) == 0
    assert capsys.readouterr().out.startswith("alexnet on eyeriss")
    assert "onnx" not in read_json("out.json")["provenance"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "alexnet", "--shape", "x=1x3"],
         "--shape: alexnet is no ONNX file; leave it out: only an ONNX file has free dimensions"),
        (["run", "net.onnx", "--shape", "x=1x3", "--shape", "x=1x3"], "--shape: x: given twice; give it once"),
        (["map", "net.onnx", "--shape", "x=2x3x16x16"], "--shape: x: got 2x3x16x16; the model has 1x3x16x16"),
        (["estimate", "net.onnx", "--layers", "conv2"],
         "--layers: no layer 'conv2' in net; did you mean 'conv1'?"),
        (["convert", "nope.onnx", "net.yaml"], "nope.onnx: no such file; expected an ONNX model"),
        (["convert", "alexnet", "net.yaml"],
         "net.yaml: the tool's text format is no YAML; give a name that ends in .txt"),
    ],
)  # fmt: skip
def test_refuse(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"{line}\n")


# Converting


def test_convert_to_a_workload_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "net.onnx", "net.yaml", "--batch", "4"]) == 0
    assert capsys.readouterr() == ("", "")
    text = Path("net.yaml").read_text(encoding="utf-8")
    assert text.startswith(WRITTEN)
    assert text.splitlines()[-1] == (
        '  - {name: "fc",        type: fc,        ifmap: [8, 4, 4],   filters: 10,'
        + " " * 63
        + "relu: false, zeros: {ifmap: 0.0, ofmap: 0.0, filter: 0.25}}"
    )
    again = read_workload(Path("net.yaml"))
    assert (again.batch, again.layers) == (4, read_onnx("net.onnx", {}).workload.layers)


def test_convert_to_the_text_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "net.onnx", "net.txt"]) == 0
    assert capsys.readouterr() == ("", NOTES)
    layers = read_tool_file("net.txt").layers
    assert [layer.shape for layer in layers] == [layer.shape for layer in read_onnx("net.onnx", {}).workload.layers]
    assert main(["convert", "net.txt", "again.yaml"]) == 0
    assert read_workload(Path("again.yaml")).layers == layers


@st.composite
def networks(draw: st.DrawFn) -> Workload:
    """Draw networks of every kind of layer, with names that a careless writer would spoil."""
    name = st.text(min_size=1, max_size=12).filter(str.isprintable)
    names = draw(st.lists(name, min_size=1, max_size=4, unique=True))
    return Workload("n: #", draw(st.integers(1, 9)), tuple(draw(layers(name, k)) for k, name in enumerate(names)))


@st.composite
def layers(draw: st.DrawFn, name: str, number: int) -> Layer:
    """Draw a layer."""
    kind = draw(st.sampled_from(LayerKind))
    G, M, C, R, S, E, F = (draw(st.integers(1, 5)) for _ in range(7))
    Uy, Ux, top, left = (draw(st.integers(1, 3)) for _ in range(4))
    pad = Padding(top, 0, left, 0)
    if kind is LayerKind.FC:
        G = E = F = Uy = Ux = 1
        pad = Padding()
    if kind is LayerKind.DEPTHWISE:
        C = 1
    shape = Shape(G, M, C, max(R, 4), max(S, 4), E, F, Uy, Ux)
    fraction = st.floats(0, 1)
    mapping = dict.fromkeys("mnepqrt", draw(st.integers(1, 9)))
    return Layer(
        name=name,
        kind=kind,
        shape=shape,
        stored_height=shape.H - pad.top,
        stored_width=shape.W - pad.left,
        padding=pad,
        ifmap_zeros=draw(fraction),
        ofmap_zeros=draw(fraction),
        relu=draw(st.booleans()),
        coded_ifmap=number > 0 and draw(st.booleans()),
        bits=BitWidths(*(draw(st.sampled_from([1, 8, 16, 32])) for _ in range(3))),
        mapping=tuple(mapping.items()) if draw(st.booleans()) else None,
        filter_zeros=draw(fraction),
    )


@given(networks())
def test_what_was_written_reads_the_same(tmp_path_factory: pytest.TempPathFactory, network: Workload) -> None:
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    path.write_text(write_workload(network, network.batch, source="x", comments=["a b"]), encoding="utf-8")
    assert read_workload(path) == network


def test_a_first_layer_that_is_coded_can_not_be_written() -> None:
    coded = read_onnx("net.onnx", {}).workload.layers[1]
    with pytest.raises(ModelError, match="depthwise: the first layer's ifmap is raw"):
        write_workload(Workload("n", 1, (coded,)), 1, source="x")
