"""`sim explain`: a sentence for every figure, a chip's levels entry by entry, and the line for what nobody knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.commands import Outcome

from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import STATISTICS
from sim.chips.eyeriss.silicon.published import PUBLISHED
from sim.ledger.figures import ENERGY, FIGURES, OF_THE_RUN, Figure
from sim.studies.explanation import explain


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_every_figure_has_a_sentence_a_unit_and_a_place(figure: Figure) -> None:
    first = explain(figure.key)[0]
    assert (first.name, first.sentence, first.formula) == (figure.key, figure.sentence, figure.formula)
    assert first.sentence.endswith(".")
    assert first.formula
    assert first.unit == "the cost table's" if figure.unit == ENERGY else first.unit.startswith(figure.unit or "a numb")
    assert explain(figure.head)
    assert explain(figure.column)


def test_no_two_figures_have_one_name() -> None:
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)
    assert set(OF_THE_RUN) <= set(FIGURES)


def test_without_a_name_all_figures_are_told(sim: Callable[..., Outcome]) -> None:
    told = sim("explain")
    assert (told.status, told.err) == (0, "")
    words = [line.split()[0] for line in told.out.splitlines()[1:] if not line.startswith(" ")]
    assert words == [figure.key for figure in FIGURES]


@pytest.mark.parametrize("level", dict.fromkeys(one.level for one in STATISTICS))
def test_a_level_is_told_entry_by_entry(level: str) -> None:
    entries = [one for one in explain(level) if one.name.startswith(f"eyeriss: {level} ")]
    due = [one for one in STATISTICS if one.level == level]
    assert [one.name.split()[2:] for one in entries] == [
        [one.tensor.name.lower(), one.direction.name.lower()] for one in due
    ]
    assert [one.sentence.lower() for one in entries] == [f"{one.meaning.lower()}." for one in due]
    assert all(one.unit == "words" for one in entries)


@pytest.mark.parametrize("name", PUBLISHED.meanings)
def test_what_was_published_is_told(name: str) -> None:
    assert f"eyeriss: {PUBLISHED.names[name]}" in [one.name for one in explain(name)]


def test_the_buffer_s_two_figures_are_told_apart(sim: Callable[..., Outcome]) -> None:
    """The papers' buffer accesses leave out fills and filters; `glb` does not."""
    assert "it leaves out fills and filters" in " ".join(sim("explain", "GLB").out.split())
    told = " ".join(sim("explain", "glb_accesses").out.split())
    assert "eyeriss: GLB accesses as published" in told


def test_a_chip_s_entries_are_those_that_it_counts() -> None:
    assert {one.level for one in Eyeriss.statistics} == {level.name for level in Eyeriss.levels}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("latncy_total", "explain: no figure 'latncy_total'; did you mean 'total_latency'?"),
        ("dramm", "explain: no figure 'dramm'; did you mean 'dram'?"),
    ],
)
def test_what_nobody_knows(name: str, line: str, sim: Callable[..., Outcome]) -> None:
    told = sim("explain", name)
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith(line.split(";")[0])
    assert told.err.count("\n") == 1
