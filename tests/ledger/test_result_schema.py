"""The result file's schema: what runs and estimates write fits it, what lacks a key does not; it has every sentence."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from support.workloads import TINY

from sim.ledger.figures import ENERGIES, IN_THE_FILE, IN_THE_TOTAL
from sim.ledger.result_schema import result_schema
from sim.runs.request import Choices, read_request
from sim.runs.run import RunOptions, estimate_network, run_network

SCHEMA = result_schema()
CHOICES = Choices(network=yaml.safe_load(TINY))


def as_read(document: dict[str, Any]) -> dict[str, Any]:
    """Return a file as it comes back from JSON."""
    found: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    return found


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """Return the result file of a checked run on the cycle model."""
    return as_read(run_network(read_request(CHOICES), RunOptions(check=True)).as_dict())


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_runs_file_fits(written: dict[str, Any]) -> None:
    jsonschema.validate(written, SCHEMA)
    assert all("checked" in layer for layer in written["layers"])


@pytest.mark.parametrize("table", ["eyeriss-65nm", "normalized-65nm"])
def test_an_estimates_file_fits(table: str) -> None:
    request = read_request(Choices(network=yaml.safe_load(TINY), cost_table=table, methodology=True))
    jsonschema.validate(as_read(estimate_network(request, {}).as_dict()), SCHEMA)


def test_a_run_without_layers_fits(written: dict[str, Any]) -> None:
    jsonschema.validate(written | {"complete": False, "layers": [], "total": None}, SCHEMA)


def test_every_required_key_is_missed(written: dict[str, Any]) -> None:
    """Take each key of a layer, of its energy and of the total away in turn."""
    layer = SCHEMA["properties"]["layers"]["items"]
    total = next(one for one in SCHEMA["properties"]["total"]["anyOf"] if one["type"] == "object")
    parts = ((("layers", 0), layer), (("total",), total), (("layers", 0, "energy"), layer["properties"]["energy"]))
    for path, schema in parts:
        for key in schema["required"]:
            spoiled = as_read(written)
            part: Any = spoiled
            for step in path:
                part = part[step]
            del part[key]
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(spoiled, SCHEMA)


@pytest.mark.parametrize(("key", "value"), [("macs", 1.5), ("name", 3), ("type", "pool"), ("total_latency_s", "1")])
def test_other_types_do_not_fit(key: str, value: object, written: dict[str, Any]) -> None:
    spoiled = as_read(written)
    spoiled["layers"][0][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoiled, SCHEMA)


def test_figures_have_their_sentences() -> None:
    layer = SCHEMA["properties"]["layers"]["items"]["properties"]
    total = next(one for one in SCHEMA["properties"]["total"]["anyOf"] if one["type"] == "object")["properties"]
    for figures, part in ((IN_THE_FILE, layer), (IN_THE_TOTAL, total)):
        assert {figure.column: part[figure.column]["description"] for figure in figures} == {
            figure.column: figure.sentence for figure in figures
        }
    for energy in (layer["energy"], total["energy"]):
        found = {figure.key: energy["properties"][figure.key]["description"] for figure in ENERGIES}
        assert found == {figure.key: figure.sentence for figure in ENERGIES}
