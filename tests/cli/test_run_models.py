"""`run --model analytic`, and the ofmaps that `run --check --ofmaps` writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.commands import Outcome, files, read_json

from sim.networks.drawn_tensors import draw_filters, draw_ifmap
from sim.networks.reference import reference_of
from sim.networks.workload import read_workload

pytestmark = pytest.mark.usefixtures("tiny")


def test_the_analytic_model_needs_no_tensors(sim: Callable[..., Outcome]) -> None:
    told = sim("run", "tiny.yaml", "--model", "analytic", "--json", "out.json")
    assert (told.status, told.err) == (0, "")
    found = read_json("out.json")
    assert (found["provenance"]["model"], found["provenance"]["seed"]) == ("analytic", None)
    assert "analytic model" in told.out.splitlines()[0]


def test_it_is_what_the_comparison_and_the_estimate_have(sim: Callable[..., Outcome]) -> None:
    assert sim("run", "tiny.yaml", "--model", "analytic", "--quiet", "--json", "run.json").status == 0
    assert sim("compare", "tiny.yaml", "--quiet", "--json", "both.json").status == 0
    code = ("--code", "rlc", "--skip", "ifmap", "--cost-table", "eyeriss-65nm")
    assert sim("estimate", "tiny.yaml", "--quiet", "--json", "estimate.json", *code).status == 0
    layers = read_json("run.json")["layers"]
    assert layers == read_json("both.json")["analytic"]["layers"]
    assert layers == read_json("estimate.json")["layers"]


def test_the_cycle_model_is_the_default(sim: Callable[..., Outcome]) -> None:
    assert sim("run", "tiny.yaml", "--quiet", "--json", "one.json").status == 0
    assert sim("run", "tiny.yaml", "--quiet", "--json", "two.json", "--model", "cycle").status == 0
    assert read_json("one.json") == read_json("two.json")
    assert read_json("one.json")["provenance"]["model"] == "cycle"


def test_there_are_two_models(sim: Callable[..., Outcome]) -> None:
    told = sim("run", "tiny.yaml", "--model", "cycles")
    line = "sim run: argument --model: no choice 'cycles'; did you mean 'cycle'?; see sim run --help\n"
    assert told == Outcome(2, "", line)


@pytest.mark.parametrize("there", [False, True])
def test_the_ofmaps_are_the_reference_s(there: bool, sim: Callable[..., Outcome]) -> None:
    """Convolve what was drawn, in the window of the reference, and rectify; the last layer has no ReLU."""
    if there:
        Path("ofmaps").mkdir()
    words = ("run", "tiny.yaml", "--seed", "5", "--check", "--ofmaps", "ofmaps", "--json", "out.json")
    assert sim(*words).status == 0
    layers = read_workload(Path("tiny.yaml")).layers
    assert files("ofmaps") == ["1_conv1.npy", "2_conv2_dw.npy", "3_fc3.npy"]
    assert files() == ["ofmaps", "out.json", "tiny.yaml"]
    for layer, name in zip(layers, files("ofmaps"), strict=True):
        shape = layer.shape
        ifmap = draw_ifmap(layer, batch=2, seed=5)[..., : shape.H, : shape.W]
        due = reference_of(ifmap, draw_filters(layer, seed=5), shape, psum_bits=16).psums
        found = np.load(Path("ofmaps") / name, allow_pickle=False)
        assert found.dtype == np.int16
        assert found.shape == (2, shape.G * shape.M, shape.E, shape.F)
        assert np.array_equal(found, np.maximum(due, 0) if layer.relu else due)
        assert layer.relu or (found < 0).any()


def test_only_the_ofmaps_files_are_added_by_the_option(sim: Callable[..., Outcome]) -> None:
    assert sim("run", "tiny.yaml", "--check", "--quiet", "--json", "one.json").status == 0
    assert sim("run", "tiny.yaml", "--check", "--quiet", "--json", "two.json", "--ofmaps", "o").status == 0
    assert read_json("one.json") == read_json("two.json")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--ofmaps", "new"], "--ofmaps: ofmaps are computed only by --check; add --check"),
        (["--check", "--ofmaps", "full"], "full: is not empty; name a new folder"),
        (["--check", "--ofmaps", "tiny.yaml"], "tiny.yaml: is a file; name a new folder"),
        (["--check", "--ofmaps", "."], ".: is the current folder; name a new folder"),
        (["--check", "--ofmaps", "full/.."], "full/..: is the current folder; name a new folder"),
        (["--check", "--ofmaps", ""], "--ofmaps: '' is no folder; name a folder"),
        (["--check", "--ofmaps", "-"], "--ofmaps: '-' is no folder; name a folder"),
        (["--check", "--ofmaps", "x", "--json", "./x"],
         "x: --json and --ofmaps both write there; name a folder of its own"),
        (["--check", "--ofmaps", "x", "--trace", "x"],
         "x: --trace and --ofmaps both write there; name a folder of its own"),
        (["--check", "--ofmaps", "no/new"], "no/new: its folder is missing; make it first"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_is_refused_before_the_run(
    options: list[str], line: str, sim: Callable[..., Outcome]
) -> None:
    Path("full").mkdir()
    Path("full", "x").write_text("", encoding="utf-8")
    assert sim("run", "tiny.yaml", *options) == Outcome(2, "", f"{line}\n")
    assert (files(), files("full")) == (["full", "tiny.yaml"], ["x"])


def test_no_folder_of_ofmaps_takes_in_another_file(sim: Callable[..., Outcome]) -> None:
    Path("empty").mkdir()
    told = sim("run", "tiny.yaml", "--check", "--ofmaps", "empty", "--trace", "empty/t.json")
    line = "empty: --trace and --ofmaps both write there; name a folder of its own\n"
    assert (told, files("empty")) == (Outcome(2, "", line), [])


@pytest.mark.parametrize("there", [False, True])
def test_a_link_to_a_folder_of_ofmaps_is_followed(there: bool, sim: Callable[..., Outcome]) -> None:
    if there:
        Path("far").mkdir()
    Path("link").symlink_to("far")
    assert sim("run", "tiny.yaml", "--check", "--quiet", "--ofmaps", "link").status == 0
    assert Path("link").is_symlink()
    assert files("far") == ["1_conv1.npy", "2_conv2_dw.npy", "3_fc3.npy"]


def test_a_link_to_itself_is_no_folder_of_ofmaps(sim: Callable[..., Outcome]) -> None:
    Path("loop").symlink_to("loop")
    told = sim("run", "tiny.yaml", "--check", "--ofmaps", "loop")
    assert told == Outcome(2, "", "loop: is a link that leads back to itself; name a new folder\n")


def test_a_folder_that_may_not_be_written_is_refused(
    sim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    line = "new: its folder can't be written to; name another\n"
    assert sim("run", "tiny.yaml", "--check", "--ofmaps", "new") == Outcome(2, "", line)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--check"], "--check: the analytic model computes no ofmaps; use the cycle model"),
        (["--check", "--ofmaps", "o"], "--check: the analytic model computes no ofmaps; use the cycle model"),
        (["--trace", "t.json"], "--trace: the analytic model doesn't know what happens when; use the cycle model"),
    ],
)
def test_what_the_analytic_model_cannot_do_is_not_taken_without_a_word(
    options: list[str], line: str, sim: Callable[..., Outcome]
) -> None:
    assert sim("run", "tiny.yaml", "--model", "analytic", *options) == Outcome(2, "", f"{line}\n")
    assert files() == ["tiny.yaml"]
