"""`--ofmaps`: the ofmaps that the chip computed, a .npy file a layer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sim.cli.outputs import STDOUT
from sim.errors import InputError, reason_of
from sim.files.text import shown_path
from sim.files.whole import check_folder_of, writing_folder
from sim.ledger.results import NetworkResult
from sim.networks.file_names import file_names


def check_ofmaps(folder: str | None, *, check: bool, targets: Mapping[str, Path]) -> Path | None:
    """Make sure, before a long run, that a new folder of ofmaps can be made, links followed; raise InputError.

    `targets` are the files that other options write.
    """
    if folder is None:
        return None
    if not check:
        raise InputError.located("--ofmaps", wrong="ofmaps are computed only by --check", allowed="add --check")
    if folder in ("", str(STDOUT)):
        raise InputError.located("--ofmaps", wrong=f"'{folder}' is no folder", allowed="name a folder")
    try:
        target = Path(os.path.realpath(folder))
        _check_place(target, folder)
    except (OSError, ValueError) as error:
        wrong = f"can't be used: {reason_of(error)}"
        raise InputError.located(shown_path(folder), wrong=wrong, allowed="name another folder") from error
    for option, path in targets.items():
        file = Path(os.path.realpath(path))
        if path != STDOUT and target in (file, *file.parents):
            wrong = f"--{option} and --ofmaps both write there"
            raise InputError.located(shown_path(folder), wrong=wrong, allowed="name a folder of its own")
    return target


def _check_place(target: Path, folder: str) -> None:
    """See that a folder can be put, or put in place of an empty one, where links lead."""
    place, allowed = shown_path(folder), "name a new folder"
    if target.is_symlink():  # though links were followed
        raise InputError.located(place, wrong="is a link that leads back to itself", allowed=allowed)
    if target == Path.cwd():
        raise InputError.located(place, wrong="is the current folder", allowed=allowed)
    if target.exists() and not target.is_dir():
        raise InputError.located(place, wrong="is a file", allowed=allowed)
    if target.exists() and any(target.iterdir()):
        raise InputError.located(place, wrong="is not empty", allowed=allowed)
    check_folder_of(target, place)


def write_ofmaps(folder: Path, result: NetworkResult) -> None:
    """Write the ofmaps of all finished layers, rectified, (N, M, E, F) in words; the folder appears whole or not."""
    names = file_names([layer.name for layer in result.layers], ".npy")
    with writing_folder(folder) as draft:
        for layer, name in zip(result.layers, names, strict=True):
            if layer.run.ofmap is not None:
                np.save(draft / name, layer.run.ofmap, allow_pickle=False)
