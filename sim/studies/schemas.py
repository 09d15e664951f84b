"""JSON Schemas of the files that people write and read, made from the models that check them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from sim.chips.registry import chip_of, kinds
from sim.errors import InputError, did_you_mean, quoted
from sim.ledger.energy import CostTable
from sim.ledger.result_schema import result_schema
from sim.networks.workload import WorkloadFile
from sim.studies.sweeps.spec.spec import SpecFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(file: str, kind: str = "eyeriss") -> dict[str, Any]:
    """Return the schema of a machine file of a chip, or of a workload, costs, sweep or result file.

    Raises InputError for an unknown chip.
    """
    if file == "result":
        return result_schema()
    models: dict[str, type[BaseModel]] = {"workload": WorkloadFile, "costs": CostTable, "sweep": SpecFile}
    if file == "machine":
        chip = chip_of(kind)
        if chip is None:
            raise InputError.located("--chip", wrong=f"no chip {quoted(kind)}", allowed=did_you_mean(kind, kinds()))
        models["machine"] = chip.machine_type
    return {"$schema": _DIALECT, **models[file].model_json_schema(by_alias=True)}
