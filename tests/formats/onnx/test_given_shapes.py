"""`--shape`: the exact line for each bad one."""

from __future__ import annotations

import pytest
from support.onnx_builder import build, node
from support.onnx_refusals import W, refused

from sim.errors import InputError
from sim.formats.onnx.shapes import read_shapes

pytestmark = pytest.mark.usefixtures("folder")  # each test stands in an empty one


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1x3x224x224", "'1x3x224x224' is no input and shape"),
        ("x=", "'x=' is no input and shape"),
        ("=1x3", "'=1x3' is no input and shape"),
        ("x=1x3x", "'x=1x3x' is no input and shape"),
        ("x=0x3", "'x=0x3' is no input and shape"),
        ("x=1,3", "'x=1,3' is no input and shape"),
        ("x=99999999", "'x=99999999' is no input and shape"),
    ],
)
def test_refuse_shapes(text: str, line: str) -> None:
    with pytest.raises(InputError, match=r"^--shape: ") as caught:
        read_shapes([text])
    assert str(caught.value) == f"--shape: {line}; write e.g. --shape data=1x3x224x224"


@pytest.mark.parametrize(
    ("shapes", "line"),
    [
        ({"z": (1, 8, 12, 10)}, "--shape: n.onnx has no input 'z'; allowed: x"),
        ({"x": (1, 8, 12)}, "--shape: x: got 1x8x12; the model has Nx8xHx10"),
        ({"x": (1, 8, 12, 11)}, "--shape: x: got 1x8x12x11; the model has Nx8xHx10"),
        ({"x": (1, 8, 1, 10)},
         "Conv node 'c': kernel: a kernel 3 in height over a padded ifmap of 1; at most 1"),
    ],
)  # fmt: skip
def test_refuse_shapes_that_do_not_fit(shapes: dict[str, tuple[int, ...]], line: str) -> None:
    model = build([node("Conv", "x w", "y", name="c")], W, {"x": ["N", 8, "H", 10]})
    assert refused(model, **shapes) == line
