"""Area: the published chip's core, split by its published shares (JSSC 2017, Fig. 15), scaled to another machine.

Spads, FIFOs and the GLB go linearly with their bits, whatever they are made of: Fig. 15 gives the spads of a PE as one
share, so SRAM and registers take the same area a bit here. Multipliers, PE control and the NoC go with the number of
PEs; codec, top-level control and scan chain are constant.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from sim.arch import PE, GlobalBuffer, Machine

CORE_MM2 = 12.25  # 3.5 mm x 3.5 mm, pads left out (JSSC 2017, Section VI)

# The machine that Fig. 15 shows; the FIFOs' depths are unpublished, and those of arch/eyeriss.yaml.
_PES = 12 * 14
_SPAD_BITS = (224 + 12 + 24) * 16 + 12
_FIFO_BITS = (32 + 16) * 16
_GLB_BITS = (25 + 2) * 512 * 64


def area_mm2(machine: Machine) -> float:
    """Give the core's area in mm2: 12.25 for the published chip."""
    published = _published_shares()
    scale = _scale_of(machine)
    return CORE_MM2 * (sum(published[part] * scale[part] for part in published) / sum(published.values()))


def area_by_part_mm2(machine: Machine) -> dict[str, float]:
    """Give the area of each part in mm2; those inside PEs start with `pe_`, and stand for all PEs together."""
    published = _published_shares()
    scale = _scale_of(machine)
    whole = sum(published.values())
    return {part: CORE_MM2 * share * scale[part] / whole for part, share in published.items()}


def _scale_of(machine: Machine) -> dict[str, float]:
    """Give how many times as large each part is as the published one."""
    pes = machine.pe_array.rows * machine.pe_array.columns / _PES
    return {
        "pe_spads": pes * _spad_bits(machine.pe) / _SPAD_BITS,
        "pe_io_fifos": pes * _fifo_bits(machine.pe) / _FIFO_BITS,
        "pe_control": pes,
        "pe_mult_add": pes,
        "glb": _glb_bits(machine.glb) / _GLB_BITS,
        "multicast_noc": pes,
        "rlc_relu": 1.0,
        "top_control": 1.0,
        "scan_chain": 1.0,
    }


def _spad_bits(pe: PE) -> int:
    spads = (pe.filter_spad, pe.ifmap_spad, pe.psum_spad)
    return sum(spad.words * spad.width for spad in spads) + pe.zero_buffer


def _fifo_bits(pe: PE) -> int:
    return sum(fifo.words * fifo.width for fifo in (pe.ifmap_fifo, pe.psum_fifo))


def _glb_bits(glb: GlobalBuffer) -> int:
    return (glb.fmap_banks + glb.filter_banks) * glb.bank_bits


@cache
def _published_shares() -> dict[str, float]:
    """Give the shares of the core's area in per cent, the PE array's split by the shares inside a PE."""
    text = resources.files("sim.silicon").joinpath("fig15_area_pct.csv").read_text(encoding="utf-8")
    rows = [(row["scope"], row["component"], float(row["pct"])) for row in csv.DictReader(text.splitlines())]
    core = {component: pct for scope, component, pct in rows if scope == "core"}
    pe = {component: pct for scope, component, pct in rows if scope == "pe"}
    array = core.pop("pe_array") / sum(pe.values())
    return {f"pe_{component}": array * pct for component, pct in pe.items()} | core
