"""Networks written as topology files of SCALE-Sim."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sim.formats.plain_layer import different
from sim.networks.layer import Layer
from sim.networks.workload import Workload

_HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
_UNSAFE = re.compile(r"[,#\s\x00-\x1f]+")


def write_topology(workload: Workload) -> str:
    """Write a network's shapes, for one image, a layer a row and a comma at the end of each.

    IFMAP sizes are padded and trimmed to what windows cover. The format has no groups: a depthwise layer becomes a row
    with DP in its name, which SCALE-Sim runs channel by channel; any other group becomes a row of its own (CONV2_g1).
    Where all strides are square there is one column of them, which versions 1 to 3 read, otherwise two, which version 2
    reads. Zeros, bitwidths, kinds and mappings have no column; names lose commas and blanks, and DP becomes dp.
    """
    square = all(layer.shape.Uy == layer.shape.Ux for layer in workload.layers)
    lines = [_HEADER + ("Strides," if square else "Stride height, Stride width,")]
    names: set[str] = set()
    for layer in workload.layers:
        for name, channels in _rows(layer):
            shape = layer.shape
            strides = (shape.Uy,) if square else (shape.Uy, shape.Ux)
            name = different(name, names)
            names.add(name)
            sizes = (shape.H, shape.W, shape.R, shape.S, channels, shape.M, *strides)
            lines.append(", ".join([name, *map(str, sizes)]) + ",")
    return "\n".join(lines) + "\n"


def _rows(layer: Layer) -> Iterator[tuple[str, int]]:
    """Return the rows of a layer: name and channels."""
    shape = layer.shape
    name = _UNSAFE.sub("_", layer.name.strip()).replace("DP", "dp")
    if shape.G == 1:
        yield name, shape.C
    elif shape.C == 1:
        yield f"{name}_DP", shape.G
    else:
        for group in range(1, shape.G + 1):
            yield f"{name}_g{group}", shape.C
