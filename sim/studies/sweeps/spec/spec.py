"""The sweep's specification: a YAML file or the same as data, read and checked whole before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.chips.contract import AnyChip
from sim.chips.goals import Objective
from sim.chips.parts.description import MachineDocument
from sim.chips.registry import DEFAULT, chip_for, chip_of, read_design
from sim.errors import InputError, PathStep, listed, quoted
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.files.schema import Document, read_document, validate_data
from sim.files.text import shown_path
from sim.files.tree import Mark, Node, mark_of, tree_of_data
from sim.files.yaml_source import compose, read_tree
from sim.networks.layer_choice import choose_layers
from sim.networks.workload import Workload, read_workload
from sim.runs.parameters import BATCH, MACHINE, NETWORK, TABLE, in_full
from sim.studies.sweeps.spec.axes import Axis, Site, check_repeats, read_axis, read_paired_axis
from sim.studies.sweeps.spec.equal_area import EqualArea, EqualAreaEntry, read_equal_area
from sim.studies.sweeps.spec.grid import Grid
from sim.studies.sweeps.spec.points import MODELS, ModelChoice, Study
from sim.studies.sweeps.spec.selection import points_kept
from sim.studies.sweeps.spec.variants import read_cost_tables, read_machines

MOST_POINTS = 10_000_000
_Name = Annotated[str, Field(min_length=1, max_length=4096)]
_Batch = Annotated[int, Field(ge=1, le=4096)]
_Group = tuple[Axis, ...]
_SET_EXAMPLE = "write e.g. --set glb.fmap_banks=[12,25,50]"
_LISTS = (MACHINE, NETWORK, TABLE, BATCH)


class SpecFile(Document):
    """A specification as written. `axes` make a grid; those of one entry of `paired` move together.

    Lists under `arch`, `workload`, `cost_table` and `batch` are axes, too, and come first. `layers` chooses some of
    the networks' layers by names or patterns.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    arch: _Name | tuple[_Name, ...] = "eyeriss"
    workload: _Name | tuple[_Name, ...] | None = None
    layers: _Name | tuple[_Name, ...] | None = None
    cost_table: _Name | tuple[_Name, ...] | None = None
    batch: _Batch | tuple[_Batch, ...] | None = None
    model: ModelChoice = ModelChoice.ANALYTIC
    seed: Annotated[int, Field(ge=0, lt=10**18)] = 0
    objective: Literal["energy", "delay", "edp", "dram"] = "energy"
    axes: dict[str, Any] = Field(default={})
    paired: tuple[dict[str, Any], ...] = ()
    where: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=64)] = ()
    equal_area: EqualAreaEntry | None = None


@dataclass(frozen=True, slots=True)
class _SpecSource:
    """Where a specification was read: its tree, and how a place in its text is shown."""

    root: Node
    place: str
    place_of: Callable[[Mark], str]

    def site(self, *steps: PathStep) -> Site:
        """Return the site of a path into the specification."""
        node = self.root
        for step in steps:
            node = node.children[step]
        return Site(node, steps, self.place_of)


def read_named_workload(name: str) -> Workload:
    """Read a shipped workload or a workload file."""
    return read_workload(find_workload(name))


def read_study(
    spec: Path | str | Dict[str, Any],
    sets: Sequence[str] = (),
    read_network: Callable[[str], Workload] = read_named_workload,
) -> Study:
    """Read a specification from a file or from data, `sets` as `path=values` in place of its axes or beside them.

    `read_network` reads a network by the name that is written for it.
    Raises InputError for the first thing that is wrong in it, or in a file that it names.
    """
    if isinstance(spec, Dict):
        file = validate_data(spec, SpecFile, "sweep")
        source = _SpecSource(tree_of_data(spec, "sweep"), "sweep", lambda mark: "sweep")
        return _study(file, source, sets, read_network)
    file, tree, place = read_document(spec, SpecFile), read_tree(spec), shown_path(spec)
    if tree is None:
        raise InputError.located(place, wrong="the file is empty", allowed="it changed while it was read")
    named = file if file.name is not None else file.model_copy(update={"name": Path(spec).stem})
    return _study(named, _SpecSource(tree, place, lambda mark: f"{place}:{mark}"), sets, read_network)


