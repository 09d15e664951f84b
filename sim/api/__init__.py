"""What scripts and notebooks call; `import sim` finds these functions when they are first asked for."""

from sim.api.calls import compare, estimate, map, run, sweep, validate
from sim.api.results import EstimateResult, MachinesResult, MappingResult, ModelsResult, RunResult, ValidationResult

__all__ = [
    "EstimateResult",
    "MachinesResult",
    "MappingResult",
    "ModelsResult",
    "RunResult",
    "ValidationResult",
    "compare",
    "estimate",
    "map",
    "run",
    "sweep",
    "validate",
]
