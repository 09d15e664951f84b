"""A result file read back: its layers and totals, by whichever version it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sim.errors import InputError, quoted
from sim.files.text import read_text, shown_path
from sim.ledger.figures import ENERGIES, IN_THE_FILE, Figure
from sim.ledger.results import SCHEMA
from sim.ledger.rows import row_of

_WANTED = "expected a result file, as `run --json` and `estimate --json` write it"
_MOST_MIB = 512  # some 60,000 layers
_IN_ALL = ("provenance", "layers", "total")
_HEADS = ("layer", "type", "mapping")


@dataclass(frozen=True, slots=True)
class SavedResult:
    """A result file's content: `layers` and `total` as the file has them, keys of later versions included."""

    provenance: Mapping[str, Any]
    layers: tuple[Mapping[str, Any], ...]
    total: Mapping[str, Any] | None
    complete: bool
    content: Mapping[str, Any]

    @property
    def unit(self) -> str:
        """The unit of the energies; empty where no layer is there."""
        return str(self.layers[0]["energy"]["unit"]) if self.layers else ""

    def value(self, layer: int, figure: Figure) -> Any:
        """Return a layer's value of a figure that the file has; raise KeyError for one that it hasn't."""
        found = self.layers[layer]
        return found["energy"][figure.key] if figure in ENERGIES else found[figure.column]

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each layer: figures in base units, energies in the cost table's."""
        return [
            row_of(
                layer["name"],
                layer["type"],
                layer["mapping"],
                IN_THE_FILE,
                self.unit,
                partial(self.value, number),
            )
            for number, layer in enumerate(self.layers)
        ]


def read_result(path: Path | str) -> SavedResult:
    """Read a result file; raise InputError for what is none, or of a schema that isn't known."""
    place = shown_path(path)
    try:
        data = json.loads(read_text(path, wanted=_WANTED, most_mib=_MOST_MIB))
    except (json.JSONDecodeError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        at = f"{place}:{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else place
        raise InputError.located(at, wrong=f"not valid JSON: {reason}", allowed=_WANTED) from error
    if not isinstance(data, Mapping) or any(key not in data for key in _IN_ALL):
        raise InputError.located(place, wrong="this is no result file", allowed=_WANTED)
    if data.get("schema") != SCHEMA:
        wrong = f"a result file of schema {data.get('schema')}"
        raise InputError.located(place, ["schema"], wrong=wrong, allowed=f"this version reads schema {SCHEMA}")
    for key, kind in (("provenance", Mapping), ("layers", list)):
        if not isinstance(data[key], kind):
            raise InputError.located(place, [key], wrong="not what a result file has there", allowed=_WANTED)
    complete = bool(data.get("complete", True))
    found = SavedResult(data["provenance"], tuple(data["layers"]), data["total"], complete, data)
    try:
        rows = found.as_rows()
    except (KeyError, TypeError, AttributeError) as error:
        wrong = f"a layer of it has no {error.args[0] if isinstance(error, KeyError) else 'such entries'}"
        raise InputError.located(place, ["layers"], wrong=wrong, allowed=_WANTED) from error
    for number, row in enumerate(rows):
        _check_row(row, f"{place}: layers.{number}")
    return found


def _check_row(row: Mapping[str, Any], place: str) -> None:
    """Refuse figures that are no numbers; those that a chip leaves out are None."""
    for name, value in row.items():
        if name not in _HEADS and not (value is None or isinstance(value, int | float)):
            raise InputError.located(place, [name], wrong=f"got {quoted(str(value))}", allowed="expected a number")
