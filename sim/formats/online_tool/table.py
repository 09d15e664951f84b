"""The online tool's output: a table of energies, a row a layer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sim.errors import printable
from sim.ledger.estimate import Estimate, LayerEstimate

_TOOL_HEADS = ("layer", "computation", "ifmap", "ofmap", "weight")


def tool_table(estimate: Estimate) -> str:
    """Write the online tool's output: a header, then a row a layer, in columns between blanks.

    Energies are in the estimate's unit, per image. Blanks in a layer's name become underscores.
    """
    rows = [_TOOL_HEADS, *(_tool_row(layer) for layer in estimate.layers)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "".join(_aligned(row, widths) + "\n" for row in rows)


def _tool_row(layer: LayerEstimate) -> tuple[str, ...]:
    energies = (layer.computation, layer.ifmap, layer.ofmap, layer.weight)
    return (re.sub(r"\s", "_", printable(layer.name)), *(f"{energy:.1f}" for energy in energies))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = row
    return " ".join(
        [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
    )
