"""The shipped files: their names, how they are found, and the exact line for a name that is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.files import catalogue
from sim.files.catalogue import find_cost_table, find_machine, find_workload, folder, names

Find = Callable[[str], Path]
WORKLOADS = ["alexnet", "alexnet_jssc2017", "googlenet", "mobilenet_v1", "mobilenet_v1_0.5_128", "resnet50"]
WORKLOADS += ["squeezenet_v1_0", "squeezenet_v1_1", "vgg16", "vgg16_jssc2017"]
MACHINES = ["asilomar2017", "eyeriss", "isca2016_256pe"]
COST_TABLES = ["eyeriss-65nm", "normalized-65nm"]


@pytest.fixture(autouse=True)
def elsewhere(folder: Path) -> None:
    """Look from a folder that holds none of the shipped files."""


def refusal(find: Find, name: str) -> str:
    """Return the refusal of a name."""
    with pytest.raises(InputError) as caught:
        find(name)
    return str(caught.value)


def test_names() -> None:
    assert names(catalogue.WORKLOADS) == WORKLOADS
    assert names(catalogue.MACHINES) == MACHINES
    assert names(catalogue.COST_TABLES) == COST_TABLES


def test_every_shipped_file_has_a_name() -> None:
    assert {path.stem for path in folder("workloads").iterdir()} == set(WORKLOADS)
    assert {path.stem for path in folder("arch").iterdir()} == {*MACHINES, *COST_TABLES}


@pytest.mark.parametrize(
    ("find", "kind", "name"),
    [
        *((find_workload, "workloads", name) for name in WORKLOADS),
        *((find_machine, "arch", name) for name in MACHINES),
        *((find_cost_table, "arch", name) for name in COST_TABLES),
    ],
)
def test_find_by_name(find: Find, kind: str, name: str) -> None:
    assert find(name) == folder(kind) / f"{name}.yaml"


@pytest.mark.parametrize(
    ("find", "name", "line"),
    [
        (find_workload, "gogglenet", "no workload of that name comes with sim; did you mean 'googlenet'?"),
        (find_workload, "AlexNet", "no workload of that name comes with sim; did you mean 'alexnet'?"),
        (find_workload, "lstm", f"no workload of that name comes with sim; allowed: {', '.join(WORKLOADS)}"),
        (find_workload, "x" * 300, f"no workload of that name comes with sim; allowed: {', '.join(WORKLOADS)}"),
        (find_machine, "eyeris", "no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (find_machine, "tpu", "no machine of that name comes with sim; allowed: asilomar2017, eyeriss, isca2016_256pe"),
        (find_cost_table, "normalised-65nm",
         "no cost table of that name comes with sim; did you mean 'normalized-65nm'?"),
        # one kind is not offered for another
        (find_machine, "eyeriss-65nm", "no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (find_cost_table, "eyeriss", "no cost table of that name comes with sim; did you mean 'eyeriss-65nm'?"),
        # a path to where a shipped file would stand in a checkout
        (find_workload, "workloads/vgg16.yaml", "no such file; for the shipped workload, give its name: vgg16"),
        (find_workload, "vgg16.yaml", "no such file; for the shipped workload, give its name: vgg16"),
        (find_machine, "arch/eyeriss.yaml", "no such file; for the shipped machine, give its name: eyeriss"),
        (find_cost_table, "arch/eyeriss-65nm.yaml",
         "no such file; for the shipped cost table, give its name: eyeriss-65nm"),
    ],
)  # fmt: skip
def test_refuse(find: Find, name: str, line: str) -> None:
    assert refusal(find, name) == f"{name}: {line}"


def test_refuse_no_name() -> None:
    assert refusal(find_machine, "") == (
        "'': no machine of that name comes with sim; allowed: asilomar2017, eyeriss, isca2016_256pe"
    )


@pytest.mark.parametrize("name", ["mine.yaml", "mine.yml", "./mine", "sub/mine", "sub/", "mine.txt/../mine"])
def test_other_paths_are_left_to_the_reader(name: str) -> None:
    assert find_workload(name) == Path(name)


def test_a_file_comes_before_the_shipped_one_of_its_name() -> None:
    Path("alexnet").write_text("mine")
    Path("vgg16.yaml").write_text("mine")
    assert find_workload("alexnet") == Path("alexnet")
    assert find_workload("vgg16.yaml") == Path("vgg16.yaml")
    assert find_workload("vgg16") == folder("workloads") / "vgg16.yaml"


def test_a_folder_does_not_hide_the_shipped_file_of_its_name() -> None:
    Path("alexnet").mkdir()
    assert find_workload("alexnet") == folder("workloads") / "alexnet.yaml"
