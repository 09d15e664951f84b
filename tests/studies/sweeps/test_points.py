"""What a study makes of its points: machines, costs and layers, each checked, and made once."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import Field, model_validator

from sim.chips.eyeriss.levels import LEVELS, Level
from sim.chips.eyeriss.machine import read_machine
from sim.errors import FieldFault, InputError
from sim.files.catalogue import find_cost_table, find_machine
from sim.files.schema import Document, read_document
from sim.ledger.counts import Tensor
from sim.ledger.energy import read_cost_table
from sim.networks.layer import BitWidths
from sim.studies.sweeps.lru_cache import LruCache
from sim.studies.sweeps.spec.points import Point, Study
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.spec.variants import Variants

HEAD: dict[str, Any] = {"schema": 1, "workload": "alexnet"}


def points_of(spec: dict[str, Any]) -> tuple[Study, list[Point]]:
    """Read a sweep and all its points."""
    study = read_study(spec)
    return study, [study.point(number) for number in study.numbers()]


def test_a_cost_is_put_in_the_table_that_the_point_uses() -> None:
    tables = ["eyeriss-65nm", "normalized-65nm"]
    axes = {"cost_table.dram.ifmap.read": [1, 2], "cost_table.mac": [3]}
    study, points = points_of({**HEAD, "cost_table": tables, "axes": axes})
    for point, name in zip(points, [tables[0]] * 2 + [tables[1]] * 2, strict=True):
        base, found = read_cost_table(find_cost_table(name)), study.table_of(point)
        expected = base.per_word(LEVELS)
        expected[Level.DRAM, Tensor.IFMAP, 0] = point.values["cost_table.dram.ifmap.read"]
        assert (found.per_word(LEVELS) == expected).all()
        assert (found.mac, found.name, found.static_power) == (3, base.name, base.static_power)


def test_a_group_of_costs_takes_one_number() -> None:
    study, points = points_of({**HEAD, "axes": {"cost_table.dram": [100, 200], "cost_table.glb.psum": [7]}})
    for point in points:
        found, base = study.table_of(point), study.tables["eyeriss-65nm"]
        assert (found.per_word(LEVELS)[Level.DRAM] == point.values["cost_table.dram"]).all()
        assert found.glb is not None
        assert base.glb is not None
        assert found.glb == base.glb.model_copy(update={"psum": found.glb.psum})
        assert (found.glb.psum.read, found.glb.psum.write, found.mac) == (7, 7, base.mac)


def test_a_cost_that_the_file_leaves_out_can_be_set() -> None:
    spec = {**HEAD, "cost_table": "normalized-65nm", "axes": {"cost_table.link.ofmap.write": [3]}}
    study, points = points_of(spec)
    link = study.table_of(points[0]).link.per_word()
    assert (link[Tensor.OFMAP, 1], link.sum()) == (3, 3)


def test_bits_take_the_place_of_the_layers_own() -> None:
    study, points = points_of({**HEAD, "axes": {"bits.ifmap": [4, 8], "bits.psum": [12]}})
    for point, ifmap in zip(points, [4, 8], strict=True):
        layers = study.layers_of(point)
        assert {layer.bits for layer in layers} == {BitWidths(ifmap=ifmap, filter=16, psum=12)}
        assert [layer.shape for layer in layers] == [layer.shape for layer in study.workloads["alexnet"].layers]


def test_equal_choices_give_the_very_same_objects() -> None:
    axes = {"glb.fmap_banks": [12, 25], "bits.ifmap": [8, 16], "cost_table.mac": [1, 2], "batch": [1, 2]}
    study, points = points_of({**HEAD, "axes": axes})
    for make, column in (
        (study.machine_of, "glb.fmap_banks"),
        (study.layers_of, "bits.ifmap"),
        (study.table_of, "cost_table.mac"),
    ):
        found = {point.values[column]: make(point) for point in points}
        assert all(make(point) is found[point.values[column]] for point in points)
    assert study.machine_of(points[-1]) == study.machines.bases["eyeriss"]


def test_what_is_not_varied_is_the_files_own() -> None:
    study, (point,) = points_of(HEAD)
    assert study.machine_of(point) is study.machines.bases["eyeriss"]
    assert study.table_of(point) is study.tables["eyeriss-65nm"]
    assert study.layers_of(point) is study.workloads["alexnet"].layers


def test_a_machine_is_checked_like_a_file_with_the_same_values(tmp_path: Path) -> None:
    axes = {"pe.filter_spad.words": [100], "pe.ifmap_spad.width": ["8 b"], "rlc.pairs": [2], "core.clock": ["100 MHz"]}
    study, (point,) = points_of({**HEAD, "axes": axes})
    text = find_machine("eyeriss").read_text(encoding="utf-8")
    for old, new in (
        ("filter_spad: {words: 224", "filter_spad: {words: 100"),
        ("ifmap_spad: {words: 12, width: 16 b", "ifmap_spad: {words: 12, width: 8 b"),
        ("pairs: 3", "pairs: 2"),
        ("clock: 200 MHz", "clock: 100 MHz"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = tmp_path / "machine.yaml"
    file.write_text(text, encoding="utf-8")
    assert study.machine_of(point) == read_machine(file)


def leaves(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return all values of a file by dotted path."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": [value]}
    return found


@pytest.mark.parametrize("name", ["eyeriss", "isca2016_256pe", "asilomar2017"])
def test_every_parameter_can_be_an_axis(name: str) -> None:
    """The values of the file itself, one axis each, make the very machine and cost table of the file."""
    machine = read_machine(find_machine(name))
    data = yaml.safe_load(find_machine(name).read_text(encoding="utf-8"))
    costs = yaml.safe_load(find_cost_table(machine.cost_table).read_text(encoding="utf-8"))
    heads = ("schema", "name", "source", "cost_table", "status", "unit")
    axes = {path: value for path, value in leaves(data).items() if path not in heads}
    axes |= {f"cost_table.{path}": value for path, value in leaves(costs).items() if path not in heads}
    study, (point,) = points_of({**HEAD, "arch": name, "axes": axes, "where": ["pe_array.rows * batch > 0"]})
    assert (len(axes) > 100, study.machine_of(point), study.table_of(point)) == (
        True,
        machine,
        study.tables[machine.cost_table],
    )


def test_a_machine_that_can_not_be_is_refused_each_time() -> None:
    study, points = points_of({**HEAD, "axes": {"rlc.pairs": [4], "batch": [1, 2]}})
    for point in points:
        with pytest.raises(
            InputError, match=r"^machine: rlc\.pairs: 4 pairs make a code word of 85 bits; at most the l"
        ):
            study.machine_of(point)


class Part(Document):
    """A part with a default."""

    low: Annotated[int, Field(ge=0)] = 1
    high: Annotated[int, Field(ge=0)] = 2


class Whole(Document):
    """A file with a rule between its values."""

    part: Part = Part()
    most: int

    @model_validator(mode="after")
    def _fits(self) -> Whole:
        if self.part.high > self.most:
            raise FieldFault(f"{self.part.high} is too high", f"at most {self.most}", at=("part", "high"))
        return self


def test_a_rule_between_values_holds_for_variants(tmp_path: Path) -> None:
    file = tmp_path / "whole.yaml"
    file.write_text("most: 5\n", encoding="utf-8")
    variants = Variants("whole", {"a": {"most": 5}}, {"a": read_document(file, Whole)})
    assert variants.of("a", {"part.high": 5}) == Whole(part=Part(low=1, high=5), most=5)
    assert variants.of("a", {"part.high": 5, "part.low": 0}) == Whole(part=Part(low=0, high=5), most=5)
    assert variants.of("a", {"part": 4}) == Whole(part=Part(low=4, high=4), most=5)
    with pytest.raises(InputError, match=r"^whole: part\.high: 6 is too high; at most 5$"):
        variants.of("a", {"part.high": 6})
    assert variants.of("a", {"part.high": 6, "most": 6}).most == 6


def test_a_memory_forgets_what_was_asked_for_longest_ago() -> None:
    memory, made = LruCache[int](2), list[str]()
    for key in ("a", "b", "a", "c", "a", "b"):
        memory.get(key, lambda key=key: made.append(key) or len(made))  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]


def test_a_study_is_pickled_without_what_it_remembers() -> None:
    axes = {"glb.fmap_banks": "1..40", "bits.ifmap": [8, 16], "cost_table.mac": [1, 2]}
    study = read_study({**HEAD, "axes": axes, "where": ["glb.fmap_banks > 2"]})
    before = pickle.dumps(study)
    points = [study.point(number) for number in study.numbers()]
    machines = [study.machine_of(point) for point in points]
    for point in points:
        study.table_of(point), study.layers_of(point)
    assert len(pickle.dumps(study)) == len(before) < 20_000
    copy = pickle.loads(before)
    assert [copy.machine_of(point) for point in points] == machines
    assert (copy.digest(), list(copy.numbers())) == (study.digest(), list(study.numbers()))
