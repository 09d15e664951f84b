"""`run --check` from the command line: what it says and writes, what it leaves alone, what a fault makes of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import workloads
from support.commands import read_json

from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.engine.datapath import SeededFault
from sim.cli.main import main
from sim.networks.drawn_tensors import draw_filters
from sim.networks.layer import Layer, LayerKind, Shape
from sim.networks.reference import choose_window, part_of_psum, reference_of

TINY = workloads.TINY.replace("[8, 6, 6]", "[8, 16, 16]")
VALUES = [2 * 8 * 12 * 12, 2 * 8 * 6 * 6, 2 * 10]
FROM_OFMAPS = {"bits", "energy", "power_w", "power_by_component_w", "total_cycles", "total_latency_s"}


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small workload, at 16 bits and at 8."""
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    Path("tiny8.yaml").write_text(
        TINY.replace("layers:", "bits: {ifmap: 8 b, filter: 8 b, psum: 8 b}\nlayers:"), "utf-8"
    )


def result(*arguments: str, workload: str = "tiny.yaml") -> dict[str, Any]:
    """Run a workload; read the result file."""
    assert main(["run", workload, "--quiet", "--json", "out.json", *arguments]) == 0
    return read_json("out.json")


@pytest.mark.parametrize("workload", ["tiny.yaml", "tiny8.yaml"])
def test_every_value_is_checked(workload: str) -> None:
    layers = result("--check", workload=workload)["layers"]
    assert [layer["checked"]["values"] for layer in layers] == VALUES
    assert all(set(layer["checked"]) == {"values", "window", "overflows"} for layer in layers)
    assert layers[2]["folded"]  # more rows than the array has


def test_the_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.yaml", "--check"]) == 0
    assert f"ofmaps checked: {sum(VALUES)} values equal\n" in capsys.readouterr().out
    assert main(["run", "tiny.yaml"]) == 0
    assert "checked" not in capsys.readouterr().out


def test_only_what_the_ofmaps_decide_is_changed() -> None:
    plain, checked = result(), result("--check")
    assert "check" not in plain["provenance"]["options"]
    assert checked["provenance"]["options"].pop("check") is True
    assert checked["provenance"] == plain["provenance"]
    for drawn, computed in zip(plain["layers"], checked["layers"], strict=True):
        assert "checked" not in drawn
        assert computed.pop("checked")
        changed = {key for key in drawn if drawn[key] != computed[key]}
        assert changed <= FROM_OFMAPS
        assert "bits" in changed
        drawn["bits"]["dram"].pop("ofmap"), computed["bits"]["dram"].pop("ofmap")
        assert drawn["bits"] == computed["bits"]


def test_a_run_is_the_same_again_and_without_reuse() -> None:
    first = result("--check")
    assert result("--check") == first
    assert result("--check", "--no-reuse")["layers"] == first["layers"]
    assert result("--check", "--seed", "1")["layers"] != first["layers"]


def test_a_fault_ends_the_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    faulty = partial(CycleModel, fault=SeededFault(row=11, column=0, bit=25))
    monkeypatch.setattr("sim.chips.eyeriss.engine.chip.CycleModel", faulty)
    assert main(["run", "tiny.yaml", "--check", "--json", "out.json"]) == 3
    message = capsys.readouterr().err
    assert "ofmaps equal the reference convolution: layer conv1: image 0, filter 0, row " in message
    assert "; PE row 11, column 0 adds " in message
    assert message.count("\n") == 1
    assert not Path("out.json").exists()


# The reference, and the filters that it is given.

ONE = Shape(G=1, M=1, C=1, R=1, S=2, E=1, F=1)


def psums_of(values: list[int], weights: list[int], bits: int = 16, window: int | None = None) -> tuple[int, int, int]:
    """Return the one psum of two words' products, the window, and the overflows."""
    made = reference_of(
        np.array(values, np.int16).reshape(1, 1, 1, 2),
        np.array(weights, np.int16).reshape(1, 1, 1, 2),
        ONE,
        psum_bits=bits,
        window=window,
    )
    return int(made.psums[0, 0, 0, 0]), made.window, made.overflows


@pytest.mark.parametrize(
    ("values", "weights", "bits", "found"),
    [
        ([32767, 0], [1, 1], 16, (32767, 0, 0)),
        ([32767, 1], [1, 1], 16, (16383, 1, 0)),
        ([32767, 1], [-1, -1], 16, (-16385, 1, 0)),  # each product is rounded down
        ([127, 0], [1, 1], 8, (127, 0, 0)),
        ([64, 64], [1, 1], 8, (64, 1, 0)),
        ([-32768, -32768], [-32768, -32768], 16, (16384, 17, 0)),
        ([-32768, -32768], [-32768, -32768], 1, (0, 31, 0)),
        ([1, 1], [-32767, 0], 16, (-32767, 0, 0)),
        ([-1, -1], [32767, 32767], 16, (-32768, 1, 0)),
        ([0, 0], [5, 5], 16, (0, 0, 0)),
    ],
)
def test_the_window_fits_the_largest_psum(values: list[int], weights: list[int], bits: int, found: object) -> None:
    assert psums_of(values, weights, bits) == found


def test_psums_wrap_and_are_counted() -> None:
    assert psums_of([32767, 1], [1, 1], window=0) == (-32768, 0, 1)
    assert psums_of([32767, 32767], [4, 4], window=2) == (-2, 2, 1)
    assert psums_of([-32768, 1], [1, 1], window=0) == (-32767, 0, 0)


def test_the_window_is_one_for_all_images_and_filters() -> None:
    shape = Shape(G=2, M=1, C=1, R=1, S=1, E=1, F=1)
    ifmap = np.array([1, 2, 3, 4], np.int16).reshape(2, 2, 1, 1)
    filters = np.array([1, 32767], np.int16).reshape(2, 1, 1, 1)
    assert choose_window(ifmap, filters, shape, psum_bits=16) == 2
    assert reference_of(ifmap, filters, shape, psum_bits=16).psums.ravel().tolist() == [0, 16383, 0, 32767]


def test_a_part_is_cut_like_the_whole() -> None:
    values, weights = np.array([-32768, 7], np.int16), np.array([-32768, -1], np.int16)
    assert part_of_psum(values, weights, window=16, psum_bits=16) == 16384 - 1
    assert part_of_psum(values, weights, window=0, psum_bits=8) == -7


@pytest.mark.parametrize("zeros", [0.0, 0.4, 1.0])
def test_drawn_filters_have_both_signs(zeros: float) -> None:
    shape = Shape(G=1, M=64, C=16, R=3, S=3, E=1, F=1)
    layer = Layer("drawn", LayerKind.CONV, shape, stored_height=3, stored_width=3, filter_zeros=zeros)
    filters = draw_filters(layer, seed=0)
    assert abs((filters > 0).mean() - (1 - zeros) / 2) < 0.02
    assert abs((filters < 0).mean() - (1 - zeros) / 2) < 0.02
