"""`sim schema`: what is shipped, and what commands write, is valid by the schemas; what is wrong is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from support.commands import Outcome
from support.paths import ROOT

from sim.files.catalogue import COST_TABLES, MACHINES, WORKLOADS, find_cost_table, find_machine, find_workload, names

pytestmark = pytest.mark.usefixtures("tiny")
FILES: list[tuple[str, Path]] = [
    *(("machine", find_machine(name)) for name in names(MACHINES)),
    *(("workload", find_workload(name)) for name in names(WORKLOADS)),
    *(("costs", find_cost_table(name)) for name in names(COST_TABLES)),
    *(("sweep", path) for path in sorted((ROOT / "benchmarks").glob("*.yaml"))),
]


def schema_of(sim: Callable[..., Outcome], kind: str) -> dict[str, Any]:
    """Print a schema, which is one itself."""
    told = sim("schema", kind)
    assert (told.status, told.err) == (0, "")
    found: dict[str, Any] = json.loads(told.out)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    return found


@pytest.mark.parametrize(("kind", "path"), FILES, ids=lambda one: one.stem if isinstance(one, Path) else one)
def test_a_shipped_file_is_valid(kind: str, path: Path, sim: Callable[..., Outcome]) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema_of(sim, kind))


@pytest.mark.parametrize("kind", ["machine", "workload", "costs", "sweep"])
def test_an_unknown_key_and_a_missing_one_are_not(kind: str, sim: Callable[..., Outcome]) -> None:
    path = next(path for one, path in FILES if one == kind)
    data, schema = yaml.safe_load(path.read_text(encoding="utf-8")), schema_of(sim, kind)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "widht": 1}, schema)
    del data["schema"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)


@pytest.mark.parametrize(
    "command",
    [["run"], ["run", "--model", "analytic"], ["run", "--check"], ["estimate"], ["estimate", "--skip", "none"]],
)
def test_a_result_file_is_valid(command: list[str], sim: Callable[..., Outcome]) -> None:
    first, *more = command
    assert sim(first, "tiny.yaml", "--quiet", "--json", "out.json", *more).status == 0
    result = json.loads(Path("out.json").read_text(encoding="utf-8"))
    schema = schema_of(sim, "result")
    jsonschema.validate(result, schema)
    del result["layers"][1]["bits"]["glb"]["psum"]["read"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, schema)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["machine", "--chip", "eyeris"], "--chip: no chip 'eyeris'; did you mean 'eyeriss'?"),
        (["machines"], "sim schema: argument machine|workload|costs|sweep|result: no choice 'machines'; "
         "did you mean 'machine'?; see sim schema --help"),
    ],
)  # fmt: skip
def test_what_has_no_schema(words: list[str], line: str, sim: Callable[..., Outcome]) -> None:
    assert sim("schema", *words) == Outcome(2, "", f"{line}\n")
