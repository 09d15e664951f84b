"""Axes and specifications: how lists, ranges and pairs are read, and the exact line for each that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.files.catalogue import find_machine
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.spec.spec import read_study

HEAD = {"schema": 1, "workload": "alexnet"}


def study_of(axes: dict[str, Any], sets: tuple[str, ...] = (), **more: Any) -> Study:
    """Read a specification from data."""
    return read_study({**HEAD, "axes": axes, **more}, sets)


def shown(study: Study) -> list[tuple[object, ...]]:
    """Return all points' values in base units."""
    return [tuple(study.point(number).values.values()) for number in range(len(study))]


@pytest.mark.parametrize(
    ("path", "written", "values"),
    [
        ("glb.fmap_banks", [12, 25], [12, 25]),
        ("pe_array.rows", "8..16:4", [8, 12, 16]),
        ("pe_array.rows", "8..11:2", [8, 10]),
        ("pe_array.rows", "8..10", [8, 9, 10]),
        ("pe_array.rows", 8, [8]),
        ("core.clock", ["100 MHz", "0.2 GHz"], [100_000_000, 200_000_000]),
        ("core.clock", "[100, 200] MHz", [100_000_000, 200_000_000]),
        ("core.clock", "100..200:50 MHz", [100_000_000, 150_000_000, 200_000_000]),
        ("core.voltage", "0.9..1.1:0.1 V", [0.9, 1.0, 1.1]),
        ("noc.gon", "64 b", [64]),
        ("rlc.enabled", [True, False], [True, False]),
        ("pe.gating", ["off", "ifmap_zero"], ["off", "ifmap_zero"]),
        ("limits.vertical_strides", [[1, 2, 4], [1]], ["(1, 2, 4)", "(1,)"]),
        ("mapping.n", [1, 4], [1, 4]),
        ("batch", "1..3", [1, 2, 3]),
        ("workload", ["alexnet", "vgg16"], ["alexnet", "vgg16"]),
        ("arch", ["eyeriss", "isca2016_256pe"], ["eyeriss", "isca2016_256pe"]),
        ("cost_table", "normalized-65nm", ["normalized-65nm"]),
        ("cost_table.dram", [100, 200.5], [100.0, 200.5]),
        ("cost_table.dram.ifmap.read", "100..200:100", [100.0, 200.0]),
        ("cost_table.static_power", "[1, 2] mW", [0.001, 0.002]),
        ("cost_table.word", "16 b", [16]),
        ("bits.ifmap", "4..8:4", [4, 8]),
    ],
)
def test_values(path: str, written: Any, values: list[object]) -> None:
    assert shown(study_of({path: written})) == [(value,) for value in values]


def test_columns_name_units() -> None:
    axes = {"core.clock": "100 MHz", "noc.gon": "64 b", "core.voltage": "1.0 V", "pe_array.rows": 12, "bits.psum": 8}
    study = study_of({**axes, "cost_table.static_power": "1 W", "cost_table.mac": 1})
    machine = ("core.clock_hz", "noc.gon_bits", "core.voltage_v", "pe_array.rows")
    assert study.axis_columns() == (*machine, "bits.psum", "cost_table.static_power_w", "cost_table.mac")


def test_a_name_that_ends_like_a_quantity_is_no_quantity(tmp_path: Path) -> None:
    machine = tmp_path / "chip 1 b"
    machine.write_bytes(find_machine("eyeriss").read_bytes())
    assert [axis.column for axis in study_of({"arch": str(machine)}).grid.axes] == ["arch"]


def test_a_grid_counts_like_an_odometer_and_pairs_move_together() -> None:
    paired = [{"pe_array.rows": [12, 16], "pe_array.columns": [14, 16]}]
    study = study_of({"glb.fmap_banks": [12, 25]}, paired=paired)
    assert shown(study) == [(12, 12, 14), (12, 16, 16), (25, 12, 14), (25, 16, 16)]


def test_several_workloads_are_an_axis() -> None:
    study = read_study({**HEAD, "workload": ["alexnet", "vgg16"], "axes": {"batch": [1, 2]}})
    assert shown(study) == [("alexnet", 1), ("alexnet", 2), ("vgg16", 1), ("vgg16", 2)]


def test_the_command_line_replaces_and_adds_axes() -> None:
    study = study_of({"glb.fmap_banks": [12, 25]}, ("glb.fmap_banks=[50]", "core.clock=[100, 200] MHz"))
    assert shown(study) == [(50, 100_000_000), (50, 200_000_000)]


