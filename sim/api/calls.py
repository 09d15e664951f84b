"""`sim.run` and its siblings: what the command line can do, as functions of names, paths, dicts or objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, cast, overload

from sim.api import arguments
from sim.api.results import (
    EstimateResult,
    FileResult,
    MachinesResult,
    MappingResult,
    ModelsResult,
    RunResult,
    ValidationResult,
)
from sim.chips.goals import Objective
from sim.codes.expected import FmapCode
from sim.errors import InputError, did_you_mean
from sim.formats.any_network import read_network
from sim.ledger.results import NetworkResult
from sim.ledger.saved import read_result as read_saved
from sim.runs.progress import Progress, Silent, told
from sim.runs.request import Choices, Costs, Machine, Network, read_request
from sim.runs.run import RunOptions, estimate_network, estimate_options, run_network, run_options
from sim.studies.comparison import compare_models
from sim.studies.machines import compare_machines
from sim.studies.mapping import map_layers
from sim.studies.measured import measured_requests, validate_requests
from sim.studies.sweeps.run import fill, open_store
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store.store import MEMORY
from sim.studies.sweeps.store.tables import as_frame, require_pandas
from sim.studies.sweeps.workers.executors import Workers, executor_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    import pandas as pd

Callback = Callable[[int, int, str], None]
ResultT = TypeVar("ResultT", bound=RunResult)


class Choosing(TypedDict, total=False):
    """What every call lets its caller choose.

    `arch` and `cost_table` are names, paths, dicts in the files' form, or objects; `set` puts values at dotted paths,
    as in a sweep. `layers` are names or patterns; `mapping` gives layers mappings: {"CONV3": {"m": 64, ...}} or texts;
    `constrain` limits parameters: {"n": 1, "CONV*:m": "all"} or texts. `bits` and `zeros` are by tensor. Voltage and
    clocks are texts with units. `inputs` are images that an ONNX network is run on, `shape` its inputs' free
    dimensions. `objective` is "energy", "delay", "edp" or "dram".
    """

    arch: Machine
    set: Mapping[str, Any]
    cost_table: Costs
    batch: int
    layers: str | Sequence[str]
    mapping: Mapping[str, Mapping[str, int] | str] | Sequence[str]
    objective: Literal["energy", "delay", "edp", "dram"]
    constrain: Mapping[str, int | str] | Sequence[str]
    bits: Mapping[str, int]
    zeros: Mapping[str, float]
    voltage: str
    clock: str
    link_clock: str
    skip: Literal["ifmap", "either", "none"]
    code: Literal["rlc", "significance_map", "none"]
    inputs: Path | str
    shape: Mapping[str, Sequence[int]] | Sequence[str]


def run(
    network: Network | object,
    example: object = None,
    *,
    model: str | None = None,
    seed: int = 0,
    check: bool = False,
    reuse: bool = True,
    progress: Callback | None = None,
    **chosen: Unpack[Choosing],
) -> RunResult:
    """Run a network on a machine, by the chip's first model unless another is asked for.

    `network` is a name, a path (a workload, .onnx, or another tool's file), a dict in a workload file's form, or a
    PyTorch module, which is exported to ONNX with the `example` input. `check` computes every ofmap and compares it
    with a plain convolution: `.ofmaps` then has them. `progress` is called with (finished, total, layer). See Choosing
    for the rest. An interrupt gives a result that is not `complete`, where any layer was finished.

    Raises InputError for anything wrong with the input, ModelError where a checked value or a conservation law breaks.
    """
    with _network(network, example) as source, _plain_places():
        choices = _choices(source, chosen)
        request = read_request(choices)
        options = run_options(choices, reuse=reuse, check=check)
        how = RunOptions(model=model, seed=arguments.seed(seed), reuse=reuse, check=check, options=options)
        return _shown(RunResult, run_network(request, how, _progress(progress)), request.table.status)


def estimate(network: Network | object, example: object = None, **chosen: Unpack[Choosing]) -> EstimateResult:
    """Estimate a network's energy in closed form, as the methodology does (Asilomar 2017), in units of one MAC.

    Raises InputError for anything wrong with the input.
    """
    with _network(network, example) as source, _plain_places():
        costs: Choosing = {"cost_table": "normalized-65nm"}
        request = read_request(_choices(source, costs | chosen, methodology=True))
        return _shown(EstimateResult, estimate_network(request, estimate_options(request)), request.table.status)


def map(
    network: Network | object, example: object = None, *, top: int = 5, **chosen: Unpack[Choosing]
) -> MappingResult:
    """Find the `top` best mappings of each layer.

    Raises InputError for anything wrong with the input, and for a layer that no mapping is legal for.
    """
    with _network(network, example) as source, _plain_places():
        return MappingResult(
            map_layers(read_request(_choices(source, chosen)), top=arguments.whole("top", top, 1, arguments.MOST))
        )


@overload
def compare(
    network: Network | object,
    example: object = ...,
    *,
    arch: Sequence[Machine],
    model: str | None = ...,
    seed: int = ...,
    progress: Callback | None = ...,
    **chosen: Any,
) -> MachinesResult: ...
@overload
def compare(
    network: Network | object,
    example: object = ...,
    *,
    arch: Machine = ...,
    seed: int = ...,
    progress: Callback | None = ...,
    **chosen: Any,
) -> ModelsResult: ...
def compare(
    network: Network | object,
    example: object = None,
    *,
    arch: Machine | Sequence[Machine] = "eyeriss",
    model: str | None = None,
    seed: int = 0,
    progress: Callback | None = None,
    **chosen: Any,
) -> MachinesResult | ModelsResult:
    """Compare several machines on one network, or, with a single machine, its chip's two models.

    Machines are compared by their analytic model unless `model` is another; what one can't run is told with its reason.
    A PyTorch module is exported with the `example` input, as for a run.

    Raises InputError for anything wrong with the input.
    """
    with _network(network, example) as source, _plain_places():
        if isinstance(arch, Sequence) and not isinstance(arch, str | bytes):
            if not arch:
                raise InputError.located("arch", wrong="no machine", allowed="give at least one")
            machines = [arguments.machine(one) for one in arch]
            choices = _choices(source, chosen)
            how = RunOptions(model=model, seed=arguments.seed(seed), options=choices.as_options())
            return MachinesResult(compare_machines(choices, machines, how, _progress(progress)))
        if model is not None:
            raise InputError.located(
                "model", wrong="only one machine is given", allowed="leave it out: both models run"
            )
        request = read_request(_choices(source, {**chosen, "arch": arch}))
        options = request.choices.as_options()
        return ModelsResult(
            compare_models(request, seed=arguments.seed(seed), options=options, progress=_progress(progress))
        )


def validate(
    arch: Machine = "eyeriss",
    *,
    cost_table: Costs | None = None,
    mapper: bool = False,
    seed: int = 0,
    progress: Callback | None = None,
) -> ValidationResult:
    """Run the networks that were measured on a machine's chip, and compare every published figure with ours.

    `mapper` lets the mapper choose, instead of the mappings stated for these runs. Raises InputError for a chip that
    was not measured.
    """
    with _plain_places():
        choices = Choices(network="", arch=arguments.machine(arch), cost_table=arguments.costs(cost_table))
        requests = measured_requests(choices, by_mapper=mapper)
        return ValidationResult(
            validate_requests(requests, seed=arguments.seed(seed), progress=_progress(progress)), requests[0][1]
        )


def read_result(path: Path | str) -> FileResult:
    """Read a result file that a run or an estimate saved, by this version or an earlier one.

    Raises InputError for what is no result file.
    """
    return FileResult(read_saved(arguments.path("path", path)))


def sweep(
    spec: Path | str | Mapping[str, Any],
    workers: Workers = 1,
    *,
    scheduler: str | None = None,
    store: Path | str | None = None,
    progress: Callback | None = None,
) -> pd.DataFrame:
    """Run a sweep; give one row for each point and layer, and one for each point's total, units in column names.

    `spec` is a file or the same as data. With `store`, points go to that SQLite file, and those there are not done
    again. `workers` is a number of processes, "all" for one a core, or None for that where points are many; `scheduler`
    is the address of a Dask cluster in their place. More than one worker start fresh processes, so a script needs its
    `if __name__ == "__main__"`. `progress` is called with (finished, total, "points").

    Needs pandas; raises InputError for what is wrong with spec, store or cluster.
    """
    require_pandas()
    address = None if scheduler is None else arguments.text("scheduler", scheduler)
    file = MEMORY if store is None else str(arguments.path("store", store))
    wanted = "expected a file's path, or a dict in its form"
    study = read_study(arguments.source("spec", spec, (), wanted), read_network=read_network)
    executor, told_of = executor_for(_workers(workers), address), _progress(progress)
    with open_store(file, study, executor) as kept:
        with told_of(len(kept.missing())) as done:
            for _outcome in fill(kept, study, executor):
                done("points")
        return as_frame(kept)


def _choices(network: Network, chosen: Mapping[str, Any], *, methodology: bool = False) -> Choices:
    """Put what was chosen into the words of a request; raise TypeError for a name that is none."""
    unknown = [name for name in chosen if name not in Choosing.__annotations__]
    if unknown:
        allowed = did_you_mean(unknown[0], Choosing.__annotations__)
        raise TypeError(f"got an unexpected keyword argument {unknown[0]!r}; {allowed}")
    given = {name: value for name, value in chosen.items() if value is not None}
    own = {name: given[name] for name in given if name in {field.name for field in fields(Choices)}}
    own |= {
        "edits": arguments.by_text("set", given.get("set", {}), "expected values by path: {'glb.fmap_banks': 50}"),
        "images": arguments.path("inputs", given["inputs"]) if "inputs" in given else None,
        "methodology": methodology,
        "arch": arguments.machine(given.get("arch", "eyeriss")),
        "cost_table": arguments.costs(given.get("cost_table")),
        "batch": arguments.whole("batch", given["batch"], 1, arguments.MOST) if "batch" in given else None,
        "layers": arguments.layers(given["layers"]) if "layers" in given else None,
        "mapping": arguments.mappings(given.get("mapping", ())),
        "constrain": arguments.limits(given.get("constrain", ())),
        "bits": arguments.by_text("bits", given.get("bits", {}), "expected bits by tensor: {'ifmap': 8}"),
        "zeros": arguments.by_text("zeros", given.get("zeros", {}), "expected fractions by tensor: {'ifmap': 0.5}"),
        "objective": arguments.word("objective", given.get("objective", "energy"), Objective),
        "code": arguments.word("code", given["code"], FmapCode) if "code" in given else None,
        "shape": arguments.shapes(given.get("shape", ())),
    }
    return Choices(network=arguments.network(network), **own)


def _workers(value: object) -> Workers:
    """Return a number of processes, all cores, or None where the points decide."""
    if value is None or (isinstance(value, str) and value == "all"):
        return cast(Workers, value)
    if isinstance(value, bool) or not isinstance(value, Integral) or not 1 <= int(value) <= arguments.MOST:
        allowed = f"expected a whole number from 1 to {arguments.MOST}, 'all', or None"
        raise arguments.refused("workers", value, allowed)
    return int(value)


def _progress(callback: Callback | None) -> Progress:
    if callback is not None and not callable(callback):
        raise arguments.refused("progress", callback, "expected a function of (finished, total, name)")
    return Silent if callback is None else told(callback)


def _shown(kind: type[ResultT], result: NetworkResult, status: str) -> ResultT:
    """Put a result into one that shows itself."""
    own = {field.name: getattr(result, field.name) for field in fields(NetworkResult)}
    return kind(**own, cost_status=status)


@contextmanager
def _network(network: Network | object, example: object) -> Iterator[Any]:
    """Return the network, a PyTorch module as the ONNX file that it is exported to."""
    from sim.api.torch_module import exported, is_module

    if not is_module(network):
        yield network
        return
    with exported(network, example) as path:
        yield path


@contextmanager
def _plain_places() -> Iterator[None]:
    """Name arguments as Python does in errors: `link_clock`, not `--link-clock`."""
    try:
        yield
    except InputError as error:
        text = str(error)
        if not text.startswith("--"):
            raise
        option, rest = text.removeprefix("--").split(":", 1)
        raise InputError(f"{option.replace('-', '_')}:{rest}") from error
