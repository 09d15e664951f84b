"""A network's own values: read, run, quantised, laid out as the chip has them, and simulated."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from support.digits_cnn import Digits, digits, max_pool, model_of, train
from support.onnx_builder import build, node, small_cnn, weights, whole

from sim.cli.main import main
from sim.formats.onnx.activations import Activations, LayerTensors, read_activations
from sim.formats.onnx.fixed_point import FixedPoint, fit, fit_layer
from sim.formats.onnx.network import read_onnx
from sim.networks.layer import BitWidths, Layer
from sim.networks.reference import reference_of

Array = NDArray[np.float64]
NOTE = (
    "tensors: the network's own values for {} of {}, by onnxruntime {}, in fixed point (ifmap {} b, filter {} b, psum "
    "16 b); every tensor's power of two and each layer's window chosen from its range; zeros as they are"
)


@pytest.fixture(autouse=True)
def folder_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)


def activations(
    model: onnx.ModelProto, *, bits: BitWidths | None = None, batch: int | None = None, **images: NDArray[np.generic]
) -> tuple[Activations, dict[str, Layer]]:
    """Save a model and its inputs, run it, and give its layers by name."""
    onnx.save(model, "n.onnx")
    np.savez("n.npz", **images)
    network = read_onnx("n.onnx", {})
    layers = [one.__class__(**{**fields(one), "bits": bits or one.bits}) for one in network.workload.layers]
    return read_activations("n.onnx", network, "n.npz", layers, batch=batch), {one.name: one for one in layers}


def fields(layer: Layer) -> dict[str, object]:
    """Hand a layer's fields, none of them copied."""
    return {name: getattr(layer, name) for name in layer.__dataclass_fields__}


def run_json(*arguments: str) -> dict[str, object]:
    """Run a command; give its result file."""
    assert main(["run", *arguments, "--quiet", "--json", "out.json"]) == 0
    found: dict[str, object] = json.loads(Path("out.json").read_text(encoding="utf-8"))
    return found


# Fixed point


@given(st.floats(1e-30, 1e30), st.integers(2, 16))
def test_the_largest_value_just_fits(largest: float, bits: int) -> None:
    found, most = fit(largest, bits), (1 << (bits - 1)) - 1
    values = np.array([largest, -largest])
    assert np.abs(values - found.values(found.words(values))).max() <= 2.0**-found.fraction / 2
    finer = np.ldexp(largest, found.fraction + 1)
    assert np.rint(finer) > most


def test_words_are_rounded_and_held_in_range() -> None:
    words = FixedPoint(8, 2).words(np.array([0.124, 0.126, 0.375, -0.375, 31.75, 99.0, -32.0, -99.0]))
    assert words.tolist() == [0, 1, 2, -2, 127, 127, -128, -128]
    assert fit(0.0, 8).words(np.zeros(1)).tolist() == [0]


@pytest.mark.parametrize(
    ("largest", "psum_bits", "window", "fraction"),
    [(3.0, 16, 11, 13), (0.001, 16, 0, 24), (3.0, 8, 19, 5), (1e9, 16, 31, -7)],
)
def test_the_window_is_the_least_shift_with_which_psums_fit(
    largest: float, psum_bits: int, window: int, fraction: int
) -> None:
    found = fit_layer(FixedPoint(16, 12), FixedPoint(16, 12), largest_psum=largest, psum_bits=psum_bits)
    assert (found.window, found.psum.fraction) == (window, fraction)


# Layouts


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


# Digits


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


# What is printed, and what is refused


def test_notes(capsys: pytest.CaptureFixture[str]) -> None:
    onnx.save(small_cnn(), "net.onnx")
    np.save("images.npy", np.ones((1, 3, 16, 16), np.float32))
    assert main(["run", "net.onnx", "--inputs", "images.npy", "--bits", "ifmap=8"]) == 0
    printed = " ".join(capsys.readouterr().out.partition("\n\n")[0].split())
    assert printed.endswith(NOTE.format("1 image", "images.npy", onnxruntime.__version__, 8, 16))
    assert "are assumed" not in printed
    assert main(["run", "net.onnx", "--seed", "7"]) == 0
    printed = " ".join(capsys.readouterr().out.partition("\n\n")[0].split())
    assert printed.endswith("tensors: drawn with seed 7 at these zeros; --inputs takes the network's own values")


