"""Equal area: the largest value that fits, what it replaces, the paper's baseline, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chips.eyeriss.area import area_mm2, storage_area_mm2
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.errors import InputError
from sim.files.catalogue import find_machine
from sim.studies.sweeps.spec.equal_area import EqualArea, with_value
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.spec.spec import read_study

CHIP = read_machine(find_machine("eyeriss"))
PAPER = read_machine(find_machine("isca2016_256pe"))
AS_PUBLISHED = {"of": "storage", "as_with": {"pe.filter_spad.words": 224}, "adjust": "glb.fmap_banks"}


def study_of(axes: dict[str, Any], constraint: dict[str, Any] = AS_PUBLISHED, **more: Any) -> Study:
    """Read a sweep at equal area."""
    return read_study({"schema": 1, "workload": "alexnet", "axes": axes, "equal_area": constraint, **more})


def shown(study: Study) -> list[tuple[object, ...]]:
    """Return all points' values in base units."""
    return [tuple(study.point(number).values.values()) for number in study.numbers()]


@given(
    rows=st.integers(1, 32),
    words=st.integers(1, 512),
    budget=st.floats(0.5, 100),
    of=st.sampled_from(["storage", "core"]),
    adjust=st.sampled_from([("glb.fmap_banks", 1 << 20), ("pe_array.columns", 1024), ("pe.psum_spad.words", 1 << 20)]),
)
def test_the_value_is_the_largest_that_fits(
    rows: int, words: int, budget: float, of: str, adjust: tuple[str, int]
) -> None:
    machine = with_value(with_value(CHIP, "pe_array.rows", rows), "pe.filter_spad.words", words)
    path, most = adjust
    constraint = EqualArea(of, path, most, budget_mm2=budget)

    def area(value: int) -> float:
        return constraint.area_of(with_value(machine, path, value))

    try:
        found = constraint.value_for(machine)
    except InputError:
        assert area(1) > budget
        return
    assert area(found) <= budget * (1 + 1e-9)
    assert found == most or area(found + 1) > budget


def test_where_the_area_is_no_straight_line_it_is_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def areas(self: Eyeriss, machine: Machine) -> dict[str, float]:
        return {"core": machine.glb.fmap_banks**1.5}

    monkeypatch.setattr(Eyeriss, "areas_mm2", areas)
    assert EqualArea("core", "glb.fmap_banks", 1 << 20, budget_mm2=1000.0).value_for(CHIP) == 100
    assert EqualArea("core", "glb.fmap_banks", 1 << 20, budget_mm2=999.0).value_for(CHIP) == 99


@pytest.mark.parametrize("of", ["storage", "core"])
def test_the_machine_itself_stays_as_it_is(of: str) -> None:
    axes = {"pe.filter_spad.words": [224], "pe_array.rows": "8..16"}
    study = study_of(axes, {**AS_PUBLISHED, "of": of})
    assert {point[-1] for point in shown(study)} == {25}


def test_the_papers_baseline() -> None:
    """ISCA 2016: #PE x area(512 B RF) + area(#PE x 512 B buffer) is the storage area, for any number of PEs."""
    per_bit = {"rf": 8.366086e-6, "buffer": 2.603036e-6}  # mm2, from Fig. 15 of JSSC 2017
    baseline = 256 * (512 * 8 + 12) * per_bit["rf"] + 256 * 512 * 8 * per_bit["buffer"]
    assert storage_area_mm2(PAPER) == pytest.approx(baseline, rel=1e-6)
    twice = with_value(with_value(PAPER, "pe_array.rows", 32), "glb.fmap_banks", 62)
    assert storage_area_mm2(twice) == pytest.approx(2 * baseline, rel=1e-6)
    # 160 words fewer in each RF make room for 64.3 more banks of 4 KiB.
    constraint = EqualArea("storage", "glb.fmap_banks", 1 << 20, (("pe.filter_spad.words", 224),))
    assert constraint.value_for(with_value(PAPER, "pe.filter_spad.words", 64)) == 30 + 64


