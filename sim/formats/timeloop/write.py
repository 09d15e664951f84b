"""Networks written as problem files of Timeloop 0.4: one a layer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sim.networks.coverage import stored_columns
from sim.networks.file_names import file_names
from sim.networks.layer import Layer
from sim.networks.workload import Workload


def problem_files(workload: Workload, batch: int) -> dict[str, str]:
    """Write every layer; give the texts by file name, whose numbers keep the layers in order."""
    names = file_names([layer.name for layer in workload.layers], ".yaml")
    return {name: write_problem(layer, batch) for name, layer in zip(names, workload.layers, strict=True)}


def write_problem(layer: Layer, batch: int) -> str:
    """Write a layer as a problem: Timeloop's R, P, Wstride along the width, S, Q, Hstride along the height.

    Groups are a dimension G. The ifmap has its padding in it, and its density counts the padding as zeros. Bitwidths,
    kinds, ReLUs and mappings are left out.
    """
    shape = layer.shape
    group = ("G",) if shape.G > 1 else ()
    sizes = {"C": shape.C, "M": shape.M, "R": shape.S, "S": shape.R, "N": batch, "P": shape.F, "Q": shape.E}
    sizes |= {"G": shape.G} if group else {}
    strides = {"Wstride": shape.Ux, "Hstride": shape.Uy, "Wdilation": 1, "Hdilation": 1}
    lines = [
        "problem:",
        "  version: 0.4",
        "  shape:",
        f"    name: {json.dumps(layer.name)}",
        f"    dimensions: [{', '.join(sizes)}]",
        "    coefficients:",
        *(f"    - {{name: {name}, default: 1}}" for name in strides),
        "    data_spaces:",
        *_space("Weights", (*group, "C", "M", "R", "S")),
        *_space("Inputs", ("N", *group, "C", "R, Wdilation], [P, Wstride", "S, Hdilation], [Q, Hstride")),
        *_space("Outputs", ("N", *group, "M", "Q", "P")),
        "      read_write: true",
        "  instance:",
        *(f"    {name}: {size}" for name, size in (sizes | strides).items()),
        *_densities(layer),
    ]
    return "\n".join(lines) + "\n"


def _space(name: str, axes: Sequence[str]) -> list[str]:
    return [f"    - name: {name}", "      projection:", *(f"      - [ [{axis}] ]" for axis in axes)]


def _densities(layer: Layer) -> list[str]:
    """Write the densities of tensors that have zeros."""
    shape = layer.shape
    rows = max(0, min(layer.stored_height, shape.H - layer.padding.top))
    inside = rows * stored_columns(layer) / (shape.H * shape.W)
    densities = {
        "Inputs": inside * (1 - layer.ifmap_zeros),
        "Weights": 1 - layer.filter_zeros,
        "Outputs": 1 - layer.ofmap_zeros,
    }
    lines = [
        f"      {name}: {{distribution: hypergeometric, density: {density!r}}}"
        for name, density in densities.items()
        if density < 1
    ]
    return ["    densities:", *lines] if lines else []
