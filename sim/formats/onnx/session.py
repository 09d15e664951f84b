"""Running an ONNX graph with onnxruntime, an extra: any value of the graph can be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, quoted
from sim.files.text import shown_path
from sim.formats.onnx.file import attempt, read_model
from sim.formats.onnx.graph import Graph
from sim.formats.onnx.images import Wanted
from sim.formats.onnx.shapes import holds_values, load_external

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

Array = NDArray[Any]
_CANT_RUN = "onnxruntime can't run it"
_FATAL = 4  # the only messages that it may print


class Session:
    """A graph run on one thread of the CPU, as written and every time the same."""

    def __init__(self, path: Path | str, graph: Graph, values: Iterable[str]) -> None:
        """Load a model so that `values` can be looked at; raise InputError where it can't be run."""
        self._place = shown_path(path)
        runtime = _demand_runtime()
        model = _with_weights(read_model(path), path)
        self.inputs = _inputs(model, graph)
        self.version = f"onnxruntime {runtime.__version__}"
        seen = {value.name for value in model.graph.output}
        for value in dict.fromkeys(values):
            if value not in seen:
                model.graph.output.add().name = value
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.use_deterministic_compute = True
        options.log_severity_level = _FATAL
        self._session = attempt(
            lambda: runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]),
            self._place,
            _CANT_RUN,
        )

    def run(self, values: Sequence[str], given: Mapping[str, Array]) -> dict[str, Array]:
        """Return values of the graph by name. Raises InputError."""
        wanted = list(dict.fromkeys(values))
        found = attempt(lambda: self._session.run(wanted, dict(given)), self._place, _CANT_RUN, "check the inputs")
        return dict(zip(wanted, found, strict=True))


def _demand_runtime() -> Any:
    try:
        import onnxruntime  # an extra
    except ImportError as error:
        wrong, allowed = "running a network needs onnxruntime", "install it with pip install 'sim[onnx]'"
        raise InputError.located("--inputs", wrong=wrong, allowed=allowed) from error
    return onnxruntime


def _with_weights(model: ModelProto, path: Path | str) -> ModelProto:
    """Load external data; raise InputError for tensors without values, as published architectures have them."""
    from onnx import TensorProto, external_data_helper

    def load(tensor: TensorProto) -> None:
        if not holds_values(tensor):
            wrong = f"the file has no values for {quoted(tensor.name)}"
            raise InputError.located(shown_path(path), wrong=wrong, allowed="only a network with weights can be run")
        if external_data_helper.uses_external_data(tensor):
            load_external(tensor, path)
            tensor.data_location = TensorProto.DEFAULT
            del tensor.external_data[:]

    for tensor in model.graph.initializer:
        load(tensor)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                load(attribute.t)
    return model


def _inputs(model: ModelProto, graph: Graph) -> dict[str, Wanted]:
    """Describe the graph's inputs, whose shapes are known since it was read."""
    from onnx import helper

    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    return {
        name: Wanted(graph.shapes[name], np.dtype(helper.tensor_dtype_to_np_dtype(types[name])))
        for name in graph.inputs
    }
