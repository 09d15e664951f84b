"""PyTorch modules as networks: exported to an ONNX file that lasts as long as it is read."""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import InputError


def is_module(network: object) -> bool:
    """Return whether a network is a PyTorch module; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(network, torch.nn.Module)


@contextmanager
def exported(module: Any, example: object) -> Iterator[str]:
    """Return the path of the module's ONNX file, exported with an example input, a tensor or a tuple of them.

    Raises InputError where there is no example, and where the exporter can't do it, with its reason.
    """
    name = type(module).__name__
    if example is None:
        wrong = f"the module {name} has no example input"
        raise InputError.located("example", wrong=wrong, allowed="give a tensor of the shape that it takes")
    import torch

    inputs = example if isinstance(example, tuple) else (example,)
    with tempfile.TemporaryDirectory(prefix="sim-") as folder:
        path = Path(folder) / f"{name}.onnx"
        was_training = module.training
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")  # the exporter's own, of its future versions
                torch.onnx.export(module.eval(), inputs, str(path), dynamo=False)
        except Exception as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            allowed = "export it yourself, and give the .onnx file"
            raise InputError.located(name, wrong=f"can't be exported to ONNX: {reason}", allowed=allowed) from error
        finally:
            module.train(was_training)
        yield str(path)
