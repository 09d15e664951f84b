"""Every figure that people are shown, declared once: its name, unit and sentence, and how a result has it.

Tables, pages, the result file, sweeps' columns and `sim explain` take what they need from here. Values are in the base
unit, which files and columns have; `shown` is the unit for people. Energies are in the cost table's unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.ledger.results import LayerResult, NetworkResult

ENERGY = "energy"  # stands for the cost table's unit
_WORD_BITS = 16

OfLayer = Callable[["LayerResult"], Any]
OfNetwork = Callable[["NetworkResult"], Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: the word that people ask for it by, what tables call it, and what it means in a sentence.

    `column` names it in files and tables of data. `of_layer` and `of_network` find it in results, in `unit`; shown
    values are that times `times` per `per`, in `shown`, with `digits` behind the point. `formula` says where it comes
    from.
    """

    key: str
    head: str
    column: str
    unit: str
    shown: str
    times: float
    per: float
    digits: int
    sentence: str
    formula: str
    of_layer: OfLayer | None = None
    of_network: OfNetwork | None = None

    def shown_unit(self, energy: str) -> str:
        """Return the unit that tables have, where energies are in `energy`: "pJ" or "MAC"."""
        if self.unit != ENERGY:
            return self.shown
        return "uJ" if energy == "pJ" else "M MAC"

    def title(self, energy: str, *, between: str = "\n") -> str:
        """Return what stands above a column: the name and the unit."""
        unit = self.shown_unit(energy)
        return f"{self.head}{between}{unit}" if unit else self.head

    def scaled(self, value: float) -> float:
        """Return a value in the unit that tables have."""
        return value * self.times / self.per

    def text(self, value: float, *, digits: int | None = None) -> str:
        """Write a value in the unit that tables have."""
        return f"{self.scaled(value):.{self.digits if digits is None else digits}f}"

    def cell(self, layer: LayerResult) -> str:
        """Write a layer's value."""
        return self.text(self.value(layer))

    def value(self, layer: LayerResult) -> Any:
        """Return a layer's value in the base unit."""
        if self.of_layer is None:
            raise KeyError(f"{self.key} is a figure of whole networks")
        return self.of_layer(layer)


def _summed(of_layer: OfLayer) -> OfNetwork:
    return lambda result: sum(of_layer(layer) for layer in result.layers)


def _count(key: str, head: str, sentence: str, of_layer: OfLayer, *, formula: str, millions: bool = False) -> Figure:
    """Declare a whole number that adds up over layers."""
    shown, per, digits = ("M", 1e6, 1) if millions else ("", 1, 0)
    return Figure(key, head, key, "", shown, 1, per, digits, sentence, formula, of_layer, _summed(of_layer))


def _cycles(key: str, head: str, sentence: str, of_layer: OfLayer, formula: str) -> Figure:
    return Figure(key, head, key, "cycles", "k cycles", 1, 1e3, 1, sentence, formula, of_layer, _summed(of_layer))


def _latency(key: str, head: str, sentence: str, of_layer: OfLayer, formula: str) -> Figure:
    return Figure(key, head, f"{key}_s", "s", "ms", 1e3, 1, 2, sentence, formula, of_layer, _summed(of_layer))


def _bits(key: str, head: str, column: str, sentence: str, of_layer: OfLayer, formula: str) -> Figure:
    return Figure(key, head, column, "bits", "MB", 1, 8e6, 2, sentence, formula, of_layer, _summed(of_layer))


def _energy(kind: str, sentence: str) -> Figure:
    def of_layer(layer: LayerResult) -> float:
        return float(getattr(layer.energy, kind))

    formula = f"sim.ledger.results.Energy.{kind}"
    return Figure(kind, kind, f"energy_{kind}", ENERGY, "", 1, 1e6, 1, sentence, formula, of_layer, _summed(of_layer))


