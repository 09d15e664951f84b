"""A network's own values: read, run, quantised, laid out as the chip has them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from support.onnx_builder import build, node, small_cnn, weights, whole
from support.onnx_runs import activations

from sim.formats.onnx.activations import read_activations
from sim.formats.onnx.network import read_onnx
from sim.networks.layer import Layer

pytestmark = pytest.mark.usefixtures("folder")  # each test stands in an empty one
Array = NDArray[np.float64]


def test_tensors_of_a_small_network() -> None:
    images = np.random.default_rng(3).normal(size=(2, 3, 16, 16)).astype(np.float32)
    found, layers = activations(small_cnn(), x=images)
    assert list(found.tensors) == ["conv1", "depthwise", "fc"]
    for name, tensors in found.tensors.items():
        layer, shape = layers[name], layers[name].shape
        assert tensors.ifmap.shape == (2, shape.G * shape.C, shape.H, shape.W)
        ifmap, filters = tensors.formats.ifmap.values(tensors.ifmap), tensors.formats.filter.values(tensors.filters)
        sums = np.stack([plain_sums(one, filters, layer) for one in ifmap])
        ofmap = tensors.formats.psum.values(tensors.ofmap)
        shift = ofmap - sums
        assert np.ptp(shift, axis=(0, 2, 3)).max() < 0.01 * np.abs(ofmap).max()  # the bias, one a filter
        assert layer.kind.value == {"conv1": "conv"}.get(name, name)


def plain_sums(ifmap: Array, filters: Array, layer: Layer) -> Array:
    """Convolve one image, window by window."""
    shape = layer.shape
    sums = np.zeros((shape.G * shape.M, shape.E, shape.F))
    for number, row, column in np.ndindex(sums.shape):
        first, top, left = number // shape.M * shape.C, row * shape.Uy, column * shape.Ux
        part = ifmap[first : first + shape.C, top : top + shape.R, left : left + shape.S]
        sums[number, row, column] = (part * filters[number]).sum()
    return sums


@pytest.mark.parametrize(
    ("nodes", "tensors", "x"),
    [
        ([node("MatMul", "x w", "m"), node("Mul", "m k", "y")], {"w": weights(6, 5), "k": weights(5)}, (1, 6)),
        ([node("MatMul", "x w", "y")], {"w": weights(6, 5)}, (1, 4, 6)),
        ([node("Transpose", "x", "t"), node("MatMul", "w t", "y")], {"w": weights(5, 6)}, (1, 6)),
        ([node("MatMul", "w x", "m"), node("Sub", "m k", "y")], {"w": weights(5, 6), "k": weights(5, 1)}, (1, 6, 4)),
        ([node("Gemm", "x w b", "y", transB=1, alpha=0.5, beta=2.0)], {"w": weights(5, 6), "b": weights(5)}, (1, 6)),
        ([node("Transpose", "x", "t"), node("Gemm", "t w", "y", transA=1)], {"w": weights(6, 5)}, (1, 6)),
        ([node("Transpose", "x", "t"), node("Gemm", "w t b", "y", transA=1)],
         {"w": weights(6, 5), "b": weights(5, 1)}, (1, 6)),
        ([node("Conv", "x w b", "c", group=2), node("Div", "c k", "y")],
         {"w": weights(6, 2, 3, 3), "b": weights(6), "k": weights(6, 1, 1)}, (1, 4, 5, 7)),
        ([node("Transpose", "v", "w"), node("Conv", "x w", "y", pads=[0, 1, 2, 0], strides=[2, 3])],
         {"v": weights(3, 2, 4, 6)}, (1, 4, 5, 7)),
    ],
)  # fmt: skip
def test_every_operand_is_laid_out_as_the_layer_reads_it(
    nodes: list[onnx.NodeProto], tensors: dict[str, NDArray[np.float32]], x: tuple[int, ...]
) -> None:
    images = np.random.default_rng(5).normal(size=x).astype(np.float32)
    found, layers = activations(build(nodes, tensors, {"x": list(x)}), x=images)
    ((name, one),) = found.tensors.items()
    layer = layers[name]
    ifmap, filters = one.formats.ifmap.values(one.ifmap[0]), one.formats.filter.values(one.filters)
    ofmap = one.formats.psum.values(one.ofmap[0])
    rest = (ofmap - plain_sums(ifmap, filters, layer)) / np.abs(ofmap).max()
    assert np.ptp(rest, axis=(1, 2)).max() < 0.001
    is_shifted = any(node.op_type in ("Sub", "Add") or len(node.input) > 2 for node in nodes)
    assert (np.abs(rest).max() > 0.001) == is_shifted


def test_models_that_take_several_images_at_a_time() -> None:
    model = build([node("Reshape", "x s", "r"), node("Gemm", "r w", "y")], {"s": whole(2, 12), "w": weights(12, 5)},
                  {"x": [2, 3, 2, 2]})  # fmt: skip
    images = np.arange(72, dtype=np.float32).reshape(6, 3, 2, 2)
    found, _ = activations(model, x=images, batch=5)
    (one,) = found.tensors.values()
    assert (found.images, one.ifmap.shape, one.ofmap.shape) == (5, (5, 3, 2, 2), (5, 5, 1, 1))
    assert one.formats.ifmap.values(one.ifmap).tolist() == images[:5].tolist()


def test_external_data_and_two_inputs() -> None:
    model = build([node("Add", "x z", "a"), node("Conv", "a w", "y")], {"w": weights(4, 8, 3, 3)},
                  {"x": ["N", 8, 5, 5], "z": ["N", 8, 5, 5]})  # fmt: skip
    parts = {name: np.full((2, 8, 5, 5), value, np.float64) for name, value in (("x", 0.5), ("z", -0.25))}
    inside, _ = activations(model, **parts)
    onnx.save(model, "n.onnx", save_as_external_data=True, location="n.bin", size_threshold=0)
    network = read_onnx("n.onnx", {})
    beside = read_activations("n.onnx", network, "n.npz", network.workload.layers)
    for one, other in zip(inside.tensors.values(), beside.tensors.values(), strict=True):
        assert np.array_equal(one.filters, other.filters)
        assert np.array_equal(one.ofmap, other.ofmap)
        assert (one.formats.ifmap.values(one.ifmap) == 0.25).all()
