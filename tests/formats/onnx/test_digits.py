"""A trained network of handwritten digits: run with its own values, checked, and how often it is right."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from support.digits_cnn import Digits, digits, max_pool, model_of, train
from support.onnx_builder import small_cnn
from support.onnx_runs import activations, run_json

from sim.formats.onnx.activations import Activations, LayerTensors
from sim.networks.layer import BitWidths, Layer
from sim.networks.reference import reference_of

pytestmark = pytest.mark.usefixtures("folder")  # each test stands in an empty one
Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def trained() -> tuple[dict[str, Array], Digits, Digits]:
    """Train the network once."""
    training, testing = digits()
    return train(training), training, testing


@pytest.mark.parametrize("check", [[], ["--check"]])
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("bits", [16, 8])
def test_digits_run_with_their_own_values(
    trained: tuple[dict[str, Array], Digits, Digits], batch: int, bits: int, check: list[str]
) -> None:
    tensors, _, testing = trained
    onnx.save(model_of(tensors), "digits.onnx")
    np.save("images.npy", testing.images[:batch])
    narrow = ["--bits", f"ifmap={bits},filter={bits}"]
    found = run_json("digits.onnx", "--inputs", "images.npy", *narrow, *check)
    provenance = found["provenance"]
    assert (provenance["batch"], provenance["seed"]) == (batch, None)
    assert provenance["tensors"]["inputs"] == "images.npy"
    values, layers = activations(model_of(tensors), x=testing.images[:batch], bits=BitWidths(bits, bits, 16))
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv2", "fc"]
    for layer in found["layers"]:
        one, shape = values.tensors[layer["name"]], layers[layer["name"]].shape
        uses = np.zeros((shape.H, shape.W), np.int64)
        for row, column in np.ndindex(shape.E, shape.F):
            uses[row * shape.Uy : row * shape.Uy + shape.R, column * shape.Ux : column * shape.Ux + shape.S] += 1
        assert layer["macs_performed"] == int(((one.ifmap != 0) * uses).sum()) * shape.M
        assert provenance["tensors"]["fraction_bits"][layer["name"]] == one.formats.as_dict()
        if check:
            assert layer["checked"]["values"] == one.ofmap.size
            assert layer["checked"]["window"] == one.formats.window
            assert layer["checked"]["overflows"] == 0


def test_zeros_are_those_of_the_float_network(trained: tuple[dict[str, Array], Digits, Digits]) -> None:
    tensors, _, testing = trained
    images = testing.images[:4]
    values, layers = activations(model_of(tensors), x=images)
    model = model_of(tensors)
    for name in ("r1", "r2", "f"):
        model.graph.output.append(onnx.ValueInfoProto(name=name))
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    r1, r2, f = session.run(["r1", "r2", "f"], {"x": images})
    for name, ifmap, ofmap in (("conv1", images, r1), ("conv2", r1, r2), ("fc", f, None)):
        one, counted = values.tensors[name], values.with_zeros(layers[name])
        assert counted.ifmap_zeros == pytest.approx(np.mean(one.formats.ifmap.words(ifmap) == 0), abs=1e-12)
        assert counted.ifmap_zeros == pytest.approx(np.mean(ifmap == 0), abs=0.002)
        if ofmap is not None:
            assert counted.ofmap_zeros == pytest.approx(np.mean(ofmap == 0), abs=0.002)
            assert counted.ofmap_zeros > 0.2  # a ReLU's, not a drawn share


def computed(one: LayerTensors, ifmap: NDArray[np.int16], layer: Layer) -> NDArray[np.int16]:
    """Compute a layer's psums in the arithmetic of the chip."""
    bits, window = layer.bits.psum, one.formats.window
    return reference_of(ifmap, one.filters, layer.shape, psum_bits=bits, window=window, biases=one.biases).psums


@pytest.mark.parametrize("bits", [16, 8])
def test_computed_ofmaps_are_the_network_s(trained: tuple[dict[str, Array], Digits, Digits], bits: int) -> None:
    tensors, _, testing = trained
    values, layers = activations(model_of(tensors), x=testing.images[:4], bits=BitWidths(bits, bits, 16))
    for name, one in values.tensors.items():
        away = one.formats.psum.values(computed(one, one.ifmap, layers[name])) - one.formats.psum.values(one.ofmap)
        assert np.abs(away).max() < {16: 0.01, 8: 0.05}[bits] * np.abs(one.formats.psum.values(one.ofmap)).max()


def accuracy(tensors: dict[str, Array], values: Activations, layers: dict[str, Layer], given: Digits) -> float:
    """Classify with the arithmetic of the chip alone, in the forms that were chosen for `values`."""
    real = given.images.astype(np.float64)
    for number, (name, one) in enumerate(values.tensors.items(), 1):
        layer, formats = layers[name], one.formats
        words = formats.ifmap.words(real)
        if layer.padding.top:
            words = np.pad(words, ((0, 0), (0, 0), (1, 1), (1, 1)))
        assert one.biases.tolist() == formats.psum.words(tensors[f"b{number}"]).tolist()
        real = formats.psum.values(computed(one, words, layer))
        real = np.maximum(real, 0) if layer.relu else real
        real = max_pool(real) if name == "conv2" else real
    return float((real.reshape(len(real), -1).argmax(axis=1) == given.labels).mean())


@pytest.mark.parametrize(("bits", "points"), [(16, 1), (8, 5)])
def test_accuracy_in_fixed_point(trained: tuple[dict[str, Array], Digits, Digits], bits: int, points: float) -> None:
    tensors, training, testing = trained
    values, layers = activations(model_of(tensors), x=training.images[:200], bits=BitWidths(bits, bits, 16))
    session = InferenceSession(model_of(tensors).SerializeToString(), providers=["CPUExecutionProvider"])
    in_float = float((session.run(None, {"x": testing.images})[0].argmax(axis=1) == testing.labels).mean())
    in_words = accuracy(tensors, values, layers, testing)
    print(f"digits: float {100 * in_float:.2f} %, {bits} b {100 * in_words:.2f} %")
    assert in_float > 0.96
    assert abs(in_float - in_words) <= points / 100


def test_groups_and_normalised_filters_are_checked_with_their_biases() -> None:
    onnx.save(small_cnn(), "net.onnx")
    np.save("images.npy", np.random.default_rng(7).normal(size=(3, 3, 16, 16)).astype(np.float32))
    found = run_json("net.onnx", "--inputs", "images.npy", "--check", "--batch", "2")
    assert [layer["checked"]["values"] for layer in found["layers"]] == [2 * 8 * 64, 2 * 8 * 16, 2 * 10]
    assert found["provenance"]["tensors"]["images"] == 2
