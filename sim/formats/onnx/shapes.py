"""Shapes of all values of an ONNX model: free dimensions from `--shape`, the others by the onnx package's inference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, did_you_mean, quoted
from sim.files.opened import note_opened
from sim.files.text import shown_path
from sim.formats.onnx.file import attempt
from sim.formats.onnx.graph import Dims

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto, ValueInfoProto

InputShapes = Mapping[str, Dims]
_EXAMPLE = "write e.g. --shape data=1x3x224x224"
_DIMENSIONS = re.compile(r"[1-9][0-9]{0,6}(?:x[1-9][0-9]{0,6})*", re.IGNORECASE)
_INITIALIZERS_ALONE = 4  # the first version in which they need not be inputs as well
_MOST_KEPT_VALUES = 1 << 12  # shapes and the like, whose values decide on other shapes


def read_shapes(texts: Sequence[str]) -> dict[str, Dims]:
    """Read `name=1x3x224x224` as often as it is given. Raises InputError."""
    shapes: dict[str, Dims] = {}
    for text in texts:
        name, equals, dimensions = text.rpartition("=")
        if not equals or not name or not _DIMENSIONS.fullmatch(dimensions):
            raise InputError.located("--shape", wrong=f"{quoted(text)} is no input and shape", allowed=_EXAMPLE)
        if name in shapes:
            raise InputError.located("--shape", [name], wrong="given twice", allowed="give it once")
        shapes[name] = tuple(int(size) for size in re.split("[xX]", dimensions))
    return shapes


def infer_shapes(
    model: ModelProto, tensors: Mapping[str, TensorProto], given: InputShapes, path: Path | str
) -> dict[str, Dims]:
    """Return the shapes of all values of a model that are known in full; `tensors` are those that the file holds.

    A free first dimension of an input is the batch: 1 unless `given` says otherwise. Raises InputError for other free
    dimensions that are not given, and for shapes that contradict each other.
    """
    from onnx import checker, shape_inference

    place = shown_path(path)
    light = _without_values(model, tensors, path)
    _bind(light, tensors, given, place)
    wrong, remedy = "its shapes or nodes do not fit together", "check --shape, or export the model again"
    inferred = attempt(
        lambda: shape_inference.infer_shapes(light, check_type=True, strict_mode=True, data_prop=True),
        place,
        wrong,
        remedy,
    )
    attempt(lambda: checker.check_model(inferred), place, wrong, remedy)
    shapes = {name: tuple(tensor.dims) for name, tensor in tensors.items()}
    for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output):
        dims = _known(value)
        if dims is not None:
            shapes[value.name] = dims
    return shapes


def _known(value: ValueInfoProto) -> Dims | None:
    """Return a declared shape; None where a dimension, or all of it, is open."""
    if not value.type.HasField("tensor_type") or not value.type.tensor_type.HasField("shape"):
        return None
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value for dim in dims) if all(dim.HasField("dim_value") for dim in dims) else None


def _without_values(model: ModelProto, tensors: Mapping[str, TensorProto], path: Path | str) -> ModelProto:
    """Copy a model with its large tensors declared as inputs; the checker and the inference ask for no more."""
    from onnx import ModelProto, external_data_helper, helper

    light = ModelProto(ir_version=max(model.ir_version, _INITIALIZERS_ALONE))
    light.opset_import.extend(model.opset_import)
    light.graph.name = model.graph.name or "graph"
    light.graph.node.extend(n for n in model.graph.node if not (n.op_type == "Constant" and n.output[0] in tensors))
    light.graph.input.extend(value for value in model.graph.input if value.name not in tensors)
    light.graph.output.extend(model.graph.output)
    made = {name for node in light.graph.node for name in node.output}
    light.graph.value_info.extend(value for value in model.graph.value_info if value.name in made)
    for name, tensor in tensors.items():
        if holds_values(tensor) and _count(tensor) <= _MOST_KEPT_VALUES:
            kept = light.graph.initializer.add()
            kept.CopyFrom(tensor)
            kept.name = name
            if external_data_helper.uses_external_data(kept):
                load_external(kept, path)
        else:
            declared = helper.make_tensor_value_info(name, tensor.data_type, tensor.dims)
            light.graph.input.append(declared)
    return light


def _count(tensor: TensorProto) -> int:
    count = 1
    for size in tensor.dims:
        count *= size
    return count


def holds_values(tensor: TensorProto) -> bool:
    """Return whether a tensor's values are in the file or beside it; published architectures have none."""
    from onnx import TensorProto

    fields = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")
    inside = bool(tensor.raw_data) or any(len(getattr(tensor, field)) for field in fields)
    return inside or tensor.data_location == TensorProto.EXTERNAL or _count(tensor) == 0


