"""Damaged ONNX files, and weights kept outside them: one line and status 2, whatever the damage."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import AttributeProto
from support.onnx_builder import DATA, small_cnn
from support.onnx_refusals import AGAIN, conv, refusal, refused

from sim.cli.main import main

pytestmark = pytest.mark.usefixtures("folder")  # each test stands in an empty one

FUZZED = 400
SEED = 5


def external(name: str = "n.bin") -> None:
    """Write a model whose weights are in a file beside it."""
    model = conv()
    onnx.save(model, "n.onnx", save_as_external_data=True, location=name, size_threshold=0)


@pytest.mark.parametrize("damage", [lambda: Path("n.bin").unlink(), lambda: Path("n.bin").write_bytes(b"short")])
def test_refuse_external_data_that_are_missing(damage: Callable[[], object]) -> None:
    external()
    damage()
    found = refusal()
    assert found.startswith("n.onnx: the external data of 'w' can't be read (")
    assert found.endswith("); put the file 'n.bin' beside the model")


def test_external_data_outside_the_folder_are_not_read() -> None:
    external()
    model = onnx.load("n.onnx", load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../secret.bin"
    assert refused(model).startswith("the external data of 'w' can't be read (")


# Damaged files: whatever the damage, one line


def damage(content: bytes, dice: random.Random) -> bytes:
    """Flip bytes, cut off, cut out, or repeat a piece."""
    damaged = bytearray(content)
    start = dice.randrange(len(damaged))
    kind = dice.choice(["flip", "truncate", "cut", "repeat"])
    if kind == "flip":
        for _ in range(dice.choice([1, 2, 8])):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
    elif kind == "truncate":
        del damaged[start:]
    elif kind == "cut":
        del damaged[start : start + dice.randrange(1, 30)]
    else:
        damaged[start:start] = damaged[start : start + dice.randrange(1, 40)]
    return bytes(damaged)


def distort(model: onnx.ModelProto, dice: random.Random) -> None:
    """Make a well-formed file with one wrong node, attribute or tensor."""
    one = dice.choice(model.graph.node)
    kind = dice.choice(["type", "value", "operator", "input", "output", "tensor", "node", "dims"])
    if kind == "type" and one.attribute:
        dice.choice(one.attribute).type = dice.choice([AttributeProto.FLOAT, AttributeProto.STRING, AttributeProto.INT])
    elif kind == "value" and one.attribute:
        attribute = dice.choice(one.attribute)
        attribute.ints.extend([dice.choice([-1, 0, 1 << 62])] * dice.choice([1, 2]))
        attribute.i = dice.choice([-1, 0, 1 << 62])
    elif kind == "operator":
        one.op_type = dice.choice(["Conv", "Gemm", "MatMul", "Loop", "Reshape", "", "Nonsense"])
    elif kind == "input":
        one.input[dice.randrange(len(one.input))] = dice.choice([one.output[0], "", "nothing", "y"])
    elif kind == "output":
        one.output[0] = dice.choice(["x", "", "y", one.input[0]])
    elif kind == "tensor":
        del model.graph.initializer[dice.randrange(len(model.graph.initializer))]
    elif kind == "node":
        del model.graph.node[dice.randrange(len(model.graph.node))]
    elif kind == "dims":
        tensor = dice.choice(model.graph.initializer)
        tensor.dims[dice.randrange(len(tensor.dims))] = dice.choice([-1, 0, 1, 7, 1 << 40])


def test_damaged_files_are_refused_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A few stay good, where the damage hits a value or a name that nobody asks for."""
    dice = random.Random(SEED)
    good = [small_cnn().SerializeToString(), (DATA / "light" / "light_bvlc_alexnet.onnx").read_bytes()]
    refusals = 0
    for number in range(FUZZED):
        content = dice.choice(good)
        if number % 2:
            model = onnx.load_from_string(good[0])
            distort(model, dice)
            content = model.SerializeToString()
        else:
            content = damage(content, dice)
        Path("n.onnx").write_bytes(content)
        status = main(["convert", "n.onnx", "out.txt"])
        printed = capsys.readouterr()
        assert printed.out == ""
        if status == 0:
            continue
        refusals += 1
        assert status == 2
        assert printed.err.startswith("n.onnx: ")
        assert printed.err[:-1].isprintable()
        assert printed.err[-1] == "\n"
    assert refusals > FUZZED // 2


def test_names_that_are_no_text_are_refused() -> None:
    content = small_cnn().SerializeToString().replace(b"conv1", b"con\xff1")
    Path("n.onnx").write_bytes(content)
    assert refusal() == f"n.onnx: a name in it is no UTF-8 text; {AGAIN}"
