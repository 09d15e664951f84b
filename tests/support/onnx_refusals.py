"""How a bad ONNX file is refused."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from sim.errors import InputError
from sim.formats.onnx.network import read_onnx
from support.onnx_builder import build, node, weights

WANTED = "expected an ONNX model"
FIT = "its shapes or nodes do not fit together"
AGAIN = "export the model again"
X = {"x": [1, 8, 12, 10]}
W = {"w": weights(4, 8, 3, 3)}


def refusal(path: str | Path = "n.onnx", **shapes: tuple[int, ...]) -> str:
    """Return the refusal of a file."""
    with pytest.raises(InputError) as caught:
        read_onnx(path, shapes)
    return str(caught.value)


def refused(model: onnx.ModelProto, **shapes: tuple[int, ...]) -> str:
    """Return the refusal of a model, without its file's name."""
    Path("n.onnx").write_bytes(model.SerializeToString())
    return refusal(**shapes).removeprefix("n.onnx: ")


def conv(**attributes: object) -> onnx.ModelProto:
    """Make a model of one convolution."""
    return build([node("Conv", "x w", "y", name="c", **attributes)], W, X)
