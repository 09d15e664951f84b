"""What `sim convert` writes for other simulators: topology files of SCALE-Sim and problem files of Timeloop."""

from __future__ import annotations

import os
from pathlib import Path

from sim.cli.outputs import STDOUT, check_target, write_out
from sim.errors import InputError
from sim.files.text import shown_path
from sim.files.whole import writing_folder
from sim.formats.scalesim.write import write_topology
from sim.formats.timeloop.write import problem_files, write_problem
from sim.networks.workload import Workload


def foreign_format(form: str | None, out: str) -> str | None:
    """Return scalesim or timeloop, as asked for, else as the suffix .csv or a folder tells; None for neither."""
    if form is not None:
        return form if form != "tool" else None
    if Path(out).suffix.lower() == ".csv":
        return "scalesim"
    return "timeloop" if _is_folder(out) else None


def _is_folder(out: str) -> bool:
    return out.endswith((os.sep, "/")) or (out != "." and Path(out).is_dir())


def write_foreign(workload: Workload, batch: int, form: str, out: str) -> None:
    """Write a network: a .csv, a folder with a problem file a layer, or one problem file for one layer."""
    if form == "timeloop" and _is_folder(out):
        _write_folder(problem_files(workload, batch), Path(out))
        return
    target = check_target(out, "OUT") or STDOUT
    if form == "scalesim":
        text = write_topology(workload)
    elif len(workload.layers) == 1:
        text = write_problem(workload.layers[0], batch)
    else:
        wrong = f"{len(workload.layers)} layers for one problem file"
        raise InputError.located(shown_path(out), wrong=wrong, allowed="give a folder, such as problems/")
    write_out(target, text)


def _write_folder(files: dict[str, str], folder: Path) -> None:
    """Write a new folder whole or not at all."""
    if not folder.parent.is_dir():
        raise InputError.located(shown_path(folder), wrong="its folder is missing", allowed="make it first")
    with writing_folder(folder) as draft:
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8")
