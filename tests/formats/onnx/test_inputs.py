"""`--inputs`: the note on what was run, and the exact line for each bad file."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from support.onnx_builder import build, node, small_cnn, weights
from support.onnx_runs import NOTE

from sim.cli.main import main

pytestmark = pytest.mark.usefixtures("folder")  # each test stands in an empty one


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
