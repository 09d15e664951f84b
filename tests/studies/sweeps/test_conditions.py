"""Conditions: they mean what Python says, leave the right points, and each wrong one has its exact line."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.studies.sweeps.spec.conditions import read_condition
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.spec.variants import Variants

AXES = {"pe_array.rows": "8..16:4", "pe_array.columns": [14, 32], "batch": [1, 4], "pe.gating": ["off", "ifmap_zero"]}
AT = {"x": 7, "y": -2.5, "n": 3}


def study_of(*where: str, axes: dict[str, Any] = AXES, **more: Any) -> Study:
    """Read a sweep with conditions."""
    return read_study({"schema": 1, "workload": "alexnet", "axes": axes, "where": list(where), **more})


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return expressions over expressions."""
    pair = st.tuples(inner, inner)
    return (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        )
        | inner.map(lambda one: f"-{one}")
        | pair.map(lambda two: f"max({two[0]}, {two[1]}, 1)")
        | inner.map(lambda one: f"floor({one})")
    )


NUMBERS = st.recursive(st.sampled_from([*AT, "2", "0.5", "10"]), joined, max_leaves=6)
COMPARISONS = st.tuples(NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS, st.just("<= 40"))
TRUTHS = st.recursive(
    COMPARISONS.map(" ".join),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})")
        | inner.map(lambda one: f"not {one}")
    ),
    max_leaves=4,
)


@given(TRUTHS)
def test_a_condition_means_what_python_says(text: str) -> None:
    condition = read_condition(text, lambda name: (AT[name],))
    try:
        expected = eval(text, {"floor": math.floor}, dict(AT))
    except ArithmeticError as error:
        with pytest.raises(type(error)):
            condition.holds(AT.__getitem__)
    else:
        assert condition.holds(AT.__getitem__) is expected


@pytest.mark.parametrize(
    ("where", "rule"),
    [
        (("pe_array.rows * pe_array.columns <= 256",), lambda p: p["pe_array.rows"] * p["pe_array.columns"] <= 256),
        (("pe_array.rows >= 12 or batch == 1",), lambda p: p["pe_array.rows"] >= 12 or p["batch"] == 1),
        (("8 < pe_array.rows < 16", "not batch == 4"), lambda p: 8 < p["pe_array.rows"] < 16 and p["batch"] != 4),
        (("pe.gating == 'off'",), lambda p: p["pe.gating"] == "off"),
        (
            ("ceil(pe_array.rows / 5) + min(batch, 2) == 4",),
            lambda p: -(-p["pe_array.rows"] // 5) + min(p["batch"], 2) == 4,
        ),
        (("workload == 'alexnet' and glb.fmap_banks == 25 and batch < 4",), lambda p: p["batch"] < 4),
        (("core.clock == '0.2 GHz' and rlc.enabled",), lambda p: True),
        (("rlc.enabled == True",), lambda p: True),
    ],
)
def test_points_of_which_it_is_false_are_left_out(where: tuple[str, ...], rule: Callable[[Any], bool]) -> None:
    study = study_of(*where)
    expected = [number for number in range(24) if rule(study.point(number).values)]
    assert (len(study), list(study.numbers()), study.count()) == (24, expected, len(expected))


def test_without_conditions_all_points_belong_to_the_sweep() -> None:
    study = study_of()
    assert (study.numbers(), study.count(), study.kept) == (range(24), 24, None)


def test_a_point_keeps_its_number() -> None:
    assert study_of("batch == 4").point(23) == study_of().point(23)


def test_areas_are_those_of_the_points_machine() -> None:
    axes = {"glb.fmap_banks": [25, 26], "batch": [1, 2], "pe_array.rows": [12, 13]}
    assert list(study_of("area_mm2 <= 12.25", axes=axes).numbers()) == [0, 2]
    assert list(study_of("8.16 < storage_area_mm2 < 8.17", axes=axes).numbers()) == [0, 2]


def test_names_take_the_points_own_file() -> None:
    study = study_of(
        "pe_array.rows == 16 or batch == 4",
        "cost_table != 'eyeriss-65nm'",
        axes={},
        **{
            "arch": ["eyeriss", "isca2016_256pe"],
            "workload": ["alexnet", "alexnet_jssc2017"],
        },
    )
    shown = [(study.machine_name(point), study.workload_name(point)) for point in map(study.point, study.numbers())]
    assert shown == [("isca2016_256pe", "alexnet"), ("isca2016_256pe", "alexnet_jssc2017")]


def test_a_machine_that_can_not_be_built_stays() -> None:
    """It is a result, with its reason; where the condition names no area, it goes like any other."""
    axes = {"core.clock": ["200 MHz", "1 GHz"], "glb.fmap_banks": [25, 100]}
    assert list(study_of("area_mm2 < 13", axes=axes).numbers()) == [0, 2, 3]
    assert list(study_of("area_mm2 < 13 and glb.fmap_banks == 25", axes=axes).numbers()) == [0, 2, 3]
    assert list(study_of("area_mm2 < 13", "glb.fmap_banks == 25", axes=axes).numbers()) == [0, 2]


def test_cheap_names_build_no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Variants, "_make", lambda *_: pytest.fail("built a machine"))
    assert study_of("pe_array.rows * batch + core.clock > 0 and arch == 'eyeriss'").count() == 24


