"""What the calls give back: results that show themselves in a notebook, turn into pandas, and save as files."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from sim.api import arguments
from sim.errors import InputError, listed
from sim.files.text import json_text
from sim.files.whole import check_writable, write_whole
from sim.ledger.estimate import Estimate, estimate_of
from sim.ledger.figures import DRAM, GLB, IN_THE_FILE, LIVE, POWER
from sim.ledger.results import LayerResult, NetworkResult
from sim.ledger.rows import row_of
from sim.ledger.saved import SavedResult
from sim.runs.request import Request
from sim.studies.comparison import Comparison
from sim.studies.machines import MachineComparison
from sim.studies.mapping import Mappings
from sim.studies.validation import Validation
from sim.views.comparison_table import show_comparison
from sim.views.estimate_table import print_estimate
from sim.views.machines_table import show_machines
from sim.views.mapping_table import show_mappings
from sim.views.run_table import show_run
from sim.views.saved_table import show_saved
from sim.views.validation_table import show_validation

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 200
_HTML = '<pre style="white-space:pre;overflow-x:auto;line-height:normal;font-family:monospace">{code}</pre>'


class Shown(ABC):
    """A result that prints as the command's table, and shows the same in a notebook."""

    __slots__ = ()

    @abstractmethod
    def show(self, console: Console) -> None:
        """Print the tables."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""

    @abstractmethod
    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each row of the frame."""

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a pandas DataFrame; needs pandas, raises InputError where it is missing."""
        try:
            import pandas as pd
        except ImportError as error:
            allowed = "install it with pip install 'sim[sweep]'"
            raise InputError.located("to_frame", wrong="the package pandas is missing", allowed=allowed) from error
        return pd.DataFrame(self.as_rows())

    def save(self, path: Path | str) -> None:
        """Write the result file, as the command's --json does, whole or not at all.

        Raises InputError where it can't be written.
        """
        check_writable(arguments.path("path", path))
        write_whole(Path(path), json_text(self.as_dict()))

    def __str__(self) -> str:
        out = io.StringIO()
        self.show(Console(file=out, width=_WIDTH, highlight=False, emoji=False, color_system=None))
        return out.getvalue().rstrip("\n")

    def _repr_html_(self) -> str:
        console = Console(file=io.StringIO(), width=_WIDTH, highlight=False, emoji=False, record=True)
        self.show(console)
        return console.export_html(inline_styles=True, code_format=_HTML)


@dataclass(frozen=True, slots=True, repr=False)
class RunResult(NetworkResult, Shown):
    """A run of a network: `layers` in order, `totals()`, provenance; `cost_status` is the cost table's.

    `complete` is false where the run was interrupted; what was finished is there.
    """

    cost_status: str = ""

    @property
    def ofmaps(self) -> Mapping[str, NDArray[np.int16]]:
        """The ofmaps (N, M, E, F) that were computed, rectified, by layer; empty unless `check` asked for them."""
        return {layer.name: layer.run.ofmap for layer in self.layers if layer.run.ofmap is not None}

    def layer(self, name: str) -> LayerResult:
        """Return one layer's result; raise KeyError where there is none of that name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def show(self, console: Console) -> None:
        """Print the table of layers and the summary."""
        show_run(self, console, status=self.cost_status)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each layer: figures in base units, energies in the cost table's."""
        return [_row(layer) for layer in self.layers]

    def __repr__(self) -> str:
        return _short(self, "run")


@dataclass(frozen=True, slots=True, repr=False)
class EstimateResult(RunResult):
    """An estimate of a network; `per_image` has its energies by kind of data."""

    @property
    def per_image(self) -> Estimate:
        """Energies per image, by layer and kind of data."""
        return estimate_of(self)

    def show(self, console: Console) -> None:
        """Print energies per image."""
        print_estimate(self, console, status=self.cost_status)

    def __repr__(self) -> str:
        return _short(self, "estimate")


def _row(layer: LayerResult) -> dict[str, Any]:
    figures = (*IN_THE_FILE, LIVE, GLB, DRAM)
    row = row_of(layer.name, layer.kind, layer.mapping, figures, layer.energy.unit, lambda one: one.value(layer))
    return {**row, POWER.column: layer.power_w}


def _short(result: NetworkResult, what: str) -> str:
    origin = result.provenance
    return _in_short(what, origin["workload"], origin["arch"], len(result.layers), result.batch)


def _in_short(what: str, workload: str, arch: str, layers: int, batch: int) -> str:
    return f"<{what} of {workload} on {arch}: {layers} layers, batch {batch}>"


