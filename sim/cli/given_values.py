"""`--inputs`: the layers of an ONNX network with the values that they have on given images, in place of drawn ones."""

from __future__ import annotations

from dataclasses import replace

from sim.errors import InputError
from sim.files.text import shown_path
from sim.runs.request import Inputs


def with_values(inputs: Inputs, workload: str, images: str | None, *, batch: int | None) -> Inputs:
    """Run the network `workload`, a file, on images, which make up the batch unless it is given; None leaves all as is.

    Layers get the zero fractions of their tensors. Raises InputError for a network that can't be run on them.
    """
    if images is None:
        return inputs
    imported = inputs.network.imported
    if imported is None:
        allowed = "leave it out: only an ONNX file can be run on images"
        raise InputError.located("--inputs", wrong=f"{shown_path(workload)} is no ONNX file", allowed=allowed)
    from sim.formats.onnx.activations import read_activations

    values = read_activations(workload, imported, images, inputs.layers, batch=batch)
    layers = tuple(values.with_zeros(layer) for layer in inputs.layers)
    return replace(inputs, layers=layers, batch=values.images, values=values)
