"""Models saved and run with the values of images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from sim.cli.main import main
from sim.formats.onnx.activations import Activations, read_activations
from sim.formats.onnx.network import read_onnx
from sim.networks.layer import BitWidths, Layer

NOTE = (
    "tensors: the network's own values for {} of {}, by onnxruntime {}, in fixed point (ifmap {} b, filter {} b, psum "
    "16 b); every tensor's power of two and each layer's window chosen from its range; zeros as they are"
)


def activations(
    model: onnx.ModelProto, *, bits: BitWidths | None = None, batch: int | None = None, **images: NDArray[np.generic]
) -> tuple[Activations, dict[str, Layer]]:
    """Save a model and its inputs, run it, and give its layers by name."""
    onnx.save(model, "n.onnx")
    np.savez("n.npz", **images)
    network = read_onnx("n.onnx", {})
    layers = [one.__class__(**{**fields(one), "bits": bits or one.bits}) for one in network.workload.layers]
    return read_activations("n.onnx", network, "n.npz", layers, batch=batch), {one.name: one for one in layers}


def fields(layer: Layer) -> dict[str, object]:
    """Hand a layer's fields, none of them copied."""
    return {name: getattr(layer, name) for name in layer.__dataclass_fields__}


def run_json(*arguments: str) -> dict[str, object]:
    """Run a command; give its result file."""
    assert main(["run", *arguments, "--quiet", "--json", "out.json"]) == 0
    found: dict[str, object] = json.loads(Path("out.json").read_text(encoding="utf-8"))
    return found
