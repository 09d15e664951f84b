"""A network by its name: shipped, a workload file, or another tool's file, told apart by suffix and content."""

from __future__ import annotations

from pathlib import Path

from sim.files.catalogue import find_workload
from sim.files.catalogue import names as shipped
from sim.formats.online_tool.text import read_tool_file
from sim.formats.onnx.network import read_onnx
from sim.formats.scalesim.read import read_topology
from sim.formats.timeloop.read import is_problem, is_problem_folder, read_problem, read_problem_folder
from sim.networks.workload import Workload, read_workload


def read_network(name: str) -> Workload:
    """Read a network; an ONNX file must have no free dimensions. Raises InputError for anything wrong with it."""
    if Path(name).suffix.lower() == ".onnx":
        return read_onnx(name, {}).workload
    return read_plain_network(name)


def read_plain_network(name: str) -> Workload:
    """Read what is no ONNX file: other tools' files by suffix, Timeloop's by the folder or the key `problem`."""
    suffix = Path(name).suffix.lower()
    if suffix == ".txt":
        return read_tool_file(name)
    if suffix == ".csv":
        return read_topology(name)
    if name not in shipped("workloads", holding="layers:") and is_problem_folder(name):
        return read_problem_folder(name)
    path = find_workload(name)
    return read_problem(path) if is_problem(path) else read_workload(path)