def _chips(file: SpecFile, source: _SpecSource, sets: Sequence[str]) -> list[AnyChip]:
    """Find the chips of all machines that are named: which parameters there are depends on them."""
    known = _default_chips()
    sites = [source.site("arch")] if isinstance(file.arch, tuple) else []
    sites += [source.site("axes", MACHINE)] if MACHINE in file.axes else []
    sites += [source.site("paired", number, MACHINE) for number, pair in enumerate(file.paired) if MACHINE in pair]
    axes = [read_paired_axis(MACHINE, site, known) for site in sites]
    axes += [axis for text in sets if text.partition("=")[0].strip() == MACHINE for _, axis in [_read_set(text, known)]]
    names = [str(name) for axis in axes for name in axis.values] or [_single(file.arch)]
    found = {machine.chip.kind: machine.chip for machine in (read_design(find_machine(name)) for name in names)}
    return list(found.values())


def _default_chips() -> list[AnyChip]:
    chip = chip_of(DEFAULT)
    return [] if chip is None else [chip]


def _groups(file: SpecFile, source: _SpecSource, sets: Sequence[str], chips: Sequence[AnyChip]) -> list[_Group]:
    """Read all axes, in the order in which points count: lists of files and batches, the grid, then pairs."""
    given = dict(_read_set(text, chips) for text in sets)
    if len(given) < len(sets):
        raise InputError.located("--set", wrong="an axis is set twice", allowed="give every axis once")
    groups: list[_Group] = []
    lists = [(path,) for path in _LISTS if isinstance(getattr(file, path), tuple)]
    for steps in [*lists, *(("axes", path) for path in file.axes)]:
        axis = read_axis(steps[-1], source.site(*steps), chips)
        groups.append((given.pop(axis.path, axis),))
    groups += [_read_pair(number, pair, source, chips) for number, pair in enumerate(file.paired) if pair]
    groups += [(axis,) for axis in given.values()]
    adjusted = "" if file.equal_area is None else in_full(file.equal_area.adjust, chips)
    _check_paths([axis.path for group in groups for axis in group], adjusted, source, chips)
    return groups


def _check_paths(paths: Sequence[str], adjusted: str, source: _SpecSource, chips: Sequence[AnyChip]) -> None:
    """See that no path stands twice, none inside another, and that no two say the same thing."""
    place = source.place_of(mark_of(source.root, ()))
    for extra, own in (pair for chip in chips for pair in chip.one_of_both()):
        if {extra, own} <= set(paths):
            wrong = f"{quoted(extra)} and {quoted(own)} are one parameter"
            raise InputError.located(place, wrong=wrong, allowed="leave one out")
        if extra in paths and adjusted.startswith(extra.rpartition(".")[0] + "."):
            wrong = f"equal_area sets {quoted(adjusted)}, but {quoted(extra)} says how large the buffer is"
            raise InputError.located(place, wrong=wrong, allowed="leave the axis out, or adjust another parameter")
    for index, path in enumerate(paths):
        if path in paths[:index]:
            wrong = f"the axis {quoted(path)} is given twice"
            raise InputError.located(place, wrong=wrong, allowed="give every axis once")
        for other in paths if path != TABLE else ():
            if other.startswith(f"{path}."):
                wrong = f"the axis {quoted(other)} is a part of the axis {quoted(path)}"
                raise InputError.located(place, wrong=wrong, allowed="leave one out")


