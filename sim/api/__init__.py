"""What scripts and notebooks call; `import sim` finds these functions when they are first asked for."""

from sim.api.calls import compare, estimate, map, read_result, run, sweep, validate
from sim.api.results import (
    EstimateResult,
    FileResult,
    MachinesResult,
    MappingResult,
    ModelsResult,
    RunResult,
    ValidationResult,
)

__all__ = [
    "EstimateResult",
    "FileResult",
    "MachinesResult",
    "MappingResult",
    "ModelsResult",
    "RunResult",
    "ValidationResult",
    "compare",
    "estimate",
    "map",
    "read_result",
    "run",
    "sweep",
    "validate",
]
