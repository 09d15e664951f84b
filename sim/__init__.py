"""Simulators and energy models of spatial DNN accelerators, Eyeriss first.

`sim.run`, `sim.estimate`, `sim.map`, `sim.compare`, `sim.sweep` and `sim.validate` are what scripts call; they raise
`sim.InputError` for what is wrong with their input and `sim.ModelError` where a law of the simulator breaks. All else
is private by convention.
"""

from typing import TYPE_CHECKING

from sim.package import VERSION

if TYPE_CHECKING:
    from sim.api.calls import compare as compare
    from sim.api.calls import estimate as estimate
    from sim.api.calls import map as map
    from sim.api.calls import read_result as read_result
    from sim.api.calls import run as run
    from sim.api.calls import sweep as sweep
    from sim.api.calls import validate as validate
    from sim.api.results import EstimateResult as EstimateResult
    from sim.api.results import FileResult as FileResult
    from sim.api.results import MachinesResult as MachinesResult
    from sim.api.results import MappingResult as MappingResult
    from sim.api.results import ModelsResult as ModelsResult
    from sim.api.results import RunResult as RunResult
    from sim.api.results import ValidationResult as ValidationResult
    from sim.errors import InputError as InputError
    from sim.errors import ModelError as ModelError

__version__ = VERSION
_CALLS = ("compare", "estimate", "map", "read_result", "run", "sweep", "validate")
_RESULTS = (
    "EstimateResult",
    "FileResult",
    "MachinesResult",
    "MappingResult",
    "ModelsResult",
    "RunResult",
    "ValidationResult",
)
_ERRORS = ("InputError", "ModelError")


def __getattr__(name: str) -> object:
    """Import what scripts call when they first ask for it: the package itself stays light."""
    if name in _ERRORS:
        from sim import errors

        return getattr(errors, name)
    if name in _CALLS:
        from sim.api import calls

        return getattr(calls, name)
    if name in _RESULTS:
        from sim.api import results

        return getattr(results, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what is public."""
    return sorted(["__version__", *_CALLS, *_RESULTS, *_ERRORS])
