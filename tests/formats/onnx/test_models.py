"""The architectures that come inside the onnx package: MACs and weights equal an independent count over the graph.

The count knows nothing of the importer: it walks the nodes once and works out every shape from their attributes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import onnx
import pytest
from support.onnx_builder import DATA
from support.paths import ROOT

from sim.cli.main import main
from sim.formats.onnx.network import read_onnx
from sim.networks.workload import read_workload

Dims = tuple[int, ...]
MODELS = sorted((DATA / "light").glob("*.onnx"))
SMALLEST = "light_shufflenet"
KNOWN = {  # as published, to four digits, where the file is the published network
    "light_resnet50": (4089, 25.50),
    "light_squeezenet": (349.2, 1.232),
    "light_vgg19": (19630, 143.7),
}
SAME_SHAPE = {"Relu", "BatchNormalization", "LRN", "Dropout", "Softmax", "Sum", "Add", "Mul"}


@dataclass
class Count:
    """What the walk has found: shapes of values, whole numbers of small tensors, constants, and the totals."""

    shapes: dict[str, Dims] = field(default_factory=dict)
    numbers: dict[str, Dims] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)
    macs: int = 0
    weights: int = 0
    layers: int = 0


def count(model: onnx.ModelProto) -> Count:
    """Walk a model's nodes once."""
    found = Count()
    for tensor in model.graph.initializer:
        found.shapes[tensor.name] = tuple(tensor.dims)
        found.constants.add(tensor.name)
        raw = tensor.raw_data or b"".join(number.to_bytes(8, "little", signed=True) for number in tensor.int64_data)
        if tensor.data_type == onnx.TensorProto.INT64:
            starts = range(0, len(raw), 8)
            found.numbers[tensor.name] = tuple(
                int.from_bytes(raw[start : start + 8], "little", signed=True) for start in starts
            )
    for value in model.graph.input:
        found.shapes.setdefault(value.name, tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim))
    for node in model.graph.node:
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        found.shapes[node.output[0]] = step(node, attributes, found)
        if found.constants.issuperset(node.input):
            found.constants.add(node.output[0])
    return found


def step(node: onnx.NodeProto, attributes: Mapping[str, object], found: Count) -> Dims:
    """Return the shape of what a node puts out, and count it if it is a layer."""
    given = [found.shapes[name] for name in node.input]
    if node.op_type in SAME_SHAPE:
        return max(given, key=prod)
    if node.op_type in ("MaxPool", "AveragePool"):
        return (*given[0][:2], *windows(given[0][2:], attributes["kernel_shape"], attributes))
    if node.op_type == "GlobalAveragePool":
        return (*given[0][:2], 1, 1)
    if node.op_type == "ConstantOfShape":
        return found.numbers[node.input[0]]
    if node.op_type == "Transpose":
        return tuple(given[0][axis] for axis in attributes["perm"])
    if node.op_type == "Unsqueeze":
        shape = list(given[0])
        for axis in sorted(attributes["axes"]):
            shape.insert(axis, 1)
        return tuple(shape)
    if node.op_type == "Concat":
        axis = attributes["axis"]
        return (*given[0][:axis], sum(shape[axis] for shape in given), *given[0][axis + 1 :])
    if node.op_type == "Reshape":
        wanted = [given[0][place] if size == 0 else size for place, size in enumerate(found.numbers[node.input[1]])]
        rest = prod(given[0]) // prod(size for size in wanted if size != -1)
        return tuple(rest if size == -1 else size for size in wanted)
    found.layers += 1
    found.weights += prod(given[1])
    if node.op_type == "Conv":
        shape = (given[0][0], given[1][0], *windows(given[0][2:], given[1][2:], attributes))
        found.macs += prod(shape) * prod(given[1][1:])
        return shape
    assert node.op_type == "Gemm"
    assert attributes.get("transB") == 1
    found.macs += prod(given[1])
    return (given[0][0], given[1][0])


