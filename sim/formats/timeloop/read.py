"""Problem files of Timeloop, up to version 0.4, read as layers: one file a layer, a folder of them a network.

Timeloop's R, P and Wstride run along the width, S, Q and Hstride along the height, as its CNN layer's projections say;
here R and E are along the height. A problem has no padding: its ifmap is what the windows cover.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.errors import FieldFault, InputError, PathStep, did_you_mean, printable, quoted
from sim.files.text import shown_path
from sim.files.tree import Node, described, mark_of
from sim.files.yaml_source import read_tree
from sim.formats.plain_layer import MOST_SIZE, MOST_STRIDE, check_name, different, plain_layer
from sim.formats.timeloop.files import SUFFIXES
from sim.networks.layer import Layer, Shape
from sim.networks.workload import Workload

_WINDOW = ("R", "S", "P", "Q")
_COEFFICIENTS = ("Wstride", "Hstride", "Wdilation", "Hdilation")
_UNUSED = frozenset({"H", "W", "Hpad", "Wpad", "Padding", "shape", "version", "densities", "instance"})
_BUILT_IN = re.compile(r"cnn[-_ ]?layer|conv(olution)?(2d)?", re.IGNORECASE)
_SPACES = ("inputs", "weights", "outputs")
_MOST_BATCH = 4096
_MOST_FILES = 4096


@dataclass(frozen=True, slots=True)
class _Space:
    """What a problem's `shape` says: its name, its dimensions, defaults, and whether P is along the height."""

    name: str = ""
    dimensions: tuple[str, ...] = ("C", "M", "R", "S", "P", "Q", "N")
    defaults: tuple[tuple[str, int], ...] = ()
    turned: bool = False


def read_problem(path: Path | str) -> Workload:
    """Read a problem file: a network of one layer, and N for the batch.

    Takes the built-in cnn-layer (K for M, too) and shapes of its dimensions, with G groups or, without M, depthwise.
    The layer has the shape's name, or the file's where that says nothing. Densities become zero fractions whatever
    their distribution. Raises InputError: `file:line:column: path: what is wrong; what is allowed`.
    """
    layer, batch = _read(Path(path), is_first=True)
    return Workload(name=printable(Path(path).stem), batch=batch, layers=(layer,))


