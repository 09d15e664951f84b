"""The Python calls: what a network and a machine may be, the command's own results, and errors in Python's words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from support.commands import call, environment, read_json

import sim
from sim.chips.eyeriss.machine import read_machine
from sim.chips.registry import read_design
from sim.errors import InputError
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.energy import read_cost_table
from sim.ledger.results import NetworkResult
from sim.networks.workload import read_workload

pytestmark = pytest.mark.usefixtures("tiny")


def data_of(path: Path | str) -> dict[str, Any]:
    """Read a YAML file as data."""
    found: dict[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return found


def written(*words: str) -> dict[str, Any]:
    """Run a command quietly and give its file."""
    assert call(*words, "--quiet", "--json", "command.json") == 0
    return read_json("command.json")


def bare(result: dict[str, Any]) -> dict[str, Any]:
    """Leave out the provenance's options, which are the caller's own words."""
    provenance = {key: part for key, part in result["provenance"].items() if key != "options"}
    return {**result, "provenance": provenance}


# What a network, a machine and costs may be


@pytest.mark.parametrize(
    "make",
    [
        lambda: "tiny.yaml",
        lambda: Path("tiny.yaml"),
        lambda: data_of("tiny.yaml"),
        lambda: read_workload(Path("tiny.yaml")),
    ],
    ids=["text", "path", "data", "object"],
)
def test_a_network_is_a_path_data_or_an_object(make: Callable[[], Any]) -> None:
    assert bare(sim.run(make()).as_dict()) == bare(written("run", "tiny.yaml"))


def test_a_network_is_a_name() -> None:
    found = sim.estimate("alexnet", layers="CONV3")
    assert found.as_dict() == sim.estimate(data_of(find_workload("alexnet")), layers=["CONV3"]).as_dict()


@pytest.mark.parametrize(
    "make",
    [
        lambda: "isca2016_256pe",
        lambda: find_machine("isca2016_256pe"),
        lambda: str(find_machine("isca2016_256pe")),
        lambda: data_of(find_machine("isca2016_256pe")),
        lambda: read_machine(find_machine("isca2016_256pe")),
        lambda: read_design(find_machine("isca2016_256pe")),
    ],
    ids=["name", "path", "text", "data", "object", "design"],
)
def test_a_machine_is_a_name_a_path_data_or_an_object(make: Callable[[], Any]) -> None:
    found = sim.run("tiny.yaml", arch=make(), model="analytic")
    due = written("run", "tiny.yaml", "--arch", "isca2016_256pe", "--model", "analytic")
    assert bare(found.as_dict()) == bare(due)
    edited = sim.run("tiny.yaml", arch=make(), model="analytic", set={"glb.fmap_banks": 3, "array.columns": 7})
    words = ("--set", "glb.fmap_banks=3", "--set", "array.columns=7")
    due = written("run", "tiny.yaml", "--arch", "isca2016_256pe", "--model", "analytic", *words)
    assert bare(edited.as_dict()) == bare(due)


@pytest.mark.parametrize(
    "make",
    [
        lambda: "normalized-65nm",
        lambda: find_cost_table("normalized-65nm"),
        lambda: data_of(find_cost_table("normalized-65nm")),
        lambda: read_cost_table(find_cost_table("normalized-65nm")),
    ],
    ids=["name", "path", "data", "object"],
)
def test_costs_are_a_name_a_path_data_or_an_object(make: Callable[[], Any]) -> None:
    found = sim.run("tiny.yaml", cost_table=make(), model="analytic")
    assert bare(found.as_dict()) == bare(
        written("run", "tiny.yaml", "--cost-table", "normalized-65nm", "--model", "analytic")
    )


# The command's own results


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({}, []),
        ({"seed": 3, "batch": 3}, ["--seed", "3", "--batch", "3"]),
        ({"layers": "conv*,fc3"}, ["--layers", "conv*,fc3"]),
        ({"layers": ["fc3"]}, ["--layers", "fc3"]),
        ({"objective": "delay"}, ["--objective", "delay"]),
        ({"constrain": {"n": 1, "conv*:m": "all"}}, ["--constrain", "n=1", "--constrain", "conv*:m=all"]),
        ({"constrain": ["n=1", "conv1:p=2..3"]}, ["--constrain", "n=1", "--constrain", "conv1:p=2..3"]),
        ({"mapping": {"conv1": {"m": 8, "n": 1, "e": 12, "p": 8, "q": 3, "r": 1, "t": 1}}},
         ["--mapping", "conv1:m=8,n=1,e=12,p=8,q=3,r=1,t=1"]),
        ({"mapping": {"conv1": "m=8,n=1,e=12,p=8,q=3,r=1,t=1"}},
         ["--mapping", "conv1:m=8,n=1,e=12,p=8,q=3,r=1,t=1"]),
        ({"bits": {"ifmap": 8, "filter": 8}}, ["--bits", "ifmap=8,filter=8"]),
        ({"voltage": "0.9 V", "clock": "100 MHz", "link_clock": "30 MHz"},
         ["--voltage", "0.9 V", "--clock", "100 MHz", "--link-clock", "30 MHz"]),
        ({"set": {"link.clock": "90 MHz", "cost_table.mac": 7.5}},
         ["--set", "link.clock=90 MHz", "--set", "cost_table.mac=7.5"]),
        ({"reuse": False}, ["--no-reuse"]),
        ({"model": "analytic"}, ["--model", "analytic"]),
    ],
)  # fmt: skip
def test_a_run_is_the_command_s(chosen: dict[str, Any], words: list[str]) -> None:
    assert bare(sim.run("tiny.yaml", **chosen).as_dict()) == bare(written("run", "tiny.yaml", *words))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({}, []),
        ({"skip": "none", "code": "rlc"}, ["--skip", "none", "--code", "rlc"]),
        ({"zeros": {"ifmap": 0.75}}, ["--zeros", "ifmap=0.75"]),
        ({"cost_table": "eyeriss-65nm", "arch": "asilomar2017"},
         ["--cost-table", "eyeriss-65nm", "--arch", "asilomar2017"]),
    ],
)  # fmt: skip
def test_an_estimate_is_the_command_s(chosen: dict[str, Any], words: list[str]) -> None:
    found, due = sim.estimate("tiny.yaml", **chosen), written("estimate", "tiny.yaml", *words)
    assert bare(found.as_dict()) == bare(due)
    taken = ("skip", "code")
    options = found.provenance["options"]
    assert [options[name] for name in taken] == [due["provenance"]["options"][name] for name in taken]


CHOSEN: dict[str, Any] = {
    "zeros": {"ifmap": 0.75},
    "bits": {"ifmap": 8},
    "skip": "none",
    "code": "none",
    "voltage": "0.9 V",
    "clock": "100 MHz",
    "link_clock": "30 MHz",
}
DEFAULTS = {"layers": None, "mapping": [], "objective": "energy", "constrain": []}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_provenance_has_what_was_chosen_and_nothing_else(name: str) -> None:
    one = {name: CHOSEN[name]}
    due, costs = DEFAULTS | one, "normalized-65nm"
    assert sim.run("tiny.yaml", model="analytic", **one).provenance["options"] == due | {"reuse": True}
    models = sim.compare("tiny.yaml", **one).found
    assert models.cycle.provenance["options"] == due
    assert models.analytic.provenance["options"] == {"code": "rlc"} | due
    machines = sim.compare("tiny.yaml", arch=["eyeriss", "isca2016_256pe"], cost_table=costs, **one).as_dict()
    assert [one["result"]["provenance"]["options"] for one in machines["machines"]] == [due, due]


def test_a_checked_run_has_its_ofmaps() -> None:
    found = sim.run("tiny.yaml", check=True)
    assert call("run", "tiny.yaml", "--check", "--quiet", "--ofmaps", "o") == 0
    files = sorted(Path("o").iterdir())
    assert list(found.ofmaps) == ["conv1", "conv2/dw", "fc3"]
    for ofmap, file in zip(found.ofmaps.values(), files, strict=True):
        assert np.array_equal(ofmap, np.load(file, allow_pickle=False))
    assert sim.run("tiny.yaml").ofmaps == {}


def test_the_best_mappings_are_those_that_run_takes() -> None:
    found, ran = sim.map("tiny.yaml", top=3), sim.run("tiny.yaml", model="analytic")
    assert found.best == {layer.name: dict(layer.mapping) for layer in ran.layers}
    rows = found.to_frame()
    assert list(rows["place"]) == [1, 2, 3] * 3
    assert (rows["behind_pct"] >= 0).all()
    assert list(rows[rows["place"] == 1]["energy_system_pj"]) == pytest.approx(
        [layer.energy.system for layer in ran.layers], rel=1e-4
    )


def test_as_many_mappings_are_given_as_are_asked_for() -> None:
    assert [row["place"] for row in sim.map("tiny.yaml", top=1).as_rows()] == [1] * 3
    assert sim.map("tiny.yaml", top=1).best == sim.map("tiny.yaml", top=3).best


def test_models_are_compared_as_by_the_command() -> None:
    found, due = sim.compare("tiny.yaml", seed=2), written("compare", "tiny.yaml", "--seed", "2")
    assert found.as_dict()["differences"] == due["differences"]
    assert found.unequal == []
    for model in ("cycle", "analytic"):
        assert bare(found.as_dict()[model]) == bare(due[model])


def test_machines_are_compared_as_by_the_command() -> None:
    costs = "normalized-65nm"
    found = sim.compare("tiny.yaml", arch=["eyeriss", data_of(find_machine("isca2016_256pe"))], cost_table=costs)
    words = ("--arch", "eyeriss", "--arch", "isca2016_256pe", "--cost-table", costs)
    due = written("compare", "tiny.yaml", *words)
    assert found.as_dict()["common"] == due["common"]
    assert found.refused == {"eyeriss": {}, "isca2016_256pe": {}}
    assert list(found.to_frame()["arch"]) == ["eyeriss"] * 3 + ["isca2016_256pe"] * 3


def test_machines_of_one_name_are_told_apart() -> None:
    text = find_machine("eyeriss").read_text(encoding="utf-8")
    Path("narrow.yaml").write_text(text.replace("rows: 12", "rows: 3"), encoding="utf-8")
    found = sim.compare("tiny.yaml", arch=["eyeriss", "narrow.yaml", "eyeriss"])
    assert {name: set(refused) for name, refused in found.refused.items()} == {
        "eyeriss": set(),
        "eyeriss (2)": {"fc3"},
        "eyeriss (3)": set(),
    }
    assert list(found.to_frame()["arch"].unique()) == ["eyeriss", "eyeriss (2)", "eyeriss (3)"]
    assert "eyeriss against eyeriss (2) against eyeriss (3)" in str(found)


def test_the_measured_chip_is_validated_as_by_the_command() -> None:
    found = sim.validate()
    call("validate", "--quiet", "--json", "command.json")
    due = read_json("command.json")
    for network in due["networks"]:
        assert network.pop("provenance")["model"] == "cycle"
    assert found.as_dict() == due
    assert found.broken == [one["id"] for one in due["broken"]]
    assert len(found.to_frame()) == sum(
        len(network[part]) for network in due["networks"] for part in ("cells", "totals", "compression_ratios")
    )


def test_a_sweep_is_the_command_s() -> None:
    spec = {"schema": 1, "workload": "tiny.yaml", "axes": {"glb.fmap_banks": [3, 25], "link.clock": ["30 MHz"]}}
    Path("spec.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    assert call("sweep", "spec.yaml", "--store", "s.sqlite", "--csv", "s.csv", "--quiet") == 0
    found = sim.sweep(spec)
    pd.testing.assert_frame_equal(found, sim.sweep("spec.yaml", store="s.sqlite"))
    table, numbers = pd.read_csv("s.csv"), found.select_dtypes("number").columns
    assert len(numbers) > 10
    pd.testing.assert_frame_equal(found[numbers], table[numbers], check_dtype=False)
    assert list(found["layer"]) == list(table["layer"])
    assert len(found) == 2 * (3 + 1)


# Progress


@pytest.mark.parametrize(
    ("work", "names"),
    [
        (lambda told: sim.run("tiny.yaml", progress=told), ["conv1", "conv2/dw", "fc3"]),
        (lambda told: sim.compare("tiny.yaml", progress=told), ["conv1", "conv2/dw", "fc3"]),
        (lambda told: sim.compare("tiny.yaml", arch=["eyeriss", "eyeriss"], progress=told), ["eyeriss", "eyeriss (2)"]),
        (
            lambda told: sim.sweep(
                {"schema": 1, "workload": "tiny.yaml", "axes": {"glb.fmap_banks": [12, 25]}}, progress=told
            ),
            ["points", "points"],
        ),
    ],
    ids=["run", "models", "machines", "sweep"],
)
def test_a_caller_is_told_of_what_is_finished(work: Callable[[Callable[..., None]], Any], names: list[str]) -> None:
    told: list[tuple[int, int, str]] = []
    work(lambda finished, total, name: told.append((finished, total, name)))
    assert told == [(place, len(names), name) for place, name in enumerate(names, start=1)]


def test_an_interrupt_keeps_the_finished_layers() -> None:
    def stop(finished: int, total: int, name: str) -> None:
        if finished == 2:
            raise KeyboardInterrupt

    found = sim.run("tiny.yaml", progress=stop)
    assert not found.complete
    assert [layer.name for layer in found.layers] == ["conv1", "conv2/dw"]
    assert "interrupted" in str(found)


# Errors


@pytest.mark.parametrize(
    ("work", "line"),
    [
        (lambda: sim.run("tiny.yaml", link_clock="20"), "link_clock: a number without a unit; write e.g. '200 MHz'"),
        (lambda: sim.run("tiny.yaml", layers="conv9"), "layers: no layer 'conv9' in tiny; did you mean 'conv1'?"),
        (lambda: sim.run("tiny.yaml", layers=[]), "layers: none were named; name at least one, or leave it out"),
        (lambda: sim.estimate("tiny.yaml", layers=()), "layers: none were named; "),
        (lambda: sim.map("tiny.yaml", layers=[]), "layers: none were named; "),
        (lambda: sim.compare("tiny.yaml", layers=[]), "layers: none were named; "),
        (lambda: sim.compare("tiny.yaml", arch=["eyeriss"], layers=[]), "layers: none were named; "),
        (lambda: sim.sweep({"schema": 1, "workload": "tiny.yaml", "layers": []}), "sweep: layers: none were named; "),
        (lambda: sim.run("tiny.yaml", bits={"ifmap": 0}), "bits: ifmap: got the number 0; expected at least 1"),
        (lambda: sim.run("tiny.yaml", zeros={"psum": 0.5}), "zeros: psum: unknown key; allowed: ifmap, ofmap, filter"),
        (lambda: sim.run("tiny.yaml", mapping={"x": "m=1"}), "mapping: no layer 'x' is run; allowed: conv1, "),
        (lambda: sim.run("tiny.yaml", constrain={"x": 1}), "constrain: no parameter 'x'; allowed: m, n, e, p, q, r, t"),
        (lambda: sim.run("tiny.yaml", set={"glb.x": 1}), "set glb.x: unknown parameter 'x'; "),
        (lambda: sim.run("tiny.yaml", set={"batch": 1}), "set batch: has an option of its own; use that"),
        (lambda: sim.run("tiny.yaml", model="cycles"), "model: Eyeriss has no cycles model; it has cycle, analytic"),
        (lambda: sim.run("tiny.yaml", model="analytic", check=True),
         "check: the analytic model computes no ofmaps; use the cycle model"),
        (lambda: sim.run("tiny.yaml", objective="enrgy"), "objective: no objective 'enrgy'; did you mean 'energy'?"),
        (lambda: sim.estimate("tiny.yaml", code="rcl"), "code: no code 'rcl'; did you mean 'rlc'?"),
        (lambda: sim.estimate("tiny.yaml", skip="both"),
         "skip: Eyeriss can't leave out MACs for 'both'; allowed: either, ifmap, none"),
        (lambda: sim.run("tiny.yaml", arch="eyeris"),
         "eyeris: no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (lambda: sim.run("tiny.yaml", arch={"schema": 1, "chip": "eyeris"}),
         "arch: chip: no chip 'eyeris'; did you mean 'eyeriss'?"),
        (lambda: sim.run("tiny.yaml", inputs="x.npy"), "inputs: tiny.yaml is no ONNX file; leave it out"),
        (lambda: sim.run({"schema": 1, "name": "n"}), "network: "),
        (lambda: sim.compare("tiny.yaml", model="cycle"), "model: only one machine is given; leave it out"),
        (lambda: sim.compare("tiny.yaml", arch=["eyeriss", "asilomar2017"]),
         "arch: the machines' cost tables are in different units; "),
        (lambda: sim.validate(cost_table="normalized-65nm"), "cost_table: the chip's energy is in joules, "),
        (lambda: sim.sweep({"schema": 1}), "sweep: workload: no network to sweep; "),
    ],
)  # fmt: skip
def test_errors_name_arguments_as_python_does(work: Callable[[], Any], line: str) -> None:
    with pytest.raises(InputError) as caught:
        work()
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


SPEC: dict[str, Any] = {"schema": 1, "workload": "tiny.yaml"}
OF_ANOTHER_KIND: list[tuple[dict[str, Any], str]] = [
    ({"set": "glb.fmap_banks=50"}, "set: got the text 'glb.fmap_banks=50'; expected values by path: "),
    ({"set": ["glb.fmap_banks=50"]}, "set: got a list; expected values by path: "),
    ({"set": {3: 50}}, "set: the key '3' is no text; expected values by path: "),
    ({"layers": 3}, "layers: got the number 3; expected names or patterns of layers: "),
    ({"layers": [3]}, "layers: [0]: got the number 3; expected names or patterns of layers: "),
    ({"mapping": 5}, "mapping: got the number 5; expected {'CONV3': {'m': 64, ...}}, or texts"),
    ({"mapping": {"conv1": 5}}, "mapping: conv1: got the number 5; expected {'CONV3': "),
    ({"mapping": [5]}, "mapping: [0]: got the number 5; expected {'CONV3': "),
    ({"constrain": 5}, "constrain: got the number 5; expected {'n': 1, 'CONV*:m': 'all'}, or texts"),
    ({"constrain": [5]}, "constrain: [0]: got the number 5; expected {'n': 1"),
    ({"shape": 5}, "shape: got the number 5; expected {'data': [1, 3, 224, 224]}, or texts"),
    ({"shape": {"data": 5}}, "shape: data: got the number 5; expected {'data': "),
    ({"bits": "ifmap=8"}, "bits: got the text 'ifmap=8'; expected bits by tensor: {'ifmap': 8}"),
    ({"zeros": 0.5}, "zeros: got the number 0.5; expected fractions by tensor: {'ifmap': 0.5}"),
    ({"inputs": 3}, "inputs: got the number 3; expected a file's path"),
    ({"voltage": 1}, "voltage: "),
    ({"clock": []}, "clock: "),
    ({"objective": []}, "objective: no objective '[]'; allowed: "),
    ({"arch": ["eyeriss"]}, "arch: got a list; expected a name, a path, a dict in the file's form, or a machine "),
    ({"cost_table": 3}, "cost_table: got the number 3; expected a name, a path, "),
    ({"progress": 3}, "progress: got the number 3; expected a function of (finished, total, name)"),
]  # fmt: skip


@pytest.mark.parametrize(("chosen", "line"), OF_ANOTHER_KIND, ids=[str(chosen) for chosen, _ in OF_ANOTHER_KIND])
def test_arguments_of_another_kind_are_refused(chosen: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as caught:
        sim.run("tiny.yaml", **chosen)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    ("work", "line"),
    [
        (lambda wrong: sim.run(wrong(None)), "network: got None; expected a name, a path, a dict in the file's form, "),
        (lambda wrong: sim.run(wrong(b"alexnet")), "network: got a Python bytes; expected a name, a path, "),
        (lambda wrong: sim.map(wrong(5)), "network: got the number 5; expected a name, a path, "),
        (lambda wrong: sim.compare("tiny.yaml", arch=wrong(b"eyeriss")), "arch: got a Python bytes; expected a name"),
        (lambda wrong: sim.compare("tiny.yaml", arch=wrong(["eyeriss", 3])), "arch: got the number 3; expected a name"),
        (lambda wrong: sim.validate(wrong(["eyeriss"])), "arch: got a list; expected a name, "),
        (lambda wrong: sim.sweep(wrong(None)), "spec: got None; expected a file's path, or a dict in its form"),
        (lambda wrong: sim.sweep(wrong(3)), "spec: got the number 3; expected a file's path, "),
        (lambda wrong: sim.sweep(wrong([])), "spec: got a list; expected a file's path, "),
        (lambda wrong: sim.sweep(SPEC, wrong("x")), "workers: got the text 'x'; expected a whole number from 1 to "),
        (lambda wrong: sim.sweep(SPEC, wrong(0)), "workers: got the number 0; expected a whole number from 1 to "),
        (lambda wrong: sim.sweep(SPEC, wrong(1.5)), "workers: got the number 1.5; expected a whole number from 1 to "),
        (lambda wrong: sim.sweep(SPEC, wrong(True)), "workers: got True; expected a whole number from 1 to "),
        (lambda wrong: sim.sweep(SPEC, scheduler=wrong(3)), "scheduler: got the number 3; expected text"),
        (lambda wrong: sim.sweep(SPEC, store=wrong(4)), "store: got the number 4; expected a file's path"),
        (lambda wrong: sim.sweep(SPEC, progress=wrong(3)), "progress: got the number 3; expected a function of "),
        (lambda wrong: sim.read_result(wrong(3)), "path: got the number 3; expected a file's path"),
    ],
)  # fmt: skip
def test_what_no_call_takes_is_named_with_its_kind(work: Callable[[Callable[[Any], Any]], Any], line: str) -> None:
    with pytest.raises(InputError) as caught:
        work(lambda value: value)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize("value", [-1, 1.5, "2", True, 10**18])
@pytest.mark.parametrize("name", ["batch", "seed"])
def test_numbers_are_whole_and_not_too_large(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^{name}: got '{value}'; expected a whole number from [01] to \d+$"):
        sim.run("tiny.yaml", **{name: value})


def test_numpy_s_numbers_are_numbers() -> None:
    found = sim.run("tiny.yaml", batch=np.int64(1), seed=np.int32(3))
    assert found.as_dict() == sim.run("tiny.yaml", batch=1, seed=3).as_dict()


def test_numpy_s_numbers_are_numbers_inside_dicts() -> None:
    def ran(whole: Any, fraction: Any) -> Any:
        edits = {"glb.fmap_banks": whole(12), "cost_table.mac": fraction(7.5)}
        more: dict[str, Any] = {"constrain": {"n": whole(1)}, "bits": {"ifmap": whole(8)}}
        more |= {"mapping": {"conv1": dict.fromkeys("mnepqrt", whole(1))}, "zeros": {"ifmap": fraction(0.5)}}
        return sim.run("tiny.yaml", model="analytic", set=edits, **more).as_dict()

    assert ran(np.int64, np.float32) == ran(int, float)


@pytest.mark.parametrize("top", [0, 2.0])
def test_some_mappings_are_asked_for(top: Any) -> None:
    with pytest.raises(InputError, match=r"^top: "):
        sim.map("tiny.yaml", top=top)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(InputError, match=r"^batch: got '0'; expected a whole number from 1 to 4096$"):
        sim.run("tiny.yaml", batch=0)


def test_an_empty_comparison_is_refused() -> None:
    with pytest.raises(InputError, match=r"^arch: "):
        sim.compare("tiny.yaml", arch=[])


@pytest.mark.parametrize("work", [sim.run, sim.estimate, sim.map, sim.compare])
def test_an_unknown_argument_is_a_type_error(work: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"^got an unexpected keyword argument 'voltge'; did you mean 'voltage'\?$"):
        work("tiny.yaml", voltge="0.9 V")


# The package


def test_what_is_public_is_there() -> None:
    for name in dir(sim):
        assert getattr(sim, name) is not None
    with pytest.raises(AttributeError, match=r"^module 'sim' has no attribute 'rnu'$"):
        sim.rnu  # noqa: B018


def test_results_are_network_results() -> None:
    found = sim.run("tiny.yaml", model="analytic")
    assert isinstance(found, NetworkResult)
    assert [field.name for field in fields(NetworkResult)] == [field.name for field in fields(found)][:-1]


def test_the_package_itself_is_light() -> None:
    code = "import sys, sim; print(sorted({'numpy', 'numba', 'pydantic', 'rich', 'pandas'} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout == "[]\n"