def windows(sizes: Dims, kernel: Dims, attributes: Mapping[str, object]) -> list[int]:
    """Count the windows on each axis."""
    assert attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    assert not attributes.get("ceil_mode")
    assert set(attributes.get("dilations", (1,))) == {1}
    pads, strides = attributes.get("pads", (0,) * 4), attributes.get("strides", (1, 1))
    padded = [sizes[axis] + pads[axis] + pads[axis + 2] for axis in (0, 1)]
    return [(padded[axis] - kernel[axis]) // strides[axis] + 1 for axis in (0, 1)]


def test_the_package_has_the_models() -> None:
    assert {path.stem for path in MODELS} >= {SMALLEST, "light_bvlc_alexnet", "light_inception_v1", *KNOWN}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_macs_and_weights_equal_an_independent_count(path: Path) -> None:
    model = onnx.load(path)
    expected = count(model)
    network = read_onnx(path, {})
    layers = network.workload.layers
    macs, weights = (sum(getattr(layer.shape, what) for layer in layers) for what in ("macs", "weights"))
    assert (len(layers), macs, weights) == (expected.layers, expected.macs, expected.weights)
    if path.stem in KNOWN:
        assert (macs / 1e6, weights / 1e6) == pytest.approx(KNOWN[path.stem], rel=5e-4)
    assert [number for number, layer in enumerate(layers) if not layer.coded_ifmap] == [0]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_node_is_accounted_for(path: Path) -> None:
    """Nodes and values: layers and what is folded into them, constants, and all that is not on the accelerator."""
    model = onnx.load(path)
    walked = count(model)
    words = {node.output[0]: prod(walked.shapes[node.output[0]]) for node in model.graph.node}
    running = [node for node in model.graph.node if node.output[0] not in walked.constants]
    account = read_onnx(path, {}).account
    counted = [account.layers, account.folded, account.constant]
    nodes = sum(sum(kind.values()) for kind in counted) + sum(one.nodes for one in account.elsewhere)
    assert nodes == len(model.graph.node)
    everything = sum(words[node.output[0]] for node in running)
    for one in account.elsewhere:
        alike = [node for node in running if node.op_type == one.operator]
        assert one.share == one.values / everything
        if one.nodes == len(alike):
            assert one.values == sum(words[node.output[0]] for node in alike)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_estimate(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = tmp_path / "out.json"
    assert main(["estimate", str(path), "--json", str(result)]) == 0
    assert capsys.readouterr().out.startswith("layers: Conv ")
    found = json.loads(result.read_text(encoding="utf-8"))
    assert found["total"]["macs"] == count(onnx.load(path)).macs
    assert found["provenance"]["onnx"] == {"shape": [], **read_onnx(path, {}).account.as_dict()}


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=[] if path.stem == SMALLEST else [pytest.mark.slow]) for path in MODELS],
)
def test_run(path: Path, tmp_path: Path) -> None:
    result = tmp_path / "out.json"
    assert main(["run", str(path), "--quiet", "--json", str(result)]) == 0
    total = json.loads(result.read_text(encoding="utf-8"))["total"]
    assert total["macs"] == count(onnx.load(path)).macs
    assert 0 < total["macs_performed"] < total["macs"]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_convert_to_a_workload_file_that_reads_back_to_the_same(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "net.yaml"
    assert main(["convert", str(path), str(target)]) == 0
    assert read_workload(target) == read_onnx(path, {}).workload


def test_alexnet_is_the_shipped_one_but_for_its_input(tmp_path: Path) -> None:
    """The file's input has 224 rows, not 227; weights, groups and the classifier's 6 x 6 fmaps are the same."""
    found = read_onnx(DATA / "light" / "light_bvlc_alexnet.onnx", {}).workload.layers
    shipped = read_workload(ROOT / "workloads" / "alexnet.yaml").layers
    for ours, theirs in zip(found, shipped, strict=True):
        for name in ("G", "M", "C", "R", "S", "Uy", "Ux"):
            assert getattr(ours.shape, name) == getattr(theirs.shape, name)
        assert (ours.kind, ours.padding, ours.relu, ours.coded_ifmap) == (
            theirs.kind,
            theirs.padding,
            theirs.relu,
            theirs.coded_ifmap,
        )