@dataclass(frozen=True, slots=True, repr=False)
class FileResult(Shown):
    """A result file, read back; `saved` has its layers and totals as the file has them."""

    saved: SavedResult

    def show(self, console: Console) -> None:
        """Print the table of layers."""
        show_saved(self.saved, console)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each layer, as a run's result does."""
        return self.saved.as_rows()

    def as_dict(self) -> dict[str, Any]:
        """Return the file's content."""
        return dict(self.saved.content)

    def __repr__(self) -> str:
        origin = self.saved.provenance
        of, on = origin.get("workload", "a network"), origin.get("arch", "a machine")
        return f"<result file of {of} on {on}: {len(self.saved.layers)} layers>"


@dataclass(frozen=True, slots=True, repr=False)
class MappingResult(Shown):
    """The best mappings of each layer."""

    found: Mappings

    @property
    def best(self) -> dict[str, dict[str, Any]]:
        """The best mapping of each layer, by name."""
        return {one.layer.name: dict(one.findings.candidates[0].plan.as_dict()) for one in self.found.layers}

    def show(self, console: Console) -> None:
        """Print a table for each layer."""
        show_mappings(self.found, console)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each layer and place."""
        clock, unit = self.found.request.machine.core.clock, self.found.request.table.unit.lower()
        return [
            {
                "layer": one.layer.name,
                "place": place + 1,
                **candidate.plan.as_dict(),
                f"energy_system_{unit}": candidate.energy,
                "total_latency_s": candidate.cycles / clock,
                "dram_bits": candidate.dram_bits,
                "behind_pct": one.behind(place),
            }
            for one in self.found.layers
            for place, candidate in enumerate(one.findings.candidates)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the best mappings and how many there were."""
        return {
            "schema": 1,
            "layers": self.as_rows(),
            "legal": self.found.legal,
            "evaluated": self.found.evaluated,
        }

    def __repr__(self) -> str:
        request, layers = self.found.request, len(self.found.layers)
        return _in_short("mappings", request.workload.name, request.machine.name, layers, request.batch)


@dataclass(frozen=True, slots=True, repr=False)
class ModelsResult(Shown):
    """A chip's two models on the same mappings and tensors."""

    found: Comparison

    @property
    def unequal(self) -> list[tuple[str, str]]:
        """Counts that must be equal and are not, with their layers."""
        return [(layer, str(count)) for layer, count in self.found.unequal]

    def show(self, console: Console) -> None:
        """Print where the models differ, most energy first."""
        show_comparison(self.found, console)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each layer and quantity."""
        return [
            {"layer": layer.name, "quantity": name, **difference.as_dict()}
            for layer in self.found.layers
            for name, difference in layer.quantities.items()
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return both results and what is between them."""
        return self.found.as_dict()

    def __repr__(self) -> str:
        return _short(self.found.cycle, "both models")


@dataclass(frozen=True, slots=True, repr=False)
class MachinesResult(Shown):
    """One network on several machines, layer by layer; machines of one name are numbered."""

    found: MachineComparison

    @property
    def complete(self) -> bool:
        """Whether every machine ran all that it can; false where the comparison was interrupted."""
        return self.found.complete

    @property
    def refused(self) -> dict[str, dict[str, str]]:
        """What each machine can't run, and why, by layer."""
        return {machine.name: dict(machine.refused) for machine in self.found.machines}

    def show(self, console: Console) -> None:
        """Print the layers, the largest difference first."""
        show_machines(self.found, console)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each machine and layer."""
        return self.found.as_rows()

    def as_dict(self) -> dict[str, Any]:
        """Return each machine's result and the totals of the layers that all ran."""
        return self.found.as_dict()

    def __repr__(self) -> str:
        found = self.found
        names = listed(machine.name for machine in found.machines)
        return _in_short("comparison", found.workload, names, len(found.layers), found.batch)


@dataclass(frozen=True, slots=True, repr=False)
class ValidationResult(Shown):
    """A chip's model against the measured chip."""

    found: Validation
    request: Request

    @property
    def broken(self) -> list[str]:
        """The names of the bounds that are broken."""
        return [one.name for one in self.found.broken]

    def show(self, console: Console) -> None:
        """Print every cell with its bound, and what is broken."""
        show_validation(self.found, console, machine=self.request.machine.name, table=self.request.table)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a record for each published cell."""
        return self.found.as_rows()

    def as_dict(self) -> dict[str, Any]:
        """Return all cells, columns, totals and broken bounds."""
        return self.found.as_dict()

    def __repr__(self) -> str:
        broken = len(self.found.broken)
        return f"<validation of {self.request.machine.name}: {self.found.bounds} bounds, {broken} broken>"
