"""Zeros among the weights that an ONNX file holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import quoted
from sim.files.text import shown_path
from sim.formats.onnx.file import attempt
from sim.formats.onnx.graph import RESHAPING
from sim.formats.onnx.reader import OnnxModel
from sim.formats.onnx.shapes import holds_values, load_external

if TYPE_CHECKING:
    from onnx import TensorProto

_KEEPING = RESHAPING | {"Transpose"}


def zero_fraction(model: OnnxModel, value: str, path: Path | str) -> float | None:
    """Return the fraction of zeros in a constant; None where the file doesn't hold its values.

    It is looked for through operators that only rearrange. Raises InputError for values that can't be read.
    """
    while value not in model.tensors:
        maker = model.graph.makers.get(value)
        if maker is None or maker.op not in _KEEPING or not maker.inputs:
            return None
        value = maker.inputs[0]
    tensor = model.tensors[value]
    if not holds_values(tensor):
        return None
    wrong = f"the values of {quoted(value)} do not fill its shape"
    return attempt(lambda: _count_zeros(tensor, path), shown_path(path), wrong)


def _count_zeros(tensor: TensorProto, path: Path | str) -> float:
    import numpy as np
    from onnx import TensorProto, external_data_helper, numpy_helper

    if external_data_helper.uses_external_data(tensor):
        loaded = TensorProto()
        loaded.CopyFrom(tensor)
        load_external(loaded, path)
        tensor = loaded
    values = numpy_helper.to_array(tensor)
    return (values.size - int(np.count_nonzero(values))) / values.size if values.size else 0.0
