"""The cost table that a calibration makes, as its YAML file."""

from __future__ import annotations

from sim.chips.parts.calibration import Calibration

# DRAM is no part of the chip: 640 pJ for 32 bits of LPDDR2 (Horowitz, ISSCC 2014, as used by Han et al., ISCA 2016).
DRAM_PJ_PER_WORD = 320.0


_TENSORS = ("ifmap", "filter", "psum", "ofmap")


def as_yaml(found: Calibration) -> str:
    """Write the cost table, with residuals and intervals as comments."""
    cost = found.cost
    lines = [
        "# Costs of the Eyeriss test chip in 65 nm at 1 V, in pJ (of 16-bit words where words are meant).",
        "# Written by `python -m sim calibrate --output FILE`: non-negative least squares on AlexNet's five measured",
        "# layers (JSSC 2017, Table V: power x total latency) and the shares of the chip's parts in CONV1 and CONV5",
        "# (Fig. 16, a simulation after layout, weighted a quarter). VGG-16 takes no part: it is a prediction.",
        "# Networks: one cost for a word off GIN, GON or LN; two layers' shares can't tell them apart.",
        "# DRAM is outside the chip: 640 pJ for 32 bits (Horowitz, ISSCC 2014), not fitted.",
        "# Leakage: from the published 83.1 and 122.8 GMAC/s/W at 1 V and 0.82 V.",
        "#",
        f"# Fitted costs, with half the {found.confidence:.0%} confidence interval:",
    ]
    for one in found.costs:
        half = "at its bound" if one.half_interval_pj is None else f"+- {one.half_interval_pj:.3g}"
        lines.append(f"#   {one.name:22} {one.value_pj:9.4g}  {half:14} {one.meaning}")
    lines += ["#", "# What the fit leaves, in per cent of a layer's energy (its parts: in points):"]
    for layer in dict.fromkeys(one.layer for one in found.residuals):
        parts = [f"{one.part} {one.points:+.1f}" for one in found.residuals if one.layer == layer]
        lines += [
            f"#   {layer}: " + ", ".join(parts[:5]),
            *(["#          " + ", ".join(parts[5:])] if parts[5:] else []),
        ]
    spad, noc = cost("spad_access"), cost("noc_word")
    lines += [
        "schema: 1",
        "name: eyeriss-65nm",
        'source: "fitted to JSSC 52(1) 2017 Table V and Fig. 16 (AlexNet only); DRAM: Horowitz, ISSCC 2014"',
        "status: calibrated",
        "unit: pJ",
        "word: 16 b",
        "voltage: 1.0 V",
        f"mac: {cost('mac'):.4g}",
        "gated_mac: 0.0                       # what a gated MAC reads is counted as an ifmap spad read",
        f"performed_mac_control: {cost('performed_mac_control'):.4g}",
        "zero_buffer_read: 0.0",
        *_level("dram", DRAM_PJ_PER_WORD, DRAM_PJ_PER_WORD),
        *_level("link", cost("link_word"), cost("link_word")),
        *_level("glb", cost("glb_access"), cost("glb_access")),
        *(line for level in ("gin", "gon", "ln") for line in _level(level, 0.0, noc)),
        *_level("fifo", cost("fifo_access"), cost("fifo_access")),
        *_level("spad", spad, spad, ifmap_read=cost("ifmap_spad_read")),
        f"clock_cycle: {cost('clock_cycle'):.4g}",
        "pe_cycle: {"
        + ", ".join(f"{part}: {cost(f'pe_cycle.{part}'):.4g}" for part in ("clock", "spads", "control"))
        + "}",
        f"top_control_cycle: {cost('top_control_cycle'):.4g}",
        f"leakage_power: {found.leakage_power_w * 1e3:.3g} mW",
        "static_power: 0 W",
    ]
    return "\n".join(lines) + "\n"


def _level(name: str, read: float, write: float, *, ifmap_read: float | None = None) -> list[str]:
    """Write a level's costs, the same for every tensor but for an ifmap's read where that is given."""
    reads = dict.fromkeys(_TENSORS, read)
    if ifmap_read is not None:
        reads["ifmap"] = ifmap_read
    entries = [f"  {tensor + ':':7} {{read: {reads[tensor]:.4g}, write: {write:.4g}}}" for tensor in _TENSORS]
    return [f"{name}:", *entries]
