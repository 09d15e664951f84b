"""The mapper: finds, for a layer on a machine, the legal mapping of least estimated energy.

It tries every q, r, t, p, the strip widths and image counts that make a difference, and for each the largest m that
the GLB holds. The estimate serves only to choose; energies that are reported come from a model's counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.arch import Gating, Machine
from sim.counts import Direction, Level, Tensor
from sim.energy import CostTable
from sim.errors import InputError
from sim.kernels import mapping_search
from sim.layer import Layer
from sim.mapping.folding import Folded
from sim.mapping.legality import Case, violations
from sim.mapping.row_stationary import Mapping

READ, WRITE = Direction.READ, Direction.WRITE


def steps_that_matter(total: int) -> NDArray[np.int64]:
    """List, for each number of pieces that `total` can be cut into, the smallest size of a piece; largest first."""
    return np.array(sorted({-(-total // -(-total // size)) for size in range(1, total + 1)}, reverse=True), np.int64)


def find_mapping(layer: Layer, folded: Folded, machine: Machine, table: CostTable, *, batch: int) -> Mapping:
    """Find the cheapest legal mapping; raise InputError where none is, with the rules that the smallest one breaks."""
    best = np.zeros(7, np.int64)
    _, _, tried = mapping_search.search(
        _facts(layer, folded, machine, batch),
        _costs(layer, machine, table),
        steps_that_matter(folded.shape.E),
        steps_that_matter(batch),
        best,
    )
    if tried:
        mapping = Mapping(*(int(value) for value in best))
        if not violations(Case(folded, batch, layer.bits, mapping, machine)):
            return mapping
    smallest = Case(folded, batch, layer.bits, Mapping(1, 1, 1, 1, 1, 1, 1), machine)
    broken = "; ".join(str(violation) for violation in violations(smallest))
    raise InputError.located(
        f"layer {layer.name}",
        wrong=f"no legal mapping on {machine.name}",
        allowed=broken or "change the machine",
    )


def _facts(layer: Layer, folded: Folded, machine: Machine, batch: int) -> NDArray[np.int64]:
    shape, pe, glb, noc, bits = folded.shape, machine.pe, machine.glb, machine.noc, layer.bits
    window = pe.ifmap_spad.capacity(bits.ifmap)
    values = {
        "BATCH": batch,
        "GROUPS": shape.G,
        "FILTERS": shape.M,
        "RUN_FILTERS": folded.filters_per_run,
        "CHANNELS": shape.C,
        "FILTER_HEIGHT": shape.R,
        "FILTER_WIDTH": shape.S,
        "OFMAP_HEIGHT": shape.E,
        "OFMAP_WIDTH": shape.F,
        "STRIDE_Y": shape.Uy,
        "STRIDE_X": shape.Ux,
        "ARRAY_ROWS": machine.pe_array.rows,
        "ARRAY_COLUMNS": machine.pe_array.columns,
        "FILTER_SPAD": pe.filter_spad.capacity(bits.filter),
        "WINDOW": window if pe.gating == Gating.OFF else min(window, pe.zero_buffer),
        "PSUM_SPAD": pe.psum_spad.capacity(bits.psum),
        "ROW_TAGS": (1 << noc.row_id) - 1,
        "COL_TAGS": (1 << noc.col_id) - 1,
        "FMAP_BANKS": glb.fmap_banks,
        "BANK_BITS": glb.bank_bits,
        "FMAP_COPIES": 2 if machine.overlap.fmaps else 1,
        "FILTER_BUFFER": glb.filter_banks * glb.bank_bits // bits.filter,
        "IFMAP_BITS": bits.ifmap,
        "PSUM_BITS": bits.psum,
        "FILTER_RATE": max(1, noc.gin_filter // bits.filter),
        "IFMAP_RATE": max(1, noc.gin_ifmap // bits.ifmap),
        "GON_RATE": max(1, noc.gon // bits.psum),
    }
    return np.array([values[name] for name in mapping_search.FACTS], np.int64)


def _costs(layer: Layer, machine: Machine, table: CostTable) -> NDArray[np.float64]:
    bits = layer.bits
    per_bit = table.per_word() / table.word
    link_cycle = machine.core.clock / machine.link.clock / machine.link.width
    ifmap_bits = _stored_bits(layer, machine)

    def cost(level: Level, tensor: Tensor, direction: Direction, width: int) -> float:
        return float(per_bit[level, tensor, direction]) * width

    def delivery(tensor: Tensor, width: int) -> float:
        hops = ((Level.GIN, WRITE), (Level.FIFO, WRITE), (Level.FIFO, READ), (Level.SPAD, WRITE))
        return sum(cost(level, tensor, direction, width) for level, direction in hops)

    def both(level: Level, tensor: Tensor, width: int) -> float:
        return cost(level, tensor, READ, width) + cost(level, tensor, WRITE, width)

    fetch = float(per_bit[Level.DRAM, Tensor.IFMAP, READ]) * ifmap_bits
    networks = (Level.GLB, Level.GON, Level.GIN)
    values = {
        "IFMAP_FETCH": fetch + cost(Level.GLB, Tensor.IFMAP, WRITE, bits.ifmap),
        "FILTER_FETCH": cost(Level.DRAM, Tensor.FILTER, READ, bits.filter)
        + both(Level.GLB, Tensor.FILTER, bits.filter)
        + cost(Level.GIN, Tensor.FILTER, READ, bits.filter),
        "IFMAP_SEND": cost(Level.GLB, Tensor.IFMAP, READ, bits.ifmap) + cost(Level.GIN, Tensor.IFMAP, READ, bits.ifmap),
        "IFMAP_DELIVERY": delivery(Tensor.IFMAP, bits.ifmap),
        "FILTER_DELIVERY": delivery(Tensor.FILTER, bits.filter),
        "PSUM_ROUND_TRIP": sum(both(level, Tensor.PSUM, bits.psum) for level in networks),
        "PSUM_HOP": both(Level.LN, Tensor.PSUM, bits.psum),
        "IFMAP_LINK": link_cycle * ifmap_bits,
        "FILTER_LINK": link_cycle * bits.filter,
        "CYCLE": table.static_per_cycle(machine.core.clock),
    }
    return np.array([values[name] for name in mapping_search.COSTS], np.float64)


def _stored_bits(layer: Layer, machine: Machine) -> float:
    """Estimate the bits that DRAM holds for one ifmap value: a pair of the code for each that is not zero."""
    code = machine.rlc
    if not (code.enabled and (layer.coded_ifmap or code.codes_network_input)):
        return float(layer.bits.ifmap)
    shape = layer.shape
    padding = 1 - layer.stored_height * layer.stored_width / (shape.H * shape.W)
    density = (1 - layer.ifmap_zeros) * (1 - max(0.0, padding))
    return max(density, 1 / (1 << code.run)) * machine.link.width / code.pairs