def test_the_value_shows_in_the_point_and_in_its_machine() -> None:
    study = study_of({"pe.filter_spad.words": [224, 112], "batch": [1, 2]})
    assert study.axis_columns() == ("pe.filter_spad.words", "glb.fmap_banks")
    assert shown(study) == [(224, 1, 25), (224, 2, 25), (112, 1, 54), (112, 2, 54)]
    points = [study.point(number) for number in range(4)]
    assert [point.written["glb.fmap_banks"] for point in points] == [25, 25, 54, 54]
    machines = [study.machine_of(point) for point in points]
    assert [machine.glb.fmap_banks for machine in machines] == [25, 25, 54, 54]
    assert machines[2] is machines[3]
    assert (
        storage_area_mm2(machines[2])
        <= storage_area_mm2(CHIP)
        < storage_area_mm2(with_value(machines[2], "glb.fmap_banks", 55))
    )


def test_an_axis_of_the_same_parameter_sets_the_area_and_is_replaced() -> None:
    study = study_of({"glb.fmap_banks": [12, 25], "pe.filter_spad.words": [224, 112]})
    assert study.axis_columns() == ("glb.fmap_banks", "pe.filter_spad.words")
    assert shown(study) == [(12, 224), (41, 112), (25, 224), (54, 112)]


def test_a_budget_in_square_millimetres() -> None:
    study = study_of({"pe_array.rows": [11, 12]}, {"of": "core", "budget_mm2": 12.25, "adjust": "glb.fmap_banks"})
    machines = [study.machine_of(study.point(number)) for number in study.numbers()]
    assert [machine.glb.fmap_banks for machine in machines] == [34, 25]
    assert 12.25 - 12.25 * 0.188 / 27 < area_mm2(machines[0]) <= 12.25


def test_no_value_makes_the_point_impossible_with_its_reason() -> None:
    study = study_of({"pe.filter_spad.words": [224, 400]})
    point = study.point(1)
    assert point.values == {"pe.filter_spad.words": 400}
    with pytest.raises(InputError) as caught:
        study.machine_of(point)
    line = "equal_area: glb.fmap_banks = 1 makes 10.08 mm2 of storage area; at most 8.167 mm2"
    assert str(caught.value) == line


def test_a_machine_that_can_not_be_built_keeps_its_own_reason() -> None:
    study = study_of({"core.clock": ["200 MHz", "1 GHz"]})
    with pytest.raises(InputError, match=r"^machine: core\.clock: 1 GHz is out of core\.clock_range; "):
        study.machine_of(study.point(1))


def test_conditions_see_the_value() -> None:
    axes = {"pe.filter_spad.words": [224, 112, 400]}
    study = study_of(axes, where=["glb.fmap_banks > 30 and storage_area_mm2 < 8.167"])
    assert list(study.numbers()) == [1, 2]  # the third is impossible, which is a result


def test_it_is_part_of_the_digest_and_outlives_pickling() -> None:
    axes = {"pe.filter_spad.words": [112]}
    one, other = study_of(axes), study_of(axes, {**AS_PUBLISHED, "as_with": {"pe.filter_spad.words": 223}})
    assert one.digest() != other.digest() != study_of(axes, {**AS_PUBLISHED, "of": "core"}).digest()
    assert shown(pickle.loads(pickle.dumps(one))) == shown(one)