def load_external(tensor: TensorProto, path: Path | str) -> None:
    """Fill in a tensor's values from the file beside the model that holds them. Raises InputError."""
    from onnx import external_data_helper

    file = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    note_opened(Path(path).parent / file)
    attempt(
        lambda: external_data_helper.load_external_data_for_tensor(tensor, str(Path(path).parent)),
        shown_path(path),
        f"the external data of {quoted(tensor.name)} can't be read",
        f"put the file {quoted(file)} beside the model",
    )


def _bind(model: ModelProto, tensors: Mapping[str, TensorProto], given: InputShapes, place: str) -> None:
    """Write the sizes of free dimensions into a model's inputs, and wherever else it uses their names."""
    inputs = {value.name: value for value in model.graph.input if value.name not in tensors}
    for name in given:
        if name not in inputs:
            wrong = f"{place} has no input {quoted(name)}"
            raise InputError.located("--shape", wrong=wrong, allowed=did_you_mean(name, list(inputs)))
    sizes: dict[str, int] = {}
    for name in sorted(inputs, key=lambda name: name not in given):
        _bind_input(inputs[name], given.get(name), sizes, place)
    for value in (*model.graph.value_info, *model.graph.output):
        if value.type.HasField("tensor_type"):
            for dim in value.type.tensor_type.shape.dim:
                if dim.dim_param in sizes:
                    dim.dim_value = sizes[dim.dim_param]


def _bind_input(value: ValueInfoProto, given: Dims | None, sizes: dict[str, int], place: str) -> None:
    """Fix one input's shape; `sizes` holds the named dimensions that are known, and takes up those found here."""
    where = f"{place}: input {quoted(value.name)}"
    if not value.type.HasField("tensor_type"):
        raise InputError.located(where, wrong="it is no tensor", allowed="expected one")
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        if given is None:
            raise InputError.located(where, wrong="it has no shape", allowed=_EXAMPLE)
        for size in given:
            tensor.shape.dim.add().dim_value = size
        return
    stated = [dim.dim_value if dim.dim_value > 0 else dim.dim_param or "?" for dim in tensor.shape.dim]
    known = [sizes.get(size, size) if isinstance(size, str) else size for size in stated]
    if given is not None and not _fits(given, known):
        wrong = f"got {_text(given)}"
        raise InputError.located("--shape", [value.name], wrong=wrong, allowed=f"the model has {_text(known)}")
    found: list[int | str] = list(given or known)
    if found and isinstance(found[0], str):
        found[0] = 1
    for dim, extent, name in zip(tensor.shape.dim, found, stated, strict=True):
        if isinstance(extent, str):
            wanted = f"--shape {value.name}={_text(found)} with a number for each letter or ?"
            raise InputError.located(where, wrong=f"its shape is {_text(stated)}", allowed=f"give {wanted}")
        dim.dim_value = extent
        if isinstance(name, str) and name != "?":
            sizes[name] = extent


def _fits(given: Dims, known: Sequence[int | str]) -> bool:
    return len(given) == len(known) and all(isinstance(k, str) or k == g for g, k in zip(given, known, strict=True))


def _text(dims: Sequence[int | str]) -> str:
    return "x".join(map(str, dims)) or "a scalar"