@pytest.mark.parametrize(
    ("axes", "line"),
    [
        (
            "glb.fmap_bank: [12]",
            "axes['glb.fmap_bank']: unknown parameter 'fmap_bank'; did you mean 'fmap_banks'?",
        ),
        ("glb.fmap_banks: [12, x]", "axes['glb.fmap_banks'][1]: got the text 'x'; expected a whole number"),
        ("glb.fmap_banks: [12, 0]", "axes['glb.fmap_banks'][1]: got the number 0; expected at least 1"),
        ("glb.fmap_banks: [12, 12]", "axes['glb.fmap_banks'][1]: '12' stands twice; every value once"),
        ("glb.fmap_banks: []", "axes['glb.fmap_banks']: 0 values; from 1 to 10000"),
        (
            "core.clock: [100]",
            "axes['core.clock'][0]: a number without a unit; write e.g. '200 MHz'",
        ),
        (
            "core.clock: [100 KiB]",
            "axes['core.clock'][0]: '100 KiB' is in a unit of size, not of frequency; allowed: Hz, kHz, MHz, GHz",
        ),
        (
            "glb.fmap_banks: 8..4",
            "axes['glb.fmap_banks']: the range '8..4' is empty; from the smaller value to the larger, step above 0",
        ),
        (
            "pe_array: [12]",
            "axes.pe_array: 'pe_array' is a group of parameters; add one of them: rows, columns",
        ),
        ("bits.ofmaps: [8]", "axes['bits.ofmaps']: unknown parameter 'ofmaps'; did you mean 'ofmap'?"),
        ("bits.ifmap: [8, 33]", "axes['bits.ifmap'][1]: got the number 33; expected at most 32"),
        ("bits.ifmap: [8 b]", "axes['bits.ifmap'][0]: got the text '8 b'; expected a whole number"),
        ("cost_table.dran: [1]", "axes['cost_table.dran']: unknown parameter 'dran'; did you mean 'dram'?"),
        ("cost_table.dram: [-1]", "axes['cost_table.dram'][0]: got the number -1; expected at least 0.0"),
        (
            "cost_table.pe_cycle: [1]",
            "axes['cost_table.pe_cycle']: 'pe_cycle' is a group of parameters; add one of them: clock, spads, control",
        ),
        (
            "cost_table.static_power: [1]",
            "axes['cost_table.static_power'][0]: a number without a unit; write e.g. '205 mW'",
        ),
        ("batch.x: [12]", "axes['batch.x']: 'batch' has no parameters inside; end the path with 'batch'"),
    ],
)
def test_a_wrong_axis_is_refused_at_its_place(tmp_path: Path, axes: str, line: str) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"schema: 1\nworkload: alexnet\naxes:\n  {axes}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_study(spec)
    place, _, rest = str(caught.value).partition(": ")
    assert (place.startswith(f"{spec}:4:"), rest) == (True, line)


@pytest.mark.parametrize(
    ("sets", "line"),
    [
        (("x",), "--set: 'x' gives no values; write e.g. --set glb.fmap_banks=[12,25,50]"),
        (("glb.x=1",), "--set glb.x: unknown parameter 'x'; allowed: bank_words, bank_width, fmap_banks, filter_banks"),
        (("batch=1", "batch=2"), "--set: an axis is set twice; give every axis once"),
        (("batch=[0]",), "--set batch: [0]: got the number 0; expected at least 1"),
    ],
)
def test_a_wrong_set_is_refused(sets: tuple[str, ...], line: str) -> None:
    with pytest.raises(InputError) as caught:
        study_of({}, sets)
    assert str(caught.value).startswith(line)


def test_pairs_of_unequal_length_are_refused() -> None:
    with pytest.raises(InputError, match=r"^sweep: paired\[0\]: axes of 2, 1 values; as many values in each$"):
        study_of({}, paired=[{"pe_array.rows": [12, 16], "pe_array.columns": [14]}])


def test_an_axis_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match=r"^sweep: the axis 'batch' is given twice; give every axis once$"):
        study_of({"batch": [1]}, paired=[{"batch": [1]}])


def test_axes_that_overlap_are_refused() -> None:
    line = r"^sweep: the axis 'cost_table\.glb\.psum' is a part of the axis 'cost_table\.glb'; leave one out$"
    with pytest.raises(InputError, match=line):
        study_of({"cost_table.glb": [1]}, ("cost_table.glb.psum=[2]",))


def test_many_values_are_read_at_once() -> None:
    assert len(study_of({"glb.fmap_banks": "1..10000"})) == 10_000


def test_a_sweep_without_a_network_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"^sweep: workload: no network to sweep; add e\.g\. workload: googlenet, or --set"
    ):
        read_study({"schema": 1})


def test_the_digest_tells_studies_apart() -> None:
    one = study_of({"batch": [1, 2]})
    assert one.digest() == study_of({"batch": [1, 2]}).digest()
    assert (
        len({one.digest(), study_of({"batch": [1, 3]}).digest(), study_of({"batch": "1..2"}, ("batch=4",)).digest()})
        == 3
    )