@pytest.mark.parametrize(
    ("constraint", "line"),
    [
        ("{of: storage, adjust: glb.fmap_banks}", "equal_area: neither as_with nor budget_mm2; give one of the two"),
        (
            "{of: core, adjust: glb.fmap_banks, budget_mm2: 9, as_with: {pe_array.rows: 12}}",
            "equal_area: both as_with and budget_mm2; give one of the two",
        ),
        (
            "{of: core, adjust: glb.fmap_banks, as_with: {}}",
            "equal_area.as_with: no parameters; name e.g. pe.filter_spad.words: 224",
        ),
        (
            "{of: spads, adjust: glb.fmap_banks, budget_mm2: 9}",
            "equal_area.of: unknown value 'spads'; allowed: storage, core",
        ),
        (
            "{of: core, adjust: glb.fmap_banks, budget_mm2: 0}",
            "equal_area.budget_mm2: got the number 0; expected more than 0.0",
        ),
        (
            "{of: core, adjust: glb.fmap_bank, budget_mm2: 9}",
            "equal_area.adjust: unknown parameter 'fmap_bank'; did you mean 'fmap_banks'?",
        ),
        (
            "{of: core, adjust: glb.bank_width, budget_mm2: 9}",
            "equal_area.adjust: 'glb.bank_width' is no count of the machine's; name e.g. glb.fmap_banks",
        ),
        (
            "{of: core, adjust: batch, budget_mm2: 9}",
            "equal_area.adjust: 'batch' is no count of the machine's; name e.g. glb.fmap_banks",
        ),
        (
            "{of: core, adjust: link.burst_words, budget_mm2: 9}",
            "equal_area.adjust: 'link.burst_words' does not change the core area; name e.g. glb.fmap_banks",
        ),
        (
            "{of: storage, adjust: pe.psum_fifo.words, budget_mm2: 9}",
            "equal_area.adjust: 'pe.psum_fifo.words' does not change the storage area; name e.g. glb.fmap_banks",
        ),
        (
            "{of: core, adjust: glb.fmap_banks, as_with: {core.clock: 100 MHz}}",
            "equal_area.as_with['core.clock']: 'core.clock' does not change the core area; leave it out",
        ),
        (
            "{of: core, adjust: glb.fmap_banks, as_with: {pe.filter_spad.word: 100}}",
            "equal_area.as_with['pe.filter_spad.word']: unknown parameter 'word'; did you mean 'words'?",
        ),
        (
            "{of: core, adjust: glb.fmap_banks, as_with: {pe.filter_spad.words: 0}}",
            "equal_area.as_with['pe.filter_spad.words']: got the number 0; expected at least 1",
        ),
        (
            "{of: core, adjust: glb.fmap_banks, as_with: {pe.filter_spad.words: 1..2}}",
            "equal_area.as_with['pe.filter_spad.words']: 2 values; expected one",
        ),
        (
            "{of: core, adjust: batch_, budget_mm2: 9, more: 1}",
            "equal_area.more: unknown key; allowed: of, adjust, as_with, budget_mm2",
        ),
    ],
)
def test_a_wrong_constraint_is_refused_at_its_place(tmp_path: Path, constraint: str, line: str) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"schema: 1\nworkload: alexnet\nequal_area: {constraint}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_study(spec)
    place, _, rest = str(caught.value).partition(": ")
    assert (place.startswith(f"{spec}:3:"), rest) == (True, line)


@pytest.mark.parametrize(
    "constraint",
    [
        {"of": "core", "budget_mm2": 9, "adjust": "glb.fmap_banks"},
        {"of": "core", "as_with": {"glb.fmap_banks": 25}, "adjust": "glb.fmap_banks"},
    ],
)
def test_an_axis_without_effect_is_refused(constraint: dict[str, Any]) -> None:
    line = r"^sweep: equal_area\.adjust: the axis 'glb\.fmap_banks' has no effect: its value follows from the area; "
    with pytest.raises(InputError, match=line):
        study_of({"glb.fmap_banks": [12, 25]}, constraint)


def test_short_names_are_known() -> None:
    entry = {"of": "core", "as_with": {"array.columns": 14}, "adjust": "array.rows"}
    study = read_study({"schema": 1, "workload": "alexnet", "axes": {"array.columns": [7]}, "equal_area": entry})
    machine = study.machine_of(study.point(0))
    assert (machine.pe_array.rows, machine.pe_array.columns) == (24, 7)
