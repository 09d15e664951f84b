"""`sim run` on the small workload of support.workloads: its result, and what is due."""

from __future__ import annotations

from typing import Any

from support.commands import call, read_json

CONV1_MACS = 8 * 3 * 3 * 3 * 12 * 12
DW_MACS = 8 * 3 * 3 * 6 * 6
FC_MACS = 10 * 8 * 6 * 6


def result(*arguments: str, workload: str = "tiny.yaml") -> dict[str, Any]:
    """Run a workload quietly and give its result file."""
    assert call("run", workload, "--quiet", "--json", "result.json", *arguments) == 0
    return read_json("result.json")


def names(found: dict[str, Any]) -> list[str]:
    """Name the layers of a result."""
    return [layer["name"] for layer in found["layers"]]