def refusal(capsys: pytest.CaptureFixture[str], images: str = "i.npy", *options: str, model: str = "net.onnx") -> str:
    """Run a command that is refused; give the line."""
    assert main(["run", model, "--inputs", images, *options]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.rstrip("\n")


GOOD = np.ones((2, 3, 16, 16), np.float32)


@pytest.mark.parametrize(
    ("array", "line"),
    [
        (GOOD[0], "input 'x': its shape is 3 x 16 x 16; expected N x 3 x 16 x 16"),
        (GOOD[:0], "input 'x': its shape is 0 x 3 x 16 x 16; expected N x 3 x 16 x 16"),
        (GOOD[..., 0], "input 'x': its shape is 2 x 3 x 16; expected N x 3 x 16 x 16"),
        (np.float32(1), "input 'x': its shape is a single value; expected N x 3 x 16 x 16"),
        (GOOD.astype(np.uint8),
         "input 'x': its values are uint8; the model takes float32: convert them, and scale them as it was trained"),
        (GOOD * np.nan, "input 'x': it holds NaN or infinity; expected finite numbers"),
        (GOOD.astype(np.float64) * 1e300,
         "input 'x': a value is out of range of float32; expected finite numbers"),
        (GOOD * np.float32(3e38),
         "net.onnx: layer conv1: a value of its ofmap is not finite; the images or the weights are out of range"),
    ],
)  # fmt: skip
def test_refuse_images(array: NDArray[np.generic], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    onnx.save(small_cnn(), "net.onnx")
    np.save("i.npy", array)
    assert refusal(capsys) == (line if line.startswith("net.onnx") else f"i.npy: {line}")


def packed(**arrays: object) -> bytes:
    """Return the bytes of a .npz."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def saved(array: NDArray[np.generic]) -> bytes:
    """Return the bytes of a .npy, which may hold objects."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


WHOLE = "save it with numpy.save or numpy.savez"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "this is neither .npy nor .npz; expected a .npy or .npz file of images"),
        (b"\x80\x04K\x01.", "this is neither .npy nor .npz; expected a .npy or .npz file of images"),
        (saved(GOOD)[:-1], f"not a whole .npy or .npz file; {WHOLE}"),
        (saved(GOOD)[:20], f"not a whole .npy or .npz file; {WHOLE}"),
        (saved(np.array([{}])), f"it holds pickled objects; {WHOLE}"),
        (packed(x=np.array([{}], object)), f"it holds pickled objects; {WHOLE}"),
        (packed(x=GOOD)[:900], f"not a whole .npy or .npz file; {WHOLE}"),
        (packed(), "nothing for the input 'x'; it has nothing"),
        (packed(X=GOOD), "the model has no input 'X'; did you mean 'x'?"),
        (packed(x=GOOD, label=GOOD), "the model has no input 'label'; allowed: x"),
    ],
)  # fmt: skip
def test_refuse_files(content: bytes, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    onnx.save(small_cnn(), "net.onnx")
    Path("i.npy").write_bytes(content)
    assert refusal(capsys) == f"i.npy: {line}"


def test_refuse_archives_that_unpack_without_end(capsys: pytest.CaptureFixture[str]) -> None:
    onnx.save(small_cnn(), "net.onnx")
    with zipfile.ZipFile("i.npz", "w") as archive:
        archive.writestr("x.npy", saved(GOOD))
        archive.filelist[0].file_size = 1 << 31
    assert refusal(capsys, "i.npz") == "i.npz: the file is too large; at most 2 GiB"


def test_refuse_inputs_that_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    dims = ["N", 8, 5, 5]
    onnx.save(build([node("Add", "x z", "a"), node("Conv", "a w", "y")], {"w": weights(4, 8, 3, 3)},
                    {"x": dims, "z": dims}), "net.onnx")  # fmt: skip
    one = np.ones((1, 8, 5, 5), np.float32)
    np.save("i.npy", one)
    assert refusal(capsys) == "i.npy: one array for 2 inputs; give a .npz with x, z"
    np.savez("i.npz", x=one)
    assert refusal(capsys, "i.npz") == "i.npz: nothing for the input 'z'; it has x"
    np.savez("i.npz", x=one, z=np.repeat(one, 2, axis=0))
    assert refusal(capsys, "i.npz") == "i.npz: inputs for different numbers of batches: x 1, z 2; as many"


def test_refuse_what_can_not_be_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    onnx.save(small_cnn(), "net.onnx")
    np.save("i.npy", GOOD)
    assert refusal(capsys, "i.npy", "--batch", "3") == "--batch: 3 images are wanted; i.npy has 2"
    line = "layer conv1: bits.filter: 1 b; tensors of values have 2 to 16"
    assert refusal(capsys, "i.npy", "--bits", "filter=1") == line
    assert refusal(capsys, "nope.npy") == "nope.npy: no such file; expected a .npy or .npz file of images"
    assert refusal(capsys, ".") == ".: this is not a regular file; expected a .npy or .npz file of images"
    line = "--inputs: alexnet is no ONNX file; leave it out: only an ONNX file can be run on images"
    assert refusal(capsys, model="alexnet") == line
    empty = small_cnn()
    empty.graph.initializer[0].ClearField("raw_data")
    onnx.save(empty, "empty.onnx")
    line = "empty.onnx: the file has no values for 'w1'; only a network with weights can be run"
    assert refusal(capsys, model="empty.onnx") == line
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    line = "--inputs: running a network needs onnxruntime; install it with pip install 'sim[onnx]'"
    assert refusal(capsys) == line
