"""Area: the published chip's core, split by its published shares (JSSC 2017, Fig. 15), scaled to another machine.

Fig. 15 tells the spads of a PE from the GLB, so a bit of each has an area of its own: 8.366 um2 in a spad (60.9 % of a
PE, 700,896 bits in all), 2.603 um2 in the GLB (18.8 % of the core, 884,736 bits), 3.2 times as much in the small
memories. Assumed: each kind goes linearly with its bits. What a memory has besides bits (decoders, sense amplifiers),
which makes a shallow one larger a bit, is not modelled; nor are the filter spad's SRAM and the registers of the other
two told apart, as Fig. 15 gives them as one share. FIFOs go with their bits, whose number is unpublished. Multipliers,
PE control and the NoC go with the number of PEs; codec, top-level control and scan chain are constant.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping as Dict
from functools import cache
from importlib import resources

from sim.chips.eyeriss.machine import PE, GlobalBuffer, Machine

CORE_MM2 = 12.25  # 3.5 mm x 3.5 mm, pads left out (JSSC 2017, Section VI)
STORAGE = ("pe_spads", "glb")

# The machine that Fig. 15 shows; the FIFOs' depths are unpublished, and those of arch/eyeriss.yaml.
_PES = 12 * 14
_SPAD_BITS = (224 + 12 + 24) * 16 + 12
_FIFO_BITS = (32 + 16) * 16
_GLB_BITS = (25 + 2) * 512 * 64


def area_mm2(machine: Machine) -> float:
    """Return the core's area in mm2: 12.25 for the published chip."""
    return sum(area_by_part_mm2(machine).values())


def storage_area_mm2(machine: Machine) -> float:
    """Return the area of all spads and of the GLB in mm2: what ISCA 2016 calls storage area, its RF and buffer."""
    parts = area_by_part_mm2(machine)
    return sum(parts[part] for part in STORAGE)


def area_by_part_mm2(machine: Machine) -> dict[str, float]:
    """Return the area of each part in mm2; those inside PEs start with `pe_`, and stand for all PEs together."""
    scale = _scale_of(machine)
    return {part: area * scale[part] for part, area in _published_mm2().items()}


def _scale_of(machine: Machine) -> dict[str, float]:
    """Return how many times as large each part is as the published one."""
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
def _published_mm2() -> Dict[str, float]:
    """Return the published chip's parts in mm2, the PE array's split by the shares inside a PE."""
    text = resources.files("sim.chips.eyeriss.silicon").joinpath("fig15_area_pct.csv").read_text(encoding="utf-8")
    rows = [(row["scope"], row["component"], float(row["pct"])) for row in csv.DictReader(text.splitlines())]
    core = {component: pct for scope, component, pct in rows if scope == "core"}
    pe = {component: pct for scope, component, pct in rows if scope == "pe"}
    array = core.pop("pe_array") / sum(pe.values())
    shares = {f"pe_{component}": array * pct for component, pct in pe.items()} | core
    whole = sum(shares.values())
    return {part: CORE_MM2 * share / whole for part, share in shares.items()}