PES = Figure(
    "pes", "PEs", "active_pes", "", "", 1, 1, 0, "PEs at work in a full pass.",
    "sim.ledger.results.LayerRun.active_pes", lambda layer: layer.run.active_pes,
)  # fmt: skip
MACS = _count(
    "macs", "MACs", "All multiply-accumulates of the batch, gated or not.",
    lambda layer: layer.run.ledger.macs, formula="sim.ledger.counts.Ledger.macs", millions=True,
)  # fmt: skip
PERFORMED = _count(
    "macs_performed", "performed", "The MACs that no zero gated or skipped.",
    lambda layer: layer.run.ledger.macs_performed, formula="sim.ledger.counts.Ledger.macs_performed", millions=True,
)  # fmt: skip
LIVE = Figure(
    "live", "live", "live_pct", "%", "%", 1, 1, 0, "The share of all MACs that no zero gated or skipped.",
    "macs_performed / macs",
    lambda layer: 100 * layer.run.ledger.macs_performed / layer.run.ledger.macs,
    lambda result: 100 * PERFORMED.of_network(result) / MACS.of_network(result),  # type: ignore[misc]
)  # fmt: skip
PASSES = _count(
    "passes", "passes", "Processing passes of the whole batch, tails included.",
    lambda layer: layer.run.passes, formula="sim.ledger.results.LayerRun.passes",
)  # fmt: skip
PROCESSING_CYCLES = _cycles(
    "processing_cycles", "processing",
    "Core cycles without the waits for fmaps from and to DRAM.",
    lambda layer: layer.run.processing_cycles, "sim.ledger.results.LayerRun.processing_cycles",
)  # fmt: skip
TOTAL_CYCLES = _cycles(
    "total_cycles", "total", "Core cycles with the waits for fmaps from and to DRAM, and with the configuration.",
    lambda layer: layer.run.total_cycles, "sim.ledger.results.LayerRun.total_cycles",
)  # fmt: skip
PROCESSING = _latency(
    "processing_latency", "processing", "Time without the waits for fmaps from and to DRAM.",
    lambda layer: layer.processing_latency_s, "processing_cycles / core clock",
)  # fmt: skip
TOTAL = _latency(
    "total_latency", "total", "Time with the waits for fmaps from and to DRAM, and with the configuration.",
    lambda layer: layer.total_latency_s, "total_cycles / core clock",
)  # fmt: skip
GLB = _bits(
    "glb", "GLB", "glb_bits",
    "All bytes in and out of the global buffer: fills, filters, ifmaps, psums and ofmaps. The papers' column of buffer "
    "accesses is another figure: it leaves out fills and filters (see glb_accesses).",
    lambda layer: layer.run.ledger.bits_in("glb"), "sim.ledger.counts.Ledger.bits_in",
)  # fmt: skip
DRAM = _bits(
    "dram", "DRAM", "dram_bits", "Bytes to and from DRAM, after compression.",
    lambda layer: layer.run.ledger.dram_bits, "sim.ledger.counts.Ledger.dram_bits",
)  # fmt: skip
DRAM_WORDS = _count(
    "dram_words", "DRAM words", "Words to and from DRAM, before compression.",
    lambda layer: layer.run.ledger.words_in("dram"), formula="sim.ledger.counts.Ledger.words_in",
)  # fmt: skip
GLB_WORDS = _count(
    "glb_words", "GLB words", "All words in and out of the global buffer.",
    lambda layer: layer.run.ledger.words_in("glb"), formula="sim.ledger.counts.Ledger.words_in",
)  # fmt: skip
COMPUTE = _energy("compute", "Energy of MACs, and of the control that they take.")
IFMAP = _energy("ifmap", "Energy of moving ifmaps, at all levels.")
FILTER = _energy("filter", "Energy of moving filter weights, at all levels.")
OFMAP = _energy("ofmap", "Energy of moving psums and ofmaps, at all levels.")
STATIC = _energy("static", "Energy of all that goes with time: clock and control cycles, leakage.")
CHIP = _energy("chip", "Energy of the chip, DRAM left out.")
SYSTEM = _energy("system", "Energy of the chip and of DRAM.")
POWER = Figure(
    "power", "power", "power_w", "W", "mW", 1e3, 1, 0,
    "The chip's mean power over the total latency, DRAM left out; only where costs are in joules.",
    "chip / total_latency", lambda layer: layer.power_w, lambda result: result.totals()["power_w"],
)  # fmt: skip
FPS = Figure(
    "fps", "frames/s", "fps", "frames/s", "frames/s", 1, 1, 2, "Images a second: the batch over its total latency.",
    "batch / total_latency", None, lambda result: result.totals()["fps"],
)  # fmt: skip
DRAM_PER_MAC = Figure(
    "dram_per_mac", "DRAM accesses/MAC", "dram_accesses_per_mac", "", "", 1, 1, 4,
    "16-bit words to and from DRAM, after compression, over all MACs.", "dram / 16 bits / macs",
    lambda layer: DRAM.value(layer) / _WORD_BITS / MACS.value(layer),
    lambda result: DRAM.of_network(result) / _WORD_BITS / MACS.of_network(result),  # type: ignore[misc]
)  # fmt: skip
EDP = Figure(
    "edp", "EDP", "edp", "energy s", "", 1, 1, 4, "System energy times total latency.", "system x total_latency",
    lambda layer: layer.energy.system * layer.total_latency_s,
    lambda result: SYSTEM.of_network(result) * TOTAL.of_network(result),  # type: ignore[misc]
)  # fmt: skip
AREA = Figure(
    "area", "area", "area_mm2", "mm2", "mm2", 1, 1, 2, "Area of the chip's core, where its kind tells one.",
    "sim.chips.contract.Chip.areas_mm2",
)  # fmt: skip

OF_THE_RUN = (PES, MACS, LIVE, PROCESSING, TOTAL, GLB, DRAM, CHIP, SYSTEM)  # the columns of a run's table
IN_THE_FILE = (MACS, PERFORMED, PES, PASSES, PROCESSING_CYCLES, TOTAL_CYCLES, PROCESSING, TOTAL)  # of a layer, in order
IN_THE_TOTAL = tuple(figure for figure in IN_THE_FILE if figure not in (PES, PASSES))
KINDS = (COMPUTE, IFMAP, FILTER, OFMAP, STATIC)  # they add up to the system's
ENERGIES = (*KINDS, CHIP, SYSTEM)
FIGURES: Sequence[Figure] = (
    PES, MACS, PERFORMED, LIVE, PASSES, PROCESSING_CYCLES, TOTAL_CYCLES, PROCESSING, TOTAL, FPS, GLB, GLB_WORDS, DRAM,
    DRAM_WORDS, DRAM_PER_MAC, COMPUTE, IFMAP, FILTER, OFMAP, STATIC, CHIP, SYSTEM, POWER, EDP, AREA,
)  # fmt: skip
