"""The sweep's specification: a YAML file or the same as data, read and checked whole before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.arch import read_machine
from sim.catalogue import find_cost_table, find_machine, find_workload
from sim.document_tree import Mark, Node, mark_of, tree_of_data
from sim.energy import CostTable, read_cost_table
from sim.errors import InputError, listed, quoted
from sim.mapping.search import Objective
from sim.schema import Document, read_document, validate_data
from sim.sweep.axes import Axis, Site, read_axis
from sim.sweep.points import Study
from sim.text_source import shown_path
from sim.workload import Workload, read_workload
from sim.yaml_source import compose, read_tree

MOST_POINTS = 10_000_000
_Name = Annotated[str, Field(min_length=1, max_length=4096)]
_Group = tuple[Axis, ...]
_SET_EXAMPLE = "write e.g. --set glb.fmap_banks=[12,25,50]"


class SpecFile(Document):
    """Hold a specification as written. `axes` make a grid; those of one entry of `paired` move together."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    arch: _Name = "eyeriss"
    workload: _Name | tuple[_Name, ...] | None = None
    cost_table: _Name | None = None
    batch: Annotated[int, Field(ge=1, le=4096)] | None = None
    model: Literal["analytic"] = "analytic"
    objective: Literal["energy", "delay", "edp", "dram"] = "energy"
    axes: dict[str, Any] = Field(default={})
    paired: tuple[dict[str, Any], ...] = ()


def read_study(spec: Path | str | Dict[str, Any], sets: Sequence[str] = ()) -> Study:
    """Read a specification from a file or from data, `sets` as `path=values` in place of its axes or beside them.

    Raises InputError for the first thing that is wrong in it, or in a file that it names.
    """
    if isinstance(spec, Dict):
        file, root = validate_data(spec, SpecFile, "sweep"), tree_of_data(spec, "sweep")
        return _study(file, _groups(file, root, lambda mark: "sweep", sets), "sweep")
    file, tree, place = read_document(spec, SpecFile), read_tree(spec), shown_path(spec)
    if tree is None:
        raise InputError.located(place, wrong="the file is empty", allowed="it changed while it was read")
    return _study(file, _groups(file, tree, lambda mark: f"{place}:{mark}", sets), place)


def _groups(file: SpecFile, root: Node, place_of: Callable[[Mark], str], sets: Sequence[str]) -> list[_Group]:
    """Read all axes, in the order in which points count: workloads, the grid, then pairs."""
    given = dict(_read_set(text) for text in sets)
    if len(given) < len(sets):
        raise InputError.located("--set", wrong="an axis is set twice", allowed="give every axis once")
    groups: list[_Group] = []
    if isinstance(file.workload, tuple):
        groups.append((read_axis("workload", Site(root.children["workload"], ("workload",), place_of)),))
    for path in file.axes:
        node = root.children["axes"].children[path]
        axis = read_axis(path, Site(node, ("axes", path), place_of))
        groups.append((given.pop(path, axis),))
    for number, pair in enumerate(file.paired):
        if pair:
            groups.append(_read_pair(number, pair, root, place_of))
    groups += [(axis,) for axis in given.values()]
    paths = [axis.path for group in groups for axis in group]
    for index, path in enumerate(paths):
        if path in paths[:index]:
            wrong = f"the axis {quoted(path)} is given twice"
            raise InputError.located(place_of(mark_of(root, ())), wrong=wrong, allowed="give every axis once")
    return groups


def _read_pair(number: int, pair: Dict[str, Any], root: Node, place_of: Callable[[Mark], str]) -> _Group:
    steps = ("paired", number)
    node = root.children["paired"].children[number]
    group = tuple(read_axis(path, Site(node.children[path], (*steps, path), place_of)) for path in pair)
    lengths = [len(axis.values) for axis in group]
    if len(set(lengths)) > 1:
        wrong = f"axes of {listed(map(str, lengths))} values"
        raise InputError.located(place_of(node.mark), steps, wrong=wrong, allowed="as many values in each")
    return group


def _read_set(text: str) -> tuple[str, Axis]:
    """Read one `path=values` of the command line."""
    path, equals, values = text.partition("=")
    path = path.strip()
    if not equals:
        raise InputError.located("--set", wrong=f"{quoted(text)} gives no values", allowed=_SET_EXAMPLE)
    place = f"--set {path}"
    # A list with its unit behind is no YAML: it is text, which read_axis takes apart.
    quote = values.strip().startswith("[") and not values.strip().endswith("]")
    node = tree_of_data(values.strip(), place) if quote else compose(values, place)
    if node is None:
        raise InputError.located(place, wrong="no values", allowed=_SET_EXAMPLE)
    return path, read_axis(path, Site(node, (), lambda mark: place))


def _study(file: SpecFile, groups: Sequence[_Group], place: str) -> Study:
    """Read all files that the specification and its axes name."""
    machine_file = find_machine(file.arch)
    machine, tree = read_machine(machine_file), read_tree(machine_file)
    axes = {axis.path: axis for group in groups for axis in group}
    data = dict(tree.value) if tree and isinstance(tree.value, Dict) else {}
    workload = file.workload if isinstance(file.workload, str) else None
    if workload is None and "workload" not in axes:
        allowed = "add e.g. workload: googlenet"
        raise InputError.located(place, ("workload",), wrong="no network to sweep", allowed=allowed)
    table = file.cost_table or machine.cost_table
    study = Study(
        machine_data=data,
        workloads=_read_workloads(axes, workload),
        tables=_read_tables(axes, table),
        workload=workload or "",
        table=table,
        batch=file.batch,
        objective=Objective(file.objective),
        groups=tuple(groups),
    )
    if len(study) > MOST_POINTS:
        raise InputError.located(place, ("axes",), wrong=f"{len(study)} points", allowed=f"at most {MOST_POINTS}")
    return study


def _named(axes: Dict[str, Axis], path: str, default: str | None) -> list[str]:
    if path in axes:
        return [str(name) for name in axes[path].values]
    return [] if default is None else [default]


def _read_workloads(axes: Dict[str, Axis], default: str | None) -> dict[str, Workload]:
    return {name: read_workload(find_workload(name)) for name in _named(axes, "workload", default)}


def _read_tables(axes: Dict[str, Axis], default: str) -> dict[str, CostTable]:
    return {name: read_cost_table(find_cost_table(name)) for name in _named(axes, "cost_table", default)}
