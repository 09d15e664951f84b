"""A network by its name: shipped, a workload file, or another tool's file, told apart by suffix and content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.files.catalogue import WORKLOADS, find_workload, names
from sim.files.text import shown_path
from sim.formats.timeloop.files import is_problem, is_problem_folder
from sim.networks.workload import Workload, read_workload

if TYPE_CHECKING:  # each format's reader is imported where a file of it is read
    from sim.formats.onnx.network import OnnxNetwork


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A network and where it came from: `path` as it was given, empty for one that is no file.

    One that was imported from ONNX has the account of its graph, with `shapes` as they were given.
    """

    workload: Workload
    path: str = ""
    imported: OnnxNetwork | None = None
    shapes: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What messages call it."""
        return shown_path(self.path) if self.path else self.workload.name

    @property
    def notes(self) -> list[str]:
        """What became of the nodes that are no layers."""
        return self.imported.account.notes() if self.imported else []

    @property
    def origin(self) -> dict[str, Any]:
        """The same for the provenance."""
        return {"onnx": {"shape": list(self.shapes), **self.imported.account.as_dict()}} if self.imported else {}


def find_network(name: str, shapes: Sequence[str] = ()) -> NetworkFile:
    """Read a workload file, a shipped workload, or another tool's file; its suffix tells.

    `shapes` has those of an ONNX file's free dimensions, as `name=1x3x224x224`. Raises InputError.
    """
    if Path(name).suffix.lower() == ".onnx":
        from sim.formats.onnx.network import read_onnx
        from sim.formats.onnx.shapes import read_shapes

        given = read_shapes(shapes)
        imported = read_onnx(name, given)
        return NetworkFile(imported.workload, name, imported, tuple(shapes))
    if shapes:
        allowed = "leave it out: only an ONNX file has free dimensions"
        raise InputError.located("--shape", wrong=f"{shown_path(name)} is no ONNX file", allowed=allowed)
    return NetworkFile(read_plain_network(name), name)


def read_network(name: str) -> Workload:
    """Read a network's layers; an ONNX file must have no free dimensions. Raises InputError."""
    return find_network(name).workload


def read_plain_network(name: str) -> Workload:
    """Read what is no ONNX file: other tools' files by suffix, Timeloop's by the folder or the key `problem`."""
    suffix = Path(name).suffix.lower()
    if suffix == ".txt":
        from sim.formats.online_tool.text import read_tool_file

        return read_tool_file(name)
    if suffix == ".csv":
        from sim.formats.scalesim.read import read_topology

        return read_topology(name)
    if name not in names(WORKLOADS) and is_problem_folder(name):
        from sim.formats.timeloop.read import read_problem_folder

        return read_problem_folder(name)
    path = find_workload(name)
    if not is_problem(path):
        return read_workload(path)
    from sim.formats.timeloop.read import read_problem

    return read_problem(path)
