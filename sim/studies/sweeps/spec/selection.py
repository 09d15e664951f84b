"""Which points of the grid belong to a sweep: those for which all its conditions hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chips.parts.description import MachineDocument
from sim.chips.registry import chip_for
from sim.errors import FieldFault, InputError, did_you_mean, quoted
from sim.runs.parameters import BATCH, MACHINE, NETWORK, TABLE, field_of, is_machine_path
from sim.studies.sweeps.spec.axes import Site
from sim.studies.sweeps.spec.conditions import Condition, read_condition
from sim.studies.sweeps.spec.grid import Point
from sim.studies.sweeps.spec.points import Study

_AREAS = {"area_mm2": "core", "storage_area_mm2": "storage"}
_CHOICES = (MACHINE, NETWORK, TABLE, BATCH)


def points_kept(study: Study, texts: Sequence[str], sites: Sequence[Site]) -> bytes | None:
    """Work out conditions over the whole grid; give a bit for each point, None where there are no conditions.

    A condition is worked out once for each combination of the axes that it depends on. It holds for a machine that
    can't be built, since an impossible point is a result. Raises InputError for a condition that makes no sense, that
    can't be worked out at some point, and where no point is left.
    """
    kept = np.ones([length for length in study.grid.lengths if length > 1], dtype=np.bool_)
    repeats = _leave_out_repeats(study, kept)
    if not texts and not repeats:
        return None
    names = _Names(study)
    for text, site in zip(texts, sites, strict=True):
        try:
            condition = read_condition(text, names.values_of)
        except FieldFault as fault:
            raise site.error(fault.wrong, fault.allowed) from fault
        kept &= _verdicts(condition, names, site)
        if not kept.any():
            raise site.error(
                f"{quoted(text)} leaves no point of {len(study)}", "loosen it, or give the axes more values"
            )
    return np.packbits(kept.ravel()).tobytes()


def _leave_out_repeats(study: Study, kept: NDArray[np.bool_]) -> bool:
    """Keep one point of those that differ only in parameters which their machine doesn't have; return if any went."""
    varying = [index for index, length in enumerate(study.grid.lengths) if length > 1]
    at = next((at for at, index in enumerate(varying) for axis in study.grid.groups[index] if axis.path == MACHINE), -1)
    if at < 0:
        return False
    machines = next(axis for axis in study.grid.groups[varying[at]] if axis.path == MACHINE).values
    found = False
    for place, machine in enumerate(machines):
        lacking = study.lacking(str(machine))
        for other, index in enumerate(varying):
            if other != at and all(axis.path in lacking for axis in study.grid.groups[index]):
                repeated: list[slice | int] = [slice(None)] * kept.ndim
                repeated[at], repeated[other] = place, slice(1, None)
                kept[tuple(repeated)] = False
                found = True
    return found


def _verdicts(condition: Condition, names: _Names, site: Site) -> NDArray[np.bool_]:
    """Work a condition out for all combinations of the groups of axes that matter to it, the others at their first.

    Groups of one value have no place in the result: NumPy has only so many dimensions.
    """
    lengths = names.study.grid.lengths
    matter = set[int]().union(*(names.groups_of(name) for name in condition.names))
    varying = [index for index, length in enumerate(lengths) if length > 1]
    strides = [math.prod(lengths[index + 1 :]) for index in varying]
    verdicts = np.empty([lengths[index] if index in matter else 1 for index in varying], dtype=np.bool_)
    for indices in np.ndindex(*verdicts.shape):
        number = sum(index * stride for index, stride in zip(indices, strides, strict=True))
        verdicts[indices] = _holds(condition, names, number, site)
    return verdicts


def _holds(condition: Condition, names: _Names, number: int, site: Site) -> bool:
    point = names.study.applicable(names.study.grid.point(number))
    try:
        return condition.holds(lambda name: names.value(name, point))
    except InputError:
        return True  # the machine can't be built, which is a result
    except (ArithmeticError, ValueError) as error:
        wrong = f"{quoted(condition.text)} can't be worked out at point {number}: {error}"
        raise site.error(wrong, "leave out what makes it so, e.g. with 'x != 0 and ...'") from error


