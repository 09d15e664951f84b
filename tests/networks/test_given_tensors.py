"""Tensors from `.npy` files: where their values go, and the exact line for each bad file."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import read_machine
from sim.cli.main import main
from sim.errors import InputError
from sim.files.catalogue import find_cost_table, find_machine
from sim.ledger.energy import read_cost_table
from sim.networks.drawn_tensors import draw_filters, draw_ifmap
from sim.networks.workload import Workload, read_workload
from sim.runs.runner import Planner, Runner

TEXT = """\
schema: 1
name: net
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - name: a
    type: conv
    ifmap: [4, 6, 7]
    filters: 6
    kernel: 3
    stride: 2
    groups: 2
    pad: [1, 0, 2, 0]
    tensors: {ifmap: x.npy, filters: w.npy}
"""
SAVE = "save it with numpy.save as int16 or int8"


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds a workload and its files."""
    Path("net").mkdir()
    Path("net/net.yaml").write_text(TEXT, encoding="utf-8")
    random = np.random.default_rng(0)
    np.save("net/x.npy", random.integers(-2, 3, (3, 4, 6, 7)).astype(np.int16))
    np.save("net/w.npy", random.integers(-2, 3, (6, 2, 3, 3)).astype(np.int8))


def read() -> Workload:
    """Read the workload, whose files stand beside it and not here."""
    return read_workload(Path("net/net.yaml"))


def refusal() -> str:
    """Return the refusal, the workload's own path left out."""
    with pytest.raises(InputError) as caught:
        read()
    place, _, message = str(caught.value).partition(": ")
    assert place.startswith("net/net.yaml:15:")
    return message


def test_values_are_the_files() -> None:
    """Pad at the top and left; the last row no window covers is cut off: H is (3 - 1) 2 + 3, of 1 + 6 rows."""
    layer = read().layers[0]
    x, w = np.load("net/x.npy"), np.load("net/w.npy")
    ifmap = draw_ifmap(layer, batch=2, seed=1)
    assert ifmap.shape == (2, 4, layer.shape.H, layer.shape.W)
    assert np.array_equal(
        ifmap, np.pad(x[:2], ((0, 0), (0, 0), (1, 0), (2, 0)))[:, :, : layer.shape.H, : layer.shape.W]
    )
    filters = draw_filters(layer, seed=1)
    assert filters.dtype == np.int16
    assert np.array_equal(filters, w)
    assert (layer.ifmap_zeros, layer.filter_zeros) == (pytest.approx((x == 0).mean()), pytest.approx((w == 0).mean()))


def test_the_engine_counts_their_zeros() -> None:
    """Let everything but one value be zero: its uses are all that is left of the MACs."""
    x = np.zeros((2, 4, 6, 7), np.int8)
    x[1, 3, 2, 2] = 5  # padded row 3 and column 4: two windows down, two across
    np.save("net/x.npy", x)
    machine, table = read_machine(find_machine("eyeriss")), read_cost_table(find_cost_table("eyeriss-65nm"))
    planned = Planner(Eyeriss(), machine, table, 2).plan(read().layers)
    result = next(Runner(Eyeriss(), machine, table, CycleModel(machine), 2, 0).run(planned))
    assert result.run.ledger.macs_performed == 3 * 1 * 2


def test_run_on_given_tensors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("run", "net/net.yaml", "--quiet")) == 0
    assert main(("run", "net/net.yaml", "--quiet", "--batch", "4")) == 2
    line = "layer a: net/x.npy: its shape is 3 x 4 x 6 x 7; expected 4 or more x 4 x 6 x 7\n"
    assert capsys.readouterr().err == line


def npz() -> bytes:
    """Return an archive."""
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(3, np.int16))
    return stream.getvalue()


def saved(array: object) -> bytes:
    """Return a .npy file, pickled where it must be."""
    stream = io.BytesIO()
    np.save(stream, np.array(array), allow_pickle=True)
    return stream.getvalue()


GOOD = saved(np.ones((2, 4, 6, 7), np.int16))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", f"not a .npy file; {SAVE}"),
        (b"1,2,3\n", f"not a .npy file; {SAVE}"),
        (b"\x80\x04K\x01.", f"a pickle; {SAVE}"),
        (npz(), f"an .npz archive; {SAVE}"),
        (saved([{"a": 1}, None]), f"it holds pickled objects; {SAVE}"),
        (GOOD[:8], f"not a whole .npy file; {SAVE}"),
        (GOOD[:60], f"not a whole .npy file; {SAVE}"),
        (GOOD[:-1], f"not a whole .npy file; {SAVE}"),
        (GOOD.replace(b"descr", b"de\0cr"), f"not a whole .npy file; {SAVE}"),
        (GOOD.replace(b"(2, 4", b"(9**9"), f"not a whole .npy file; {SAVE}"),
        (saved(np.ones((2, 4, 6, 7), np.float32)), "its values are float32; quantise it to int16 or int8 first"),
        (saved(np.ones((2, 4, 6, 7), np.int32)), f"its values are int32; {SAVE}"),
        (saved(np.ones((2, 4, 6, 7), np.uint8)), f"its values are uint8; {SAVE}"),
        (saved(np.ones((2, 4, 6, 7), bool)), f"its values are bool; {SAVE}"),
        (saved(np.ones((1, 4, 6, 7), np.int8)), "its shape is 1 x 4 x 6 x 7; expected 2 or more x 4 x 6 x 7"),
        (saved(np.ones((2, 4, 7, 6), np.int8)), "its shape is 2 x 4 x 7 x 6; expected 2 or more x 4 x 6 x 7"),
        (saved(np.int8(1)), "its shape is a single value; expected 2 or more x 4 x 6 x 7"),
    ],
)
def test_refuse_an_ifmap(content: bytes, message: str) -> None:
    Path("net/x.npy").write_bytes(content)
    assert refusal() == f"layers[0].tensors.ifmap: net/x.npy: {message}"


def test_refuse_filters() -> None:
    np.save("net/w.npy", np.ones((6, 4, 3, 3), np.int8))
    assert refusal() == "layers[0].tensors.filters: net/w.npy: its shape is 6 x 4 x 3 x 3; expected 6 x 2 x 3 x 3"
    Path("net/w.npy").unlink()
    rule = "no such file; expected a .npy file; paths start at the workload file"
    assert refusal() == f"layers[0].tensors.filters: net/w.npy: {rule}"
    Path("net/w.npy").mkdir()
    assert refusal() == "layers[0].tensors.filters: net/w.npy: not a regular file; expected a .npy file"


def test_refuse_values_that_are_too_wide() -> None:
    Path("net/net.yaml").write_text(TEXT + "    bits: {ifmap: 2 b, filter: 8 b}\n")
    rule = "the value 2 does not fit into 2 b; expected -2 to 1"
    assert refusal() == f"layers[0].tensors.ifmap: net/x.npy: {rule}"


def test_refuse_a_zero_fraction_that_is_counted() -> None:
    Path("net/net.yaml").write_text(TEXT + "    zeros: {ifmap: 0.5}\n")
    with pytest.raises(InputError) as caught:
        read()
    wrong = "layers[0].zeros.ifmap: a zero fraction beside tensors.ifmap; leave it out: it is counted"
    assert str(caught.value) == f"net/net.yaml:16:20: {wrong}"
