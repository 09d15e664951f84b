"""Equal area: one parameter of each machine is set so that the area stays what it was (Chen, Emer, Sze, ISCA 2016).

The paper compares dataflows at one storage area, #PE x area(512 B RF) + area(#PE x 512 B buffer), which each design
divides between register files and buffer in its own way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Le
from pydantic import BaseModel, BeforeValidator, Field, model_validator

from sim.chips.contract import AnyChip
from sim.chips.parts.description import MachineDocument
from sim.chips.registry import chip_for
from sim.errors import FieldFault, InputError, ModelError, listed, quoted
from sim.files.schema import Document
from sim.runs.parameters import field_of, has_parameter, in_full, is_machine_path
from sim.studies.sweeps.spec.axes import Axis, Site, read_axis

_TOLERANCE = 1e-9  # relative: sums of the same areas differ in their last digits
_EXAMPLE = "name e.g. glb.fmap_banks"

AnyModel = TypeVar("AnyModel", bound=BaseModel)


class EqualAreaEntry(Document):
    """The constraint as written: the area is that of the machine `as_with` other parameters, or `budget_mm2`."""

    of: Literal["storage", "core"]
    adjust: Annotated[str, Field(min_length=1, max_length=256)]
    as_with: dict[str, Any] | None = None
    budget_mm2: Annotated[float, Field(gt=0, le=1e6)] | None = None

    @model_validator(mode="after")
    def _one_budget(self) -> EqualAreaEntry:
        if (self.as_with is None) == (self.budget_mm2 is None):
            what = "neither as_with nor budget_mm2" if self.as_with is None else "both as_with and budget_mm2"
            raise FieldFault(what, "give one of the two")
        if self.as_with == {}:
            raise FieldFault("no parameters", "name e.g. pe.filter_spad.words: 224", at=("as_with",))
        return self


@dataclass(frozen=True, slots=True)
class EqualArea:
    """The constraint: `adjust` takes the largest value from 1 to `most` whose area `of` is within the budget.

    The budget is `budget_mm2`, or the area that the machine has with the values of `as_with`, by path in base units.
    """

    of: str
    adjust: str
    most: int
    as_with: tuple[tuple[str, Any], ...] = ()
    budget_mm2: float | None = None

    def area_of(self, machine: MachineDocument) -> float:
        """Return the area in mm2 that is kept equal."""
        return chip_for(machine).areas_mm2(machine)[self.of]

    def budget_of(self, machine: MachineDocument) -> float:
        """Return the area in mm2 that a machine may have."""
        if self.budget_mm2 is not None:
            return self.budget_mm2
        for path, value in self.as_with:
            machine = with_value(machine, path, value)
        return self.area_of(machine)

    def check(self, adjusted: MachineDocument, machine: MachineDocument) -> None:
        """Make sure that a machine with its new value is within its budget; raise ModelError."""
        area, budget = self.area_of(adjusted), self.budget_of(machine)
        if area > budget * (1 + _TOLERANCE):
            raise ModelError("areas are equal", f"{area:.6g} mm2 is more than {budget:.6g}")

    def value_for(self, machine: MachineDocument) -> int:
        """Return the value for a machine; raise InputError where even 1 is too large. More is never smaller."""
        budget = self.budget_of(machine)
        limit = budget * (1 + _TOLERANCE)

        def area(value: int) -> float:
            return self.area_of(with_value(machine, self.adjust, value))

        least, slope = area(1), area(2) - area(1)
        if least > limit:
            wrong = f"{self.adjust} = 1 makes {least:.4g} mm2 of {self.of} area"
            raise InputError.located("equal_area", wrong=wrong, allowed=f"at most {budget:.4g} mm2")
        guess = min(self.most, 1 + int((limit - least) / slope))  # the value itself where the area is linear
        if area(guess) <= limit and (guess == self.most or area(guess + 1) > limit):
            return guess
        return bisect_right(range(1, self.most + 1), limit, key=area)


def read_equal_area(
    entry: EqualAreaEntry, site_of: Callable[..., Site], axes: Dict[str, Axis], machines: Sequence[MachineDocument]
) -> EqualArea:
    """Check what the constraint names on every machine; `site_of` gives the site of steps into the specification.

    Raises InputError for a parameter that is unknown, that a machine's chip lacks, is no count, or has no part in the
    area. `most` is what all machines allow.
    """
    chips = list({machine.chip: chip_for(machine) for machine in machines}.values())
    _check_all_have(entry, site_of, chips)
    adjust = in_full(entry.adjust, chips)
    as_with = {in_full(path, chips): site_of("as_with", path) for path in entry.as_with or {}}
    read = [_read_on(machine, adjust, as_with, entry, site_of) for machine in machines]
    if adjust in axes and (entry.budget_mm2 is not None or adjust in dict(read[0].as_with)):
        wrong = f"the axis {quoted(adjust)} has no effect: its value follows from the area"
        raise site_of("adjust").error(wrong, "leave the axis out")
    return replace(read[0], most=min(one.most for one in read))


def with_value(model: AnyModel, path: str, value: object) -> AnyModel:
    """Return a model with a value, in base units, at a dotted path. Nothing is checked."""
    step, _, rest = path.partition(".")
    return model.model_copy(update={step: with_value(getattr(model, step), rest, value) if rest else value})


def _check_all_have(entry: EqualAreaEntry, site_of: Callable[..., Site], chips: Sequence[AnyChip]) -> None:
    """See that no chip lacks a parameter which another has; what none has is refused where it is read."""
    sites = {entry.adjust: site_of("adjust"), **{path: site_of("as_with", path) for path in entry.as_with or {}}}
    for written, site in sites.items():
        path = in_full(written, chips)
        lacking = [chip for chip in chips if not has_parameter(chip, path)]
        if 0 < len(lacking) < len(chips):
            raise site.error(f"{lacking[0].title} has no {quoted(path)}", "name what every machine has")


def _read_on(
    on: MachineDocument, adjust: str, as_with: Dict[str, Site], entry: EqualAreaEntry, site_of: Callable[..., Site]
) -> EqualArea:
    """Check what the constraint names on one machine; `as_with` has the sites of the values by path."""
    chip = chip_for(on)
    areas = chip.areas_mm2(on)
    if entry.of not in areas:
        known = listed(areas) or "no area"
        raise site_of("of").error(f"{chip.title} has no {entry.of} area", f"it has {known}")
    given = tuple(_read_value(path, entry, site, on) for path, site in as_with.items())
    site = site_of("adjust")
    try:
        most = _most(adjust, chip)
    except FieldFault as fault:
        raise site.error(fault.wrong, fault.allowed) from fault
    if not _counts(entry, on, adjust, 1):
        raise site.error(f"{quoted(adjust)} does not change the {entry.of} area", _EXAMPLE)
    return EqualArea(entry.of, adjust, most, given, entry.budget_mm2)


def _read_value(path: str, entry: EqualAreaEntry, site: Site, on: MachineDocument) -> tuple[str, Any]:
    axis = read_axis(path, site, [chip_for(on)])
    path = axis.path
    if len(axis.values) > 1:
        raise site.error(f"{len(axis.values)} values", "expected one")
    if not is_machine_path(path) or not _counts(entry, on, path, axis.values[0]):
        raise site.error(f"{quoted(path)} does not change the {entry.of} area", "leave it out")
    return path, axis.values[0]


def _counts(entry: EqualAreaEntry, machine: MachineDocument, path: str, value: object) -> bool:
    """Return whether a machine's area changes with a parameter."""
    if type(value) is not int:
        return False
    areas_mm2 = chip_for(machine).areas_mm2
    one, more = with_value(machine, path, value), with_value(machine, path, value + 1)
    return areas_mm2(one)[entry.of] != areas_mm2(more)[entry.of]


def _most(path: str, chip: AnyChip) -> int:
    """Return the largest value of a whole number without a unit; raise FieldFault for any other parameter."""
    field = field_of(path, [chip])
    is_count = field.annotation is int and not any(isinstance(one, BeforeValidator) for one in field.metadata)
    limits: list[Any] = [one.le for one in field.metadata if isinstance(one, Le)]
    if not is_machine_path(path) or not is_count or not limits:
        raise FieldFault(f"{quoted(path)} is no count of the machine's", _EXAMPLE)
    return int(limits[0])
