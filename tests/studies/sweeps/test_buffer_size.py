"""`glb.size`, `array` and `layers`: what a spec says more shortly, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.studies.sweeps.spec.spec import read_study

BASE: dict[str, Any] = {"schema": 1, "workload": "alexnet"}


def test_a_size_keeps_the_banks_and_changes_their_depth() -> None:
    study = read_study(BASE, ["glb.size='[27, 54, 108, 216] KiB'"])
    assert study.axis_columns() == ("glb.size_bytes",)
    machines = [study.machine_of(study.point(number)) for number in study.numbers()]
    assert [machine.glb.size_bytes for machine in machines] == [size * 1024 for size in (27, 54, 108, 216)]
    assert [machine.glb.bank_words for machine in machines] == [128, 256, 512, 1024]
    assert {(machine.glb.fmap_banks, machine.glb.filter_banks) for machine in machines} == {(25, 2)}


def test_a_size_goes_with_other_numbers_of_banks() -> None:
    study = read_study(BASE | {"axes": {"glb.fmap_banks": [6, 14], "glb.size": ["64 KiB"]}})
    words = [study.machine_of(study.point(number)).glb.bank_words for number in study.numbers()]
    assert words == [1024, 512]


def test_a_size_that_cuts_a_word_is_impossible_and_says_what_would_do() -> None:
    study = read_study(BASE | {"axes": {"glb.size": ["100 KiB"]}})
    with pytest.raises(InputError) as error:
        study.machine_of(study.point(0))
    assert str(error.value) == (
        "machine: glb.size: 100 KiB gives 27 banks no whole number of words; "
        "a multiple of 216 B, or sweep glb.fmap_banks"
    )


def test_size_and_depth_of_the_banks_are_one_parameter() -> None:
    axes = {"glb.size": ["108 KiB"], "glb.bank_words": [512]}
    with pytest.raises(InputError, match=r"'glb.size' and 'glb.bank_words' are one parameter; leave one out"):
        read_study(BASE | {"axes": axes})
    equal_area = {"of": "storage", "budget_mm2": 3, "adjust": "glb.bank_words"}
    with pytest.raises(
        InputError, match=r"equal_area sets 'glb\.bank_words', but 'glb\.size' says how large the buffer is"
    ):
        read_study(BASE | {"axes": {"glb.size": ["108 KiB"]}, "equal_area": equal_area})


def test_a_buffer_of_a_given_size_is_not_adjusted() -> None:
    equal_area = {"of": "storage", "as_with": {"pe.filter_spad.words": 224}, "adjust": "glb.fmap_banks"}
    with pytest.raises(InputError, match=r"equal_area sets 'glb\.fmap_banks', but 'glb\.size' says how large"):
        read_study(BASE | {"axes": {"glb.size": ["108 KiB"]}, "equal_area": equal_area})
    spads = {**equal_area, "of": "core", "as_with": {"array.rows": 12}, "adjust": "pe.filter_spad.words"}
    read_study(BASE | {"axes": {"glb.size": ["108 KiB"], "array.rows": [8]}, "equal_area": spads})


def test_conditions_know_the_size() -> None:
    axes = {"glb.size": "[54, 108, 216] KiB"}
    assert list(read_study(BASE | {"axes": axes, "where": ["glb.size > '60 KiB'"]}).numbers()) == [1, 2]
    assert list(read_study(BASE | {"axes": axes, "where": ["glb.bank_words < 600"]}).numbers()) == [0, 1]
    banks = {"glb.fmap_banks": [23, 25, 27]}
    assert list(read_study(BASE | {"axes": banks, "where": ["glb.size <= '108 KiB'"]}).numbers()) == [0, 1]


def test_array_is_short_for_pe_array() -> None:
    study = read_study(BASE, ["array.rows=12..16:2"])
    assert study.axis_columns() == ("pe_array.rows",)
    assert [study.machine_of(study.point(number)).pe_array.rows for number in study.numbers()] == [12, 14, 16]
    in_file = BASE | {"axes": {"array.rows": [12]}}
    assert read_study(in_file, ["pe_array.rows=[8]"]).grid.axes == read_study(BASE, ["array.rows=[8]"]).grid.axes
    with pytest.raises(InputError, match="is given twice"):
        read_study(BASE | {"axes": {"array.rows": [12], "pe_array.rows": [12]}})


@pytest.mark.parametrize("layers", ["CONV*", "CONV1, CONV2,CONV3, CONV4,CONV5", ["CONV?"]])
def test_some_layers_are_swept(layers: str | list[str]) -> None:
    study = read_study(BASE | {"layers": layers})
    assert [layer.name for layer in study.layers_of(study.point(0))] == [f"CONV{number}" for number in range(1, 6)]
    assert study.digest() != read_study(BASE).digest()


def test_a_pattern_that_names_no_layer_is_refused_at_its_place(tmp_path: Path) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text("schema: 1\nworkload: alexnet\nlayers: CONV9\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_study(spec)
    assert str(error.value).startswith(f"{spec}:3:9: layers: no layer 'CONV9' in alexnet; did you mean 'CONV5'?")


def test_zero_fractions_are_an_axis() -> None:
    study = read_study(BASE | {"axes": {"zeros.ifmap": [0, 0.5], "zeros.ofmap": [0.25]}})
    assert study.axis_columns() == ("zeros.ifmap", "zeros.ofmap")
    for number, zeros in enumerate((0.0, 0.5)):
        layers = study.layers_of(study.point(number))
        assert {(layer.ifmap_zeros, layer.ofmap_zeros, layer.filter_zeros) for layer in layers} == {(zeros, 0.25, 0.0)}
    with pytest.raises(InputError, match=r"\['zeros.ifmap'\]\[1\]: got the number 1.5; expected at most 1.0$"):
        read_study(BASE | {"axes": {"zeros.ifmap": [0, 1.5]}})
