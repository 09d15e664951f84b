"""`sim list`, `sim show` and `sim new`: all that comes with the program, its text, and copies of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import Outcome, files

from sim.chips.registry import kinds
from sim.files.catalogue import COST_TABLES, MACHINES, WORKLOADS, find_cost_table, find_machine, find_workload, names

SHELVES = {"machines": MACHINES, "workloads": WORKLOADS, "costs": COST_TABLES}
FIND = {"machines": find_machine, "workloads": find_workload, "costs": find_cost_table}
SHIPPED = [(shelf, name) for shelf, there in SHELVES.items() for name in names(there)]
NO_NAME = "is no name; letters, digits, dots, dashes and underscores, a letter or digit first"


def listed(told: Outcome) -> list[str]:
    """Return the first words of a list's lines that begin with one."""
    assert (told.status, told.err) == (0, "")
    return [line.split()[0] for line in told.out.splitlines() if line.strip() and not line.startswith(" ")]


@pytest.mark.parametrize("shelf", SHELVES)
def test_one_kind_is_listed_with_a_line_on_each(shelf: str, sim: Callable[..., Outcome]) -> None:
    told = sim("list", shelf)
    assert listed(told) == [shelf, *names(SHELVES[shelf])]
    assert all(len(line.split()) > 1 for line in told.out.splitlines()[1:])


def test_everything_is_listed(sim: Callable[..., Outcome]) -> None:
    due = [word for shelf, there in SHELVES.items() for word in (shelf, *names(there))]
    assert listed(sim("list")) == [*due, "chips", *kinds()]
    assert sim("list", "chips").out.splitlines()[1].rstrip() == "eyeriss  Eyeriss; models: cycle, analytic"


def test_only_kinds_are_listed(sim: Callable[..., Outcome]) -> None:
    told = sim("list", "machine")
    assert (told.status, told.out) == (2, "")
    assert "no choice 'machine'; did you mean 'machines'?" in told.err


@pytest.mark.parametrize(("shelf", "name"), SHIPPED)
def test_what_is_shown_is_the_file(shelf: str, name: str, sim: Callable[..., Outcome]) -> None:
    told = sim("show", name)
    assert (told.status, told.err) == (0, "")
    assert told.out == FIND[shelf](name).read_text(encoding="utf-8")


def test_only_what_is_shipped_is_shown(sim: Callable[..., Outcome]) -> None:
    told = sim("show", "eyeris")
    assert (told.status, told.out) == (2, "")
    assert told.err == "show: nothing named 'eyeris' comes with sim; did you mean 'eyeriss'?\n"


@pytest.mark.parametrize(("what", "source"), [("machine", "eyeriss"), ("workload", "alexnet")])
@pytest.mark.parametrize("name", ["mine", "a-1_b.c", "123", "1e3", "true", "null", "2024-01-02"])
def test_a_copy_is_the_file_with_another_name(what: str, source: str, name: str, sim: Callable[..., Outcome]) -> None:
    told = sim("new", what, name)
    assert told == Outcome(0, f"{name}.yaml: a copy of {source}, named {name}\n", "")
    text = FIND[f"{what}s"](source).read_text(encoding="utf-8").splitlines()
    copy = Path(f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    changed = [(old, new.replace('"', "")) for old, new in zip(text, copy, strict=True) if old != new]
    assert changed == [(f"name: {source}", f"name: {name}")]
    used = ["--arch", f"./{name}.yaml"] if what == "machine" else []
    network = "alexnet" if what == "machine" else f"./{name}.yaml"
    estimated = sim("estimate", network, "--layers", "CONV3", *used)
    assert (estimated.status, estimated.err) == (0, "")
    assert name in estimated.out.splitlines()[0]


def test_another_file_may_be_copied(sim: Callable[..., Outcome]) -> None:
    assert sim("new", "machine", "big", "--from", "isca2016_256pe").status == 0
    assert sim("new", "workload", "net", "--from", "vgg16").status == 0
    assert files() == ["big.yaml", "net.yaml"]
    assert "name: big\n" in Path("big.yaml").read_text(encoding="utf-8")


def test_no_file_is_replaced(sim: Callable[..., Outcome]) -> None:
    Path("mine.yaml").write_text("precious", encoding="utf-8")
    told = sim("new", "machine", "mine")
    assert told == Outcome(2, "", "mine.yaml: is there already; choose another name, or remove it\n")
    assert Path("mine.yaml").read_text(encoding="utf-8") == "precious"


def test_no_link_is_followed(sim: Callable[..., Outcome]) -> None:
    Path("dang.yaml").symlink_to("nowhere.yaml")
    told = sim("new", "workload", "dang")
    assert told == Outcome(2, "", "dang.yaml: is there already; choose another name, or remove it\n")
    assert files() == ["dang.yaml"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["machine", "../x"], f"new: '../x' {NO_NAME}"),
        (["machine", ".a"], f"new: '.a' {NO_NAME}"),
        (["machine", ""], f"new: '' {NO_NAME}"),
        (["machine", "a b"], f"new: 'a b' {NO_NAME}"),
        (["machine", "a\nb: 1"], f"new: 'a\\nb: 1' {NO_NAME}"),
        (["workload", "ä"], f"new: 'ä' {NO_NAME}"),
        (["machine", "a" * 65], f"new: '{'a' * 40}'... {NO_NAME}"),
        (["machine", "x", "--from", "eyeris"], "--from: no machine 'eyeris' comes with sim; did you mean 'eyeriss'?"),
        (["workload", "x", "--from", "eyeriss"], "--from: no workload 'eyeriss' comes with sim; "),
    ],
)
def test_a_bad_name_leaves_nothing(words: list[str], line: str, sim: Callable[..., Outcome]) -> None:
    told = sim("new", *words)
    assert (told.status, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(line)
    assert files() == []