def _read_pair(number: int, pair: Dict[str, Any], source: _SpecSource, chips: Sequence[AnyChip]) -> _Group:
    group = tuple(read_paired_axis(path, source.site("paired", number, path), chips) for path in pair)
    lengths = [len(axis.values) for axis in group]
    if len(set(lengths)) > 1:
        raise source.site("paired", number).error(
            f"axes of {listed(map(str, lengths))} values", "as many values in each"
        )
    written = [", ".join(map(str, values)) for values in zip(*(axis.written for axis in group), strict=True)]
    check_repeats(list(zip(*(axis.values for axis in group), strict=True)), written, source.site("paired", number))
    return group


def _read_set(text: str, chips: Sequence[AnyChip]) -> tuple[str, Axis]:
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
    axis = read_axis(path, Site(node, (), lambda mark: place), chips)
    return axis.path, axis


def _study(file: SpecFile, source: _SpecSource, sets: Sequence[str], read_network: Callable[[str], Workload]) -> Study:
    """Read all files that the specification and its axes name."""
    chips = _chips(file, source, sets)
    groups = _groups(file, source, sets, chips)
    axes = {axis.path: axis for group in groups for axis in group}
    networks = _named(axes, NETWORK, file.workload)
    if not networks:
        allowed = "add e.g. workload: googlenet, or --set workload=googlenet"
        raise InputError.located(source.place, (NETWORK,), wrong="no network to sweep", allowed=allowed)
    machines = read_machines(_files(_named(axes, MACHINE, file.arch), find_machine))
    _check_model(file, source, machines.bases)
    tables = _named(axes, TABLE, file.cost_table) or [machine.cost_table for machine in machines.bases.values()]
    study = Study(
        machines=machines,
        costs=read_cost_tables(_files(tables, find_cost_table)),
        workloads={name: _with_layers(read_network(name), file, source) for name in networks},
        name=file.name or ", ".join(networks),
        arch=_single(file.arch),
        workload=_single(file.workload),
        table=_single(file.cost_table),
        batch=None if isinstance(file.batch, tuple) else file.batch,
        model=file.model,
        seed=file.seed,
        objective=Objective(file.objective),
        grid=Grid(tuple(groups)),
        where=file.where,
        equal_area=_equal_area(file, source, axes, list(machines.bases.values())),
    )
    if len(study) > MOST_POINTS:
        raise InputError.located(
            source.place, ("axes",), wrong=f"{len(study)} points", allowed=f"at most {MOST_POINTS}"
        )
    sites = [source.site("where", index) for index in range(len(file.where))]
    return replace(study, kept=points_kept(study, file.where, sites))


def _check_model(file: SpecFile, source: _SpecSource, machines: Dict[str, MachineDocument]) -> None:
    """See that every machine's chip has the models that are asked for."""
    node = source.root.children.get("model", source.root)
    for machine in machines.values():
        for name in MODELS[file.model]:
            chip_for(machine).check_model(name, f"{source.place_of(node.mark)}: model")


def _with_layers(workload: Workload, file: SpecFile, source: _SpecSource) -> Workload:
    """Keep the layers that are asked for."""
    if file.layers is None:
        return workload
    patterns = file.layers.split(",") if isinstance(file.layers, str) else file.layers
    place = source.place_of(source.site("layers").node.mark)
    return replace(workload, layers=choose_layers(workload, patterns, place, ("layers",)))


def _equal_area(
    file: SpecFile, source: _SpecSource, axes: Dict[str, Axis], machines: Sequence[MachineDocument]
) -> EqualArea | None:
    if file.equal_area is None:
        return None
    return read_equal_area(file.equal_area, lambda *steps: source.site("equal_area", *steps), axes, machines)


def _named(axes: Dict[str, Axis], path: str, default: str | tuple[str, ...] | None) -> list[str]:
    """Name the files that a sweep needs of one kind: an axis's, or the only one."""
    if path in axes:
        return [str(name) for name in axes[path].values]
    return [default] if isinstance(default, str) else []


def _files(names: Sequence[str], find: Callable[[str], Path]) -> dict[str, Path]:
    return {name: find(name) for name in names}


def _single(name: str | tuple[str, ...] | None) -> str:
    return name if isinstance(name, str) else ""
