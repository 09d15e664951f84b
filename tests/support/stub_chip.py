"""A chip of another kind: a weight-stationary array of MACs, planned and estimated in closed form, and no more.

It stands outside `sim` and is found by its entry point, so that what it needs of shared files is what the contract has:
it has no PEs with spads, no passes, no engine, runs no depthwise layer, and names levels and mappings of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from sim.chips.contract import Chip, Job, MappingGrammar, Model, ModelOptions
from sim.chips.goals import Bounds, Candidate, Findings, Goal
from sim.chips.parts.description import MachineDocument
from sim.chips.parts.mapping_entry import read_mapping
from sim.errors import InputError
from sim.files.schema import Document
from sim.ledger.counts import Direction, Ledger, LedgerLevel, Statistic, Tensor
from sim.ledger.energy import CostTable, EnergyPart, Spent, Timed, energy_of
from sim.ledger.results import LayerRun
from sim.networks.layer import Layer

DRAM, GLB, SPAD = range(3)
READ, WRITE = Direction
Size = Annotated[int, Field(ge=1, le=4096)]


class Array(Document):
    """The MACs: `rows` take the words of a filter, `columns` filters."""

    rows: Size
    columns: Size


class Machine(MachineDocument):
    """One array."""

    chip: Literal["stub"] = "stub"
    macs: Array


@dataclass(frozen=True)
class Tiles:
    """How many words of how many filters lie in the array at a time."""

    words: int
    filters: int
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, int]:
        return {"words": self.words, "filters": self.filters}


@dataclass(frozen=True)
class Counts:
    """Closed forms: every fold of the filters sees all ofmap pixels, one a cycle."""

    name: str = "analytic"
    needs: frozenset[Tensor] = frozenset()

    def run(self, job: Job[Tiles]) -> LayerRun:
        shape, bits, ledger = job.layer.shape, job.layer.bits, Ledger(Stub.levels)
        folds = shape.G * -(-shape.C * shape.R * shape.S // job.plan.words)
        groups = -(-shape.M // job.plan.filters)
        pixels = job.batch * shape.E * shape.F
        ifmap, ofmap = folds * groups * pixels * job.plan.words, shape.G * shape.M * pixels
        psums = (folds // shape.G - 1) * ofmap
        for level, tensor, way, words, width in (
            (DRAM, Tensor.FILTER, READ, shape.weights, bits.filter),
            (SPAD, Tensor.FILTER, WRITE, shape.weights, bits.filter),
            (DRAM, Tensor.IFMAP, READ, job.batch * shape.G * shape.C * shape.H * shape.W, bits.ifmap),
            (GLB, Tensor.IFMAP, READ, ifmap, bits.ifmap),
            (GLB, Tensor.PSUM, READ, psums, bits.psum),
            (GLB, Tensor.PSUM, WRITE, psums, bits.psum),
            (DRAM, Tensor.OFMAP, WRITE, ofmap, bits.ofmap),
        ):
            ledger.add(level, tensor, way, words, bits=words * width)
        ledger.macs = ledger.macs_performed = job.batch * shape.macs
        cycles = folds * groups * (pixels + job.plan.words)
        return LayerRun(ledger, cycles, cycles, active_pes=job.plan.words * job.plan.filters, passes=folds * groups)


class Stub(Chip[Machine, Tiles]):
    """The array on the contract of all chips."""

    kind = "stub"
    title = "the stub array"
    machine_type = Machine
    models = ("analytic",)
    levels = (LedgerLevel("dram", "dram"), LedgerLevel("glb", "glb"), LedgerLevel("spad", "spad"))
    statistics = (
        Statistic("dram", Tensor.FILTER, READ, "filter words fetched"),
        Statistic("dram", Tensor.IFMAP, READ, "ifmap words fetched"),
        Statistic("dram", Tensor.OFMAP, WRITE, "ofmap words written out"),
        Statistic("glb", Tensor.IFMAP, READ, "ifmap words sent to the rows"),
        Statistic("glb", Tensor.PSUM, READ, "psums that come back for the next fold"),
        Statistic("glb", Tensor.PSUM, WRITE, "psums that lack folds"),
        Statistic("spad", Tensor.FILTER, WRITE, "weights put in their places"),
    )
    parts = (EnergyPart("macs", "MACs"), EnergyPart("memories", "memories"), EnergyPart("time", "time"))
    mapping: ClassVar[MappingGrammar] = MappingGrammar(("words", "filters"), example="words=16,filters=8")

    def model(self, name: str, machine: Machine, options: ModelOptions) -> Model[Tiles]:
        self.check_model(name)
        if options.check:
            self.refuse("--check", "computed values")
        return Counts()

    def stated(self, layer: Layer, machine: Machine, *, batch: int) -> Tiles:
        place = f"layer {layer.name}"
        tiles = Tiles(**read_mapping(dict(layer.mapping or ()), self.mapping.parameters, f"{place}: mapping"))
        if tiles.words > machine.macs.rows or tiles.filters > machine.macs.columns:
            allowed = f"at most {machine.macs.rows} x {machine.macs.columns}"
            raise InputError.located(place, wrong=f"{tiles.words} words of {tiles.filters} filters", allowed=allowed)
        return tiles

    def search(
        self, layer: Layer, machine: Machine, table: CostTable, *, batch: int, goal: Goal, top: int
    ) -> Findings[Tiles]:
        if layer.kind == "depthwise":
            wrong = "the stub array runs no depthwise layer"
            raise InputError.located(f"layer {layer.name}", wrong=wrong, allowed="leave it out with --layers")
        shape, limits = layer.shape, dict(goal.constraints)
        rows = limits.get("words", Bounds(1, 1 << 20)), min(shape.C * shape.R * shape.S, machine.macs.rows)
        columns = limits.get("filters", Bounds(1, 1 << 20)), min(shape.M, machine.macs.columns)
        legal = [Tiles(words, filters) for words in _halves(*rows) for filters in _halves(*columns)]
        if not legal:
            raise InputError.located(f"layer {layer.name}", wrong="no legal mapping", allowed="loosen the constraints")
        found = [self._priced(layer, tiles, machine, table, batch) for tiles in legal]
        found.sort(key=lambda one: (one.score(goal.objective), one.energy, tuple(asdict(one.plan).values())))
        return Findings(tuple(found[:top]), len(legal), len(legal))

    def _priced(self, layer: Layer, tiles: Tiles, machine: Machine, table: CostTable, batch: int) -> Candidate[Tiles]:
        run = Counts().run(Job(layer, tiles, batch))
        timed = Timed(run.total_cycles, machine.core.clock, run.active_pes)
        energy = energy_of(run.ledger, table, bits=layer.bits, timed=timed, sort_by_part=self.sort_by_part)
        return Candidate(tiles, energy.system, run.total_cycles, run.ledger.dram_bits)

    def sort_by_part(self, spent: Spent) -> dict[str, float]:
        return {
            "macs": spent.macs + spent.control,
            "memories": spent.at("glb") + spent.by_group["spad"] + spent.link,
            "time": sum(spent.timed.values()),
        }

    def areas_mm2(self, machine: Machine) -> dict[str, Any]:
        return {"core": machine.macs.rows * machine.macs.columns * 0.01}


def _halves(bounds: Bounds, most: int) -> list[int]:
    """List the largest size, and its halves, within bounds."""
    sizes = [min(most, bounds.high)]
    while sizes[-1] > 1:
        sizes.append(sizes[-1] // 2)
    return [size for size in sizes if bounds.low <= size]
