"""One point of a sweep, evaluated: rows of figures, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

from sim.chips.contract import AnyChip
from sim.chips.goals import Goal
from sim.chips.parts.description import MachineDocument
from sim.errors import InputError
from sim.runs.parameters import is_machine_path
from sim.studies.sweeps.evaluation.rows import DONE, IMPOSSIBLE, TOTAL, Figures, columns_of, head_of, total_row
from sim.studies.sweeps.evaluation.settings import Hints, Setting
from sim.studies.sweeps.lru_cache import LruCache
from sim.studies.sweeps.spec.points import Point, Study

_MOST_SETTINGS = 4  # of a MB or more each; points come in an order that needs one at a time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a point: `status` is DONE or IMPOSSIBLE.

    `head` is what is said of the point, `rows` what is said of its layers and, last, of the whole network; see `rows`
    for their columns. `total` is the point's and the whole network's by column.
    """

    number: int
    status: str
    head: Figures
    rows: tuple[Figures, ...]
    total: Dict[str, Any]


@dataclass(slots=True)
class Evaluator:
    """An evaluator of points, one after another; what one point finds serves the next, and changes no result."""

    study: Study
    _settings: LruCache[Setting] = field(default_factory=lambda: LruCache(_MOST_SETTINGS))
    _hints: Hints = field(default_factory=dict)
    _ignored: dict[str, Any] = field(default_factory=dict)

    def evaluate(self, number: int) -> Outcome:
        """Evaluate a point; one without a machine or a mapping is IMPOSSIBLE, with its reason."""
        study, point = self.study, self.study.point(number)
        try:
            machine = study.machine_of(point)
            rows = self._rows_of(point, machine)
        except InputError as error:
            head = head_of(study, point, status=IMPOSSIBLE, reason=str(error))
            return self._outcome(point, IMPOSSIBLE, head, [])
        head = head_of(study, point, status=DONE, area_mm2=study.chip_of(point).areas_mm2(machine).get("core"))
        return self._outcome(point, DONE, head, rows)

    def _outcome(self, point: Point, status: str, head: Figures, rows: list[Figures]) -> Outcome:
        names = [layer.name for layer in self.study.layers_of(point)]
        last = (TOTAL, *total_row(rows, self.study)) if rows else (TOTAL,)
        total = dict(zip(columns_of(self.study), (*head, *last), strict=False))
        named = tuple((name, *row) for name, row in zip(names, rows, strict=False))
        return Outcome(point.number, status, head, (*named, last), total)

    def _rows_of(self, point: Point, machine: MachineDocument) -> list[Figures]:
        setting = self._settings.get(self._key(point, machine), lambda: self._setting(point, machine))
        return setting.rows(machine, self._hints)

    def _key(self, point: Point, machine: MachineDocument) -> object:
        """Return all that tells settings apart: the machine but for what is ignored, and the point's other choices."""
        study = self.study
        others = tuple((path, str(value)) for path, value in point.written.items() if not is_machine_path(path))
        return (
            machine.model_dump_json(exclude=self._ignored_on(study.chip_of(point))),
            study.machine_name(point),
            others,
        )

    def _ignored_on(self, chip: AnyChip) -> Any:
        """Return the fields of a chip's machines that change no figure of a mapped layer."""
        if chip.kind not in self._ignored:
            self._ignored[chip.kind] = _nested(self.study.ignored(chip))
        return self._ignored[chip.kind]

    def _setting(self, point: Point, machine: MachineDocument) -> Setting:
        study = self.study
        table = study.table_of(point).scaled_to(machine.core.voltage)
        chip = study.chip_of(point)
        chip.check_costs(table, study.table_name(point))
        goal = study.goal_of(point, Goal(code=chip.code_of(machine)))
        return Setting(study, chip, table, study.batch_of(point), goal, study.layers_of(point))


def _nested(paths: Iterable[str]) -> dict[str, Any]:
    """Sort dotted paths into nested dicts, which is how pydantic takes fields to leave out."""
    found: dict[str, Any] = {}
    for path in paths:
        *steps, last = path.split(".")
        inside = found
        for step in steps:
            inside = inside.setdefault(step, {})
        inside[last] = True
    return found