def read_problem_folder(path: Path | str) -> Workload:
    """Read the problem files of a folder, by name, as a network; their N must agree. Raises InputError."""
    place = shown_path(path)
    try:
        files = sorted(file for file in Path(path).iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise InputError.located(place, wrong="can't be read", allowed="name a folder of problem files") from error
    if not 1 <= len(files) <= _MOST_FILES:
        rule = f"expected 1 to {_MOST_FILES} problem files of Timeloop"
        raise InputError.located(place, wrong=f"a folder with {len(files)} YAML files", allowed=rule)
    layers: dict[str, Layer] = {}
    batch = 0
    for file in files:
        layer, found = _read(file, is_first=not layers)
        batch = batch or found
        if found != batch:
            raise InputError.located(
                shown_path(file),
                ["N"],
                wrong=f"got the number {found}",
                allowed=f"expected {batch}, as {files[0].name}",
            )
        name = different(layer.name, layers)
        layers[name] = replace(layer, name=name)
    return Workload(name=printable(Path(path).resolve().name), batch=batch, layers=tuple(layers.values()))


def _read(path: Path, *, is_first: bool) -> tuple[Layer, int]:
    place = shown_path(path)
    root = read_tree(path)
    try:
        problem = _child(root, "problem") if root else None
        if root is None or problem is None:
            raise FieldFault("no problem", "expected a problem file of Timeloop")
        return _layer(problem, printable(path.stem), is_first=is_first)
    except FieldFault as fault:
        raise InputError.located(
            f"{place}:{mark_of(root, fault.at)}", fault.at, wrong=fault.wrong, allowed=fault.allowed
        ) from fault


def _child(node: Node, key: PathStep) -> Node | None:
    return node.children.get(key)


def _layer(problem: Node, stem: str, *, is_first: bool) -> tuple[Layer, int]:
    if not isinstance(problem.value, Mapping):
        raise FieldFault(f"got {described(problem)}", "expected a mapping", ("problem",))
    space = _read_space(_child(problem, "shape"))
    inside = _child(problem, "instance")
    at: tuple[PathStep, ...] = ("problem",) if inside is None else ("problem", "instance")
    instance = problem if inside is None else inside
    if not isinstance(instance.value, Mapping):
        raise FieldFault(f"got {described(instance)}", "expected a mapping", at)
    sizes = _sizes(instance, space, at)
    shape = _shape(sizes, space)
    generic = not space.name or _BUILT_IN.fullmatch(space.name)
    try:
        name = check_name(stem if generic else space.name)
        zeros = _zeros(_child(instance, "densities") or _child(problem, "densities"))
        return plain_layer(name, shape, zeros=zeros, is_first=is_first), sizes["N"]
    except FieldFault as fault:
        raise FieldFault(fault.wrong, fault.allowed, (*at, *fault.at)) from fault


def _sizes(instance: Node, space: _Space, at: tuple[PathStep, ...]) -> dict[str, int]:
    """Read the sizes of all dimensions and coefficients, M for K; raise FieldFault."""
    known = {*space.dimensions, *_COEFFICIENTS, "K", "M", "G", "Groups"}
    sizes = {"G": 1, **dict.fromkeys(_COEFFICIENTS, 1), **dict(space.defaults)}
    for key, node in instance.children.items():
        if key in _UNUSED:
            continue
        if key not in known:
            raise FieldFault("unknown key", did_you_mean(str(key), sorted(known)), (*at, key))
        most = _MOST_BATCH if key == "N" else MOST_STRIDE if key in _COEFFICIENTS else MOST_SIZE
        sizes["M" if key == "K" else str(key)] = _whole(node, most, (*at, key))
    for name in space.dimensions:
        if name not in sizes:
            raise FieldFault(f"{name} is missing", "expected a size for every dimension", at)
    for key in ("Wdilation", "Hdilation", "Groups"):
        if sizes.get(key, 1) != 1:
            rule = (
                "say groups as a dimension G" if key == "Groups" else "expected 1, the chip's filters are not dilated"
            )
            raise FieldFault(f"got the number {sizes[key]}", rule, (*at, key))
    if "M" not in space.dimensions:  # depthwise: every channel has its own filter
        return {**sizes, "G": sizes["C"] * sizes["G"], "C": 1, "M": 1}
    return sizes


def _shape(sizes: Mapping[str, int], space: _Space) -> Shape:
    """Turn Timeloop's letters into ours: theirs of the width come first."""
    across, down = (sizes["R"], sizes["P"]), (sizes["S"], sizes["Q"])
    if space.turned:
        across, down = down, across
    return Shape(
        G=sizes["G"],
        M=sizes["M"],
        C=sizes["C"],
        R=down[0],
        S=across[0],
        E=down[1],
        F=across[1],
        Uy=sizes["Hstride"],
        Ux=sizes["Wstride"],
    )


def _read_space(node: Node | None) -> _Space:
    """Read `shape`: absent or a name for the built-in CNN layer, else a mapping. Raises FieldFault."""
    at = ("problem", "shape")
    if node is None:
        return _Space()
    if isinstance(node.value, str):
        if not _BUILT_IN.fullmatch(node.value):
            raise FieldFault(f"the shape {quoted(node.value)}", "expected cnn-layer, or a mapping", at)
        return _Space()
    if not isinstance(node.value, Mapping):
        raise FieldFault(f"got {described(node)}", "expected cnn-layer, or a mapping", at)
    name = node.value.get("name", "")
    if not isinstance(name, str):
        raise FieldFault("not a text", "expected a name", (*at, "name"))
    dimensions = _dimensions(node, at)
    spaces = _child(node, "data-spaces") or _child(node, "data_spaces")
    return _Space(
        printable(name), dimensions, tuple(_defaults(_child(node, "coefficients"), at)), _is_turned(spaces, at)
    )


def _dimensions(node: Node, at: tuple[PathStep, ...]) -> tuple[str, ...]:
    rule = "expected C M R S P Q N, and G with groups; without M depthwise"
    given = node.value["dimensions"] if isinstance(node.value, Mapping) and "dimensions" in node.value else None
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise FieldFault("no list of dimensions", rule, (*at, "dimensions"))
    names = {"M" if one == "K" else one for one in given}
    if names - {"G", "M"} != {"C", "N", *_WINDOW} or len(names) != len(given):
        raise FieldFault(f"the dimensions {' '.join(given)[:60]} are no convolution's", rule, (*at, "dimensions"))
    return tuple(sorted(names))


def _defaults(node: Node | None, at: tuple[PathStep, ...]) -> list[tuple[str, int]]:
    """Read the coefficients' defaults."""
    defaults = []
    for number, one in (node.children if node else {}).items():
        name, default = _child(one, "name"), _child(one, "default")
        where = (*at, "coefficients", number)
        if name is None or name.value not in _COEFFICIENTS:
            raise FieldFault("an unknown coefficient", f"expected one of {', '.join(_COEFFICIENTS)}", where)
        if default is not None:
            defaults.append((str(name.value), _whole(default, MOST_STRIDE, (*where, "default"))))
    return defaults


def _is_turned(spaces: Node | None, at: tuple[PathStep, ...]) -> bool:
    """Find out from the ifmap's projection whether P runs along the height; raise FieldFault for no convolution."""
    turned = False
    for axis in _axes(spaces.value if spaces else None):
        terms = {str(term[0]): str(term[1]) if len(term) > 1 else "" for term in axis}
        if set(terms) not in ({"P", "R"}, {"Q", "S"}):
            wrong = f"a projection on {' + '.join(terms)[:60]}"
            raise FieldFault(wrong, "expected R with P and S with Q", (*at, "data_spaces"))
        turned = turned or terms.get("P", "").startswith("H")
    return turned


def _axes(value: Any) -> list[list[list[Any]]]:
    """Collect the axes that are sums of two products: lists of two lists."""
    if isinstance(value, Mapping):
        return [axis for part in value.values() for axis in _axes(part)]
    if not isinstance(value, list):
        return []
    if len(value) == 2 and all(isinstance(term, list) and term and isinstance(term[0], str) for term in value):
        return [value]
    return [axis for part in value for axis in _axes(part)]


def _zeros(node: Node | None) -> tuple[float, float, float]:
    """Turn densities, numbers or mappings that hold one, into zero fractions of ifmap, filter and ofmap."""
    zeros = dict.fromkeys(_SPACES, 0.0)
    for key, one in (node.children if node else {}).items():
        inner = _child(one, "density")
        value = (inner or one).value
        if str(key).casefold() not in zeros:
            raise FieldFault("unknown tensor", "expected Inputs, Weights or Outputs", ("densities", key))
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise FieldFault(f"got {described(inner or one)}", "expected a density of 0 to 1", ("densities", key))
        zeros[str(key).casefold()] = 1 - value
    return zeros["inputs"], zeros["weights"], zeros["outputs"]


def _whole(node: Node, most: int, at: tuple[PathStep, ...]) -> int:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise FieldFault(f"got {described(node)}", f"expected a whole number from 1 to {most}", at)
    return value
