"""The configuration scan chain: shifted in for a layer, and anew where its setting changes (JSSC 2017, Section III)."""

from __future__ import annotations

from sim.chips.eyeriss.machine import ScanChain


def configuration_cycles(chain: ScanChain, *, core_hz: int, configurations: int) -> int:
    """Return the core cycles that `configurations` take, each rounded up to a whole cycle."""
    return configurations * -(-chain.bits * core_hz // chain.clock)
