"""PyTorch modules as networks. PyTorch itself is no part of the tests: what stands in for it exports a known file."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from support.onnx_builder import small_cnn

import sim

COSTS = "normalized-65nm"


class Module:
    """A module of the stand-in: it remembers whether it trains, and how it was exported."""

    def __init__(self) -> None:
        self.training = True
        self.fails = ""

    def eval(self) -> Module:
        self.training = False
        return self

    def train(self, mode: bool) -> None:
        self.training = mode


class SmallNet(Module):
    """A network whose export is the small CNN."""


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Put a stand-in in the place of PyTorch; it keeps what it was asked to export."""
    seen = SimpleNamespace(inputs=None, path=None)

    def export(module: Any, inputs: tuple[Any, ...], path: str, *, dynamo: bool) -> None:
        assert not module.training
        if module.fails:
            raise RuntimeError(module.fails)
        seen.inputs, seen.path = inputs, Path(path)
        Path(path).write_bytes(small_cnn().SerializeToString())

    fake = ModuleType("torch")
    fake.nn = SimpleNamespace(Module=Module)  # type: ignore[attr-defined]
    fake.onnx = SimpleNamespace(export=export)  # type: ignore[attr-defined]
    fake.no_grad = nullcontext  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", fake)
    return seen


def test_a_module_runs_as_its_onnx_file(torch: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "SmallNet.onnx").write_bytes(small_cnn().SerializeToString())
    module = SmallNet()
    found = sim.run(module, "an input")
    file = sim.run(tmp_path / "SmallNet.onnx")
    assert found.as_rows() == file.as_rows()
    assert found.provenance["workload"] == "SmallNet"
    assert torch.inputs == ("an input",)
    assert module.training  # as it was before
    assert not torch.path.exists()


def test_several_inputs_stay_as_they_are(torch: SimpleNamespace) -> None:
    sim.estimate(SmallNet(), ("a", "b"))
    assert torch.inputs == ("a", "b")


def test_a_module_is_compared(torch: SimpleNamespace) -> None:
    found = sim.compare(SmallNet(), "an input")
    assert found.found.cycle.provenance["workload"] == "SmallNet"
    machines = sim.compare(SmallNet(), example="an input", arch=["eyeriss", "isca2016_256pe"], cost_table=COSTS)
    assert machines.as_dict()["workload"] == "SmallNet"
    assert torch.inputs == ("an input",)


def test_a_module_without_an_example_is_refused(torch: SimpleNamespace) -> None:
    with pytest.raises(sim.InputError) as caught:
        sim.run(SmallNet())
    line = "example: the module SmallNet has no example input; give a tensor of the shape that it takes"
    assert str(caught.value) == line


def test_what_the_exporter_says_is_said_in_a_line(torch: SimpleNamespace) -> None:
    module = SmallNet()
    module.fails = "no operator\nfor this"
    with pytest.raises(sim.InputError) as caught:
        sim.map(module, "an input")
    line = "SmallNet: can't be exported to ONNX: no operator; export it yourself, and give the .onnx file"
    assert str(caught.value) == line
    assert module.training


def test_without_pytorch_nothing_is_taken_for_a_module() -> None:
    from sim.api.torch_module import is_module

    assert "torch" not in sys.modules
    assert not is_module(SmallNet())
