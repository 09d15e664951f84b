"""ONNX files: read with a bound, taken apart by the onnx package, and refused with one clear line.

What is large is never copied: shapes are inferred on a model whose large tensors are declared without their values.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sim.errors import InputError, quoted, reason_of
from sim.files.opened import note_opened
from sim.files.text import shown_path

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto

MAX_BYTES = (1 << 31) - 1  # protobuf's own limit
_MOST_NODES = 1 << 18
_MOST_FUNCTIONS = 256  # each may call another, a level deeper
_WANTED = "expected an ONNX model"
_NEXT_REASON = re.compile(r" ==> Context| (?=\(op_type:)")  # what follows from the first
_NOISE = re.compile(r"\[[A-Za-z]*Error\] |Inference error\(s\): ")
_NO_TEXT = "a name in it is no UTF-8 text"
_SHOWN_REASON = 240

Outcome = TypeVar("Outcome")


def read_model(path: Path | str) -> ModelProto:
    """Read an ONNX file without its external data; local functions come out written in line.

    Raises InputError for what is no model, and for one that the installed onnx package doesn't know how to read.
    """
    place = shown_path(path)
    content = _read_bytes(path, place)
    _demand_onnx(place)
    from onnx import ModelProto, inliner

    model: ModelProto = attempt(lambda: ModelProto.FromString(content), place, "this is no ONNX model", _WANTED)
    if not model.HasField("graph") or not model.graph.node:
        raise InputError.located(place, wrong="there is no graph in it", allowed=_WANTED)
    if not attempt(lambda: all(map(_is_text, _texts(model))), place, _NO_TEXT):
        raise InputError.located(place, wrong=_NO_TEXT, allowed="export the model again")
    _check_versions(model, place)
    for entry in (entry for tensor in model.graph.initializer for entry in tensor.external_data):
        if entry.key == "location":
            note_opened(Path(path).parent / entry.value)
    if model.functions:
        _check_functions(model, place)
        model = attempt(lambda: inliner.inline_local_functions(model), place, "its functions can't be put in line")
    return model


def attempt(work: Callable[[], Outcome], place: str, wrong: str, allowed: str = "export the model again") -> Outcome:
    """Call the onnx package, whose many kinds of errors on bad models become an InputError with its reason."""
    try:
        return work()
    except InputError:
        raise
    except Exception as error:
        said = _NOISE.sub("", " ".join(str(error).split()))
        reason = _NEXT_REASON.split(said)[0].removesuffix(".") or type(error).__name__
        shown = reason if len(reason) <= _SHOWN_REASON else f"{reason[:_SHOWN_REASON]}..."
        raise InputError.located(place, wrong=f"{wrong} ({shown})", allowed=allowed) from error


def _read_bytes(path: Path | str, place: str) -> bytes:
    """Read a regular file; pipes and devices, which may never end, are not opened."""
    try:
        state = Path(path).stat()
        if stat.S_ISDIR(state.st_mode):
            raise InputError.located(place, wrong="this is a directory", allowed=_WANTED)
        if not stat.S_ISREG(state.st_mode):
            raise InputError.located(place, wrong="this is not a regular file", allowed=_WANTED)
        if state.st_size > MAX_BYTES:
            allowed = "at most 2 GiB; keep the weights in external data"
            raise InputError.located(place, wrong="the file is too large", allowed=allowed)
        with Path(path).open("rb") as stream:
            note_opened(stream.fileno())
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError.located(place, wrong="no such file", allowed=_WANTED) from error
    except (OSError, ValueError) as error:
        raise InputError.located(place, wrong=f"cannot be read: {reason_of(error)}", allowed=_WANTED) from error


def _texts(message: Message) -> Iterator[object]:
    """Return all texts in a message; the format's own limit bounds the depth."""
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        for part in [value] if isinstance(value, (str, bytes)) or hasattr(value, "ListFields") else value:
            if field.type == field.TYPE_STRING:
                yield part
            else:
                yield from _texts(part)


def _is_text(text: object) -> bool:
    """Tell text from bytes, which protobuf gives, or is stopped by, where it can't read a text."""
    return isinstance(text, str)


def _demand_onnx(place: str) -> None:
    try:
        import onnx  # noqa: F401 - an extra
    except ImportError as error:
        raise InputError.located(
            place, wrong="reading ONNX files needs onnx", allowed="install it with pip install 'sim[onnx]'"
        ) from error


def _check_versions(model: ModelProto, place: str) -> None:
    """Check the format's version and that of the standard operators."""
    from onnx import IR_VERSION, defs

    if not 3 <= model.ir_version <= IR_VERSION:
        wrong, allowed = f"version {model.ir_version} of the format", f"the installed onnx reads 3 to {IR_VERSION}"
        raise InputError.located(place, ["ir_version"], wrong=wrong, allowed=allowed)
    versions = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    if len(versions) != 1:
        wrong = "no version of the standard operators" if not versions else "two versions of the standard operators"
        raise InputError.located(place, ["opset_import"], wrong=wrong, allowed="expected one")
    newest = defs.onnx_opset_version()
    if not 1 <= versions[0] <= newest:
        wrong, allowed = f"operator set {versions[0]}", f"the installed onnx knows 1 to {newest}"
        raise InputError.located(place, ["opset_import"], wrong=wrong, allowed=allowed)


def _check_functions(model: ModelProto, place: str) -> None:
    """Refuse functions that call themselves, or each other so often that the graph would not fit in memory."""
    functions = {(function.domain, function.name): function for function in model.functions}
    sizes: dict[tuple[str, str], int] = {}
    pending: set[tuple[str, str]] = set()

    def size_of(holder: FunctionProto | GraphProto) -> int:
        return sum(size_of_call((node.domain, node.op_type)) for node in nodes_of(holder.node))

    def size_of_call(called: tuple[str, str]) -> int:
        if called not in functions:
            return 1
        if called in pending:
            wrong = f"the function {quoted(called[1])} calls itself"
            raise InputError.located(place, wrong=wrong, allowed="export the model without functions")
        if called not in sizes:
            pending.add(called)
            sizes[called] = size_of(functions[called])
            pending.discard(called)
        return sizes[called]

    if len(functions) > _MOST_FUNCTIONS:
        raise InputError.located(place, wrong=f"{len(functions)} functions", allowed=f"at most {_MOST_FUNCTIONS}")
    if size_of(model.graph) > _MOST_NODES:
        allowed = f"at most {_MOST_NODES} with functions written in line"
        raise InputError.located(place, wrong="too many nodes", allowed=allowed)


def nodes_of(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """Return nodes and, after each, those in its bodies; the format's own limit bounds the depth."""
    for node in nodes:
        yield node
        for body in bodies_of(node):
            yield from nodes_of(body.node)


def bodies_of(node: NodeProto) -> list[GraphProto]:
    """Return the graphs that a node such as If, Loop or Scan runs."""
    bodies = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return bodies + [body for attribute in node.attribute for body in attribute.graphs]