def test_pairs_move_together() -> None:
    paired = [{"pe_array.rows": [8, 12, 16], "pe_array.columns": [10, 14, 16]}]
    study = study_of("pe_array.rows * pe_array.columns > 80", axes={"batch": [1, 2]}, paired=paired)
    assert list(study.numbers()) == [1, 2, 4, 5]


def test_the_digest_knows_the_conditions() -> None:
    assert len({study_of(*where).digest() for where in [(), ("batch == 1",), ("batch == 4",)]}) == 3


ALLOWED = (
    "allowed: numbers, 'texts', names of parameters, + - * / // %, comparisons, and, or, not, min, max, ceil, floor"
)
UNITS = "names are in base units (bits, Hz, V), and a quantity is a text, e.g. '200 MHz'"
EXAMPLE = "write e.g. 'pe_array.rows * pe_array.columns <= 256'"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("batch +", f"'batch +' is no condition; {EXAMPLE}"),
        ("batch = 1", f"'batch = 1' is no condition; {EXAMPLE}"),
        ("batch", f"'batch' is a number, not true or false; {EXAMPLE}"),
        ("'a'", f"\"'a'\" is a text, not true or false; {EXAMPLE}"),
        (r"'\d' == workload", f"\"'\\\\d' == workload\" is no condition; {EXAMPLE}"),
        ("area > 1", "unknown name 'area'; did you mean 'area_mm2'?"),
        ("glb.fmap_bank > 1", "unknown parameter 'fmap_bank'; did you mean 'fmap_banks'?"),
        ("pe.filter_spad > 1", "'pe.filter_spad' is a group of parameters; add one of them: words, width"),
        ("core.clock_range == 1", "'core.clock_range' is no number and no text; leave it out of the condition"),
        ("bits.ifmap > 1", "'bits.ifmap' is no axis of this sweep; leave it out, or make it an axis"),
        ("pe.gating == 'of'", "'pe.gating' is never 'of'; did you mean 'off'?"),
        ("batch == 'two'", f"'batch' is a number, \"'two'\" is a text; {UNITS}"),
        ("rlc.enabled == 1", f"'rlc.enabled' is true or false, '1' is a number; {UNITS}"),
        ("workload + 1 > 2", f"'workload' is a text; expected a number; {UNITS}"),
        ("not batch", f"'batch' is a number; expected true or false; {UNITS}"),
        ("workload < 'b'", "'workload' is a text; only numbers have an order; use == or !="),
        ("batch is 1", "'batch is 1' has a comparison of another kind; allowed: < <= > >= == !="),
        ("__import__('os')", f"\"__import__('os')\" can't stand in a condition; {ALLOWED}"),
        ("(1).real > 1", f"'(1).real' can't stand in a condition; {ALLOWED}"),
        ("batch.__class__ == 1", "'batch' has no parameters inside; end the path with 'batch'"),
        ("9 ** 9 > 1", f"'9 ** 9' can't stand in a condition; {ALLOWED}"),
        ("[batch] == 1", f"'[batch]' can't stand in a condition; {ALLOWED}"),
        ("(lambda: 1)() > 1", f"'(lambda: 1)()' can't stand in a condition; {ALLOWED}"),
        ("min(batch) > 1", f"'min(batch)' can't stand in a condition; {ALLOWED}"),
        ("max(batch, 2, key=1) > 1", f"'max(batch, 2, key=1)' can't stand in a condition; {ALLOWED}"),
        ("None == 1", f"'None' can't stand in a condition; {ALLOWED}"),
        ("1j == 1", f"'1j' can't stand in a condition; {ALLOWED}"),
        ("-" * 50 + "1 < 2", "the condition is nested too deeply; at most 40 levels"),
        ("1 < 2" + " " * 500, "got '1 < 2                                   '...; expected at most 500 characters"),
        ("batch == 9", "'batch == 9' leaves no point of 2; loosen it, or give the axes more values"),
        (
            "1 / (batch - 2) > 0",
            "'1 / (batch - 2) > 0' can't be worked out at point 1: division by zero; "
            "leave out what makes it so, e.g. with 'x != 0 and ...'",
        ),
    ],
)
def test_a_wrong_condition_is_refused_at_its_place(tmp_path: Path, text: str, line: str) -> None:
    spec = tmp_path / "spec.yaml"
    quoted = text.replace("'", "''")
    head = "schema: 1\nworkload: alexnet\naxes: {batch: [1, 2]}\nwhere:\n  - batch > 0\n"
    spec.write_text(f"{head}  - '{quoted}'\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_study(spec)
    assert str(caught.value) == f"{spec}:6:5: where[1]: {line}"


def test_conditions_that_together_leave_nothing_are_refused() -> None:
    with pytest.raises(InputError, match=r"^sweep: where\[1\]: 'batch == 4' leaves no point of 24; "):
        study_of("batch == 1", "batch == 4")


def test_a_condition_that_guards_its_division_is_fine() -> None:
    assert study_of("batch != 1 and 1 / (batch - 1) < 1").count() == 12
