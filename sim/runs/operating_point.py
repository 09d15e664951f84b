"""Voltage and clocks that a caller puts in place of the machine's."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, ValidationError, create_model

from sim.chips.parts.description import ClockRate, MachineDocument, Supply
from sim.errors import FieldFault, InputError
from sim.files.schema import Document, validate_data


class _PointOptions(Document):
    """An operating point as options give it; None leaves the machine's own."""

    voltage: Supply | None = Field(default=None, alias="--voltage")
    clock: ClockRate | None = Field(default=None, alias="--clock")
    link_clock: ClockRate | None = Field(default=None, alias="--link-clock")


class _Clock(Document):
    """A clock as an option gives it."""

    clock: ClockRate


def read_clock(text: str, place: str) -> int:
    """Read a clock's rate in hertz; raise InputError, at `place`, for what is none."""
    try:
        return int(_Clock.model_validate({"clock": text}).clock)
    except ValidationError:
        aliased = create_model("_Clock", __base__=Document, clock=(ClockRate, Field(alias=place)))
        return int(validate_data({place: text}, aliased, "").clock)  # type: ignore[attr-defined]


def at_operating_point(machine: MachineDocument, given: Mapping[str, str]) -> MachineDocument:
    """Return the machine with the voltage and the clocks that are given, as texts with their units.

    Raises InputError for what is no voltage or clock, and for what is out of the machine's range.
    """
    texts = {f"--{name.replace('_', '-')}": text for name, text in given.items()}
    point = validate_data(texts, _PointOptions, "").model_dump(exclude_unset=True)
    core = machine.core.model_copy(update={name: point[name] for name in ("voltage", "clock") if name in point})
    link = machine.link.model_copy(update={"clock": point["link_clock"]} if "link_clock" in point else {})
    for domain, prefix in ((core, "--"), (link, "--link-")):
        try:
            domain.check_range()
        except FieldFault as fault:
            wrong = f"{fault.wrong} of {machine.name}"
            raise InputError.located(f"{prefix}{fault.at[0]}", wrong=wrong, allowed=fault.allowed) from fault
    return machine.model_copy(update={"core": core, "link": link})
