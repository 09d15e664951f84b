"""What the chip's papers measured, as our results have it: by quantity and unit, for a layer and for a network.

JSSC 52(1) 2017, Tables V and VI: MB are 1e6 bytes, an access is 16 bits; buffer accesses leave out fills and filters.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.chips.eyeriss.levels import Level
from sim.chips.published import Figures
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.ledger.results import LayerResult

COMPRESSION = "dram_compression"
_WORD_BITS, _WORD_BYTES, _MB, _MIB = 16, 2, 10**6, 2**20


def compression_ratio(layer: LayerResult) -> float:
    """Return DRAM traffic as raw 16-bit words over what moved; filters and raw fmaps are in both."""
    ledger = layer.run.ledger
    return _WORD_BITS * int(ledger.words[Level.DRAM].sum()) / ledger.dram_bits


def layer_figures(layer: LayerResult) -> Figures:
    """Hand a layer's figures by quantity and unit; its energies must be in pJ."""
    glb_bytes = _WORD_BYTES * published_glb_words(layer.run.ledger)
    energy_mj, total_ms = layer.energy.chip * 1e-9, layer.total_latency_s * 1e3
    return {
        ("power", "mW"): 1e3 * energy_mj / total_ms,
        ("total_latency", "ms"): total_ms,
        ("processing_latency", "ms"): layer.processing_latency_s * 1e3,
        ("active_pes", "PE"): layer.run.active_pes,
        ("glb_accesses", "MB"): glb_bytes / _MB,
        ("glb_accesses", "MiB"): glb_bytes / _MIB,
        ("dram_accesses", "MB"): layer.run.ledger.dram_bits / 8 / _MB,
        ("chip_energy", "mJ"): energy_mj,
        (COMPRESSION, "1"): compression_ratio(layer),
    }


def published_glb_words(ledger: Ledger) -> int:
    """Count what the papers call buffer accesses: psums, ofmaps and ifmap reads, without fills and filters.

    All bytes in and out of the buffer are more: the ledger has them.
    """
    words = ledger.words[Level.GLB]
    psums = words[Tensor.PSUM].sum() + words[Tensor.OFMAP].sum()
    return int(psums + words[Tensor.IFMAP, Direction.READ])


def total_figures(layers: Sequence[Figures], batch: int) -> Figures:
    """Add up layers' figures; power is the mean over the total, active PEs over the processing latency."""
    total = {key: sum(layer[key] for layer in layers) for key in layers[0] if key[0] != COMPRESSION}
    busy = sum(layer["active_pes", "PE"] * layer["processing_latency", "ms"] for layer in layers)
    total["active_pes", "PE"] = busy / total["processing_latency", "ms"]
    total["power", "mW"] = 1e3 * total["chip_energy", "mJ"] / total["total_latency", "ms"]
    total["frame_rate", "frames/s"] = 1e3 * batch / total["total_latency", "ms"]
    return total
