"""The parts of the chip that its energy is told by: those of JSSC 2017, Fig. 16, and what that has no name for."""

from __future__ import annotations

from sim.ledger.energy import EnergyPart, Spent

PARTS = (
    EnergyPart("clock", "clock", published=True),
    EnergyPart("spads", "spads", published=True),
    EnergyPart("mult_add", "mult\nadd", published=True),
    EnergyPart("pe_control", "PE\nctrl", published=True),
    EnergyPart("pe_fifos", "PE\nFIFOs", published=True),
    EnergyPart("glb", "GLB", published=True),
    EnergyPart("multicast_noc", "NoC", published=True),
    EnergyPart("io_pads", "I/O\npads", published=True),
    EnergyPart("top_control", "top\nctrl", published=True),
    EnergyPart("leakage", "leak"),
    EnergyPart("always_on", "always\non"),
)


def sort_by_part(spent: Spent) -> dict[str, float]:
    """Sort a layer's energy on the chip by its parts, in the order of PARTS."""
    found = {
        "mult_add": spent.macs,
        "pe_fifos": spent.at("fifo"),
        "glb": spent.at("glb"),
        "multicast_noc": spent.at("gin", "gon", "ln"),
        "io_pads": spent.link,
        **spent.timed,
    }
    found["spads"] += spent.by_group["spad"]
    found["pe_control"] += spent.control
    return {part.name: found[part.name] for part in PARTS}
