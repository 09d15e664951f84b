"""The configuration scan chain: shifted in once for each configuration of a layer (JSSC 2017, Section III)."""

from __future__ import annotations

from sim.arch import ScanChain


def configuration_cycles(chain: ScanChain, *, core_hz: int, runs: int) -> int:
    """Give the core cycles that `runs` configurations take, each rounded up to a whole cycle."""
    return runs * -(-chain.bits * core_hz // chain.clock)