class _Names:
    """The names that conditions may hold: which values they have, and which axes these depend on."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._axes = {axis.path: axis for axis in study.grid.axes}
        self._group_of = {axis.path: index for index, group in enumerate(study.grid.groups) for axis in group}
        self._worked_out = {study.equal_area.adjust} if study.equal_area else set()
        self._extra = {path for chip in study.chips() for path in chip.extra_parameters()}
        pairs = [pair for chip in study.chips() for pair in chip.one_of_both()]
        self._worked_out |= {own for extra, own in pairs if extra in self._axes}

    def values_of(self, name: str) -> Sequence[object]:
        """Return values that a name has at some points; raise FieldFault for a name that is unknown."""
        if name in self._axes:
            return self._axes[name].values
        if name in _AREAS or name in self._extra:
            return (0.0,)
        if name in _CHOICES:
            return (self._choice(name, self.study.grid.point(0)),)
        if "." not in name:
            raise FieldFault(
                f"unknown name {quoted(name)}",
                did_you_mean(name, dict.fromkeys([*_CHOICES, *_AREAS, *self._extra, *self._axes])),
            )
        field_of(name, self.study.chips())
        if not is_machine_path(name):
            raise FieldFault(f"{quoted(name)} is no axis of this sweep", "leave it out, or make it an axis")
        return [value for machine in self.study.machines.bases.values() if (value := _value(machine, name)) is not None]

    def groups_of(self, name: str) -> set[int]:
        """Return the indices of the groups of axes that a name's value depends on."""
        if self._is_worked_out(name):
            return {index for path, index in self._group_of.items() if is_machine_path(path) or path == MACHINE}
        if name in self._axes:
            return {self._group_of[name]}
        behind = {BATCH: NETWORK, TABLE: MACHINE}.get(name, MACHINE)
        return {self._group_of[behind]} if behind in self._group_of else set()

    def value(self, name: str, chosen: Point) -> Any:
        """Return a name's value at a point; only areas, and what is adjusted to them, need the machine itself."""
        if self._is_worked_out(name):
            machine = self.study.machine_of(self.study.point(chosen.number))
            return self._measured(name, machine)
        if name in self._axes:
            return _demanded(chosen.values[self._axes[name].column], name)
        if name in _CHOICES:
            return self._choice(name, chosen)
        return _demanded(_value(self.study.machines.bases[self.study.machine_name(chosen)], name), name)

    def _is_worked_out(self, name: str) -> bool:
        """Return whether a name's value takes the point's machine."""
        return name in self._worked_out or ((name in _AREAS or name in self._extra) and name not in self._axes)

    def _measured(self, name: str, machine: MachineDocument) -> Any:
        """Return an area, an extra parameter, or what is adjusted to one of them."""
        chip = chip_for(machine)
        if name in _AREAS:
            return _demanded(chip.areas_mm2(machine).get(_AREAS[name]), name)
        if name in chip.extra_parameters():
            return chip.extra_value(name, machine)
        return _demanded(_value(machine, name), name)

    def _choice(self, name: str, chosen: Point) -> Any:
        study = self.study
        of = {
            MACHINE: study.machine_name,
            NETWORK: study.workload_name,
            TABLE: study.table_name,
            BATCH: study.batch_of,
        }
        return of[name](chosen)


def _value(machine: MachineDocument, path: str) -> Any:
    """Return a parameter's value; None where the machine has no such parameter."""
    try:
        return attrgetter(path)(machine)
    except AttributeError:
        return None


def _demanded(value: Any, name: str) -> Any:
    """Return a value that a condition needs; raise InputError, which makes a point a result, where there is none."""
    if value is None:
        raise InputError(f"{name} is no parameter of this machine")
    return value
