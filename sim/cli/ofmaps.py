"""`--ofmaps`: the ofmaps that the chip computed, a .npy file a layer."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from sim.errors import InputError
from sim.files.text import shown_path
from sim.ledger.results import NetworkResult
from sim.networks.file_names import file_names


def check_ofmaps(folder: str | None, *, check: bool) -> Path | None:
    """Make sure, before a long run, that a new folder of ofmaps can be made; raise InputError."""
    if folder is None:
        return None
    target = Path(folder)
    if not check:
        raise InputError.located("--ofmaps", wrong="ofmaps are computed only by --check", allowed="add --check")
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError.located(shown_path(folder), wrong="is not empty", allowed="name a new folder")
        if not target.absolute().parent.is_dir():
            raise InputError.located(shown_path(folder), wrong="its folder is missing", allowed="make it first")
        if not os.access(target.absolute().parent, os.W_OK):
            raise InputError.located(shown_path(folder), wrong="its folder can't be written to", allowed="name another")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        wrong = f"can't be used: {reason}"
        raise InputError.located(shown_path(folder), wrong=wrong, allowed="name another folder") from error
    return target


def write_ofmaps(folder: Path, result: NetworkResult) -> None:
    """Write the ofmaps of all finished layers, rectified, (N, M, E, F) in words; the folder appears whole or not."""
    names = file_names([layer.name for layer in result.layers], ".npy")
    try:
        with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=".sim-") as drafts:
            draft = Path(drafts) / "whole"
            draft.mkdir(mode=0o755)
            for layer, name in zip(result.layers, names, strict=True):
                if layer.run.ofmap is not None:
                    np.save(draft / name, layer.run.ofmap, allow_pickle=False)
            draft.replace(folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError.located(
            shown_path(folder), wrong=f"can't be written: {reason}", allowed="name another"
        ) from error
