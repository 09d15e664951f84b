"""The methodology's published estimates: AlexNet's Fig. 6, GoogLeNet's total and shares, SqueezeNet against AlexNet.

Comparisons with their reasons, none fitted layer by layer. `python -m sim estimate` shows the same figures.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from support.paths import DATA

from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import read_machine
from sim.chips.goals import Bounds, Goal
from sim.codes.expected import FmapCode
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.energy import read_cost_table
from sim.ledger.results import Energy, add_energies
from sim.networks.coverage import live_products
from sim.networks.layer import Layer, LayerKind
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, Runner

TABLE = DATA / "asilomar2017_fig6_alexnet_energy.csv"
FIG6 = {row["layer"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}
KINDS = {"computation": "compute", "weight": "filter", "ifmap": "ifmap", "ofmap": "ofmap"}
BATCH = {"alexnet": 44, "googlenet": 48, "squeezenet_v1_0": 48}
# What our CONV2 ifmaps differ by: the figure's value would need a third group of filters in the GLB (three fetches of
# the ifmap instead of two), which no energy-optimal mapping on a 108 KiB buffer has.
CONV2_IFMAP_PCT = 8.5
CELL_PCT = {"CONV1": 5, "CONV2": 5, "CONV3": 10, "CONV4": 10, "CONV5": 10}


def one_image_a_pass(layer: Layer) -> Goal:
    """Return the goal that Fig. 6 implies: n = 1 on CONV layers, all psums of an FC layer in the GLB."""
    filters = layer.shape.M
    limit = ("m", Bounds(filters, filters)) if layer.kind is LayerKind.FC else ("n", Bounds(1, 1))
    return Goal(constraints=(limit,), code=FmapCode.SIGNIFICANCE_MAP)


def free(layer: Layer) -> Goal:
    """Return a goal that leaves n free; psums of FC layers stay in the GLB as in Fig. 6."""
    filters = layer.shape.M
    limits = (("m", Bounds(filters, filters)),) if layer.kind is LayerKind.FC else ()
    return Goal(constraints=limits, code=FmapCode.SIGNIFICANCE_MAP)


def as_in_table_iii(layer: Layer) -> Goal:
    """Return a goal with no more channels in a pass than any layer of JSSC 2017, Table III, has."""
    goal = free(layer)
    return replace(goal, constraints=(*goal.constraints, ("q", Bounds(1, 4)), ("r", Bounds(1, 2))))


def as_in_figure(layer: Layer) -> Layer:
    """Hand a layer the density that Fig. 6's computation column implies."""
    products = layer.shape.G * layer.shape.M * layer.shape.C * live_products(layer)
    return replace(layer, ifmap_zeros=max(0.0, 1 - float(FIG6[layer.name]["computation"]) / products))


@cache
def estimated(workload: str, goal_of: Callable[[Layer], Goal], *, figure: bool = False) -> dict[str, Energy]:
    """Estimate a network, in MACs for the whole batch."""
    machine = read_machine(find_machine("asilomar2017"))
    table = read_cost_table(find_cost_table("normalized-65nm"))
    layers = [as_in_figure(layer) if figure else layer for layer in read_workload(find_workload(workload)).layers]
    batch = BATCH[workload]
    planned = Planner(Eyeriss(), machine, table, batch, goal_of).plan(layers)
    runner = Runner(Eyeriss(), machine, table, AnalyticModel(machine, FmapCode.SIGNIFICANCE_MAP), batch, 0)
    return {result.name: result.energy for result in runner.run(planned)}


def total(workload: str) -> float:
    """Return a network's energy an image, with n free."""
    return add_energies(list(estimated(workload, free).values())).system / BATCH[workload]


def deviation_pct(found: float, published: float) -> float:
    """Return a deviation in per cent."""
    return 100 * (found / published - 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", CELL_PCT)
def test_fig_6_cell(layer: str, kind: str) -> None:
    found = getattr(estimated("alexnet", one_image_a_pass, figure=True)[layer], KINDS[kind]) / BATCH["alexnet"]
    off = deviation_pct(found, float(FIG6[layer][kind]))
    print(f"{layer} {kind}: {found:.4g}, published {FIG6[layer][kind]}, {off:+.2f} %")
    assert abs(off) <= (CONV2_IFMAP_PCT if (layer, kind) == ("CONV2", "ifmap") else CELL_PCT[layer])


@pytest.mark.parametrize("layer", CELL_PCT)
def test_fig_6_conv_layer(layer: str) -> None:
    found = estimated("alexnet", one_image_a_pass, figure=True)[layer].system / BATCH["alexnet"]
    assert abs(deviation_pct(found, sum(float(FIG6[layer][kind]) for kind in KINDS))) <= 5


@pytest.mark.parametrize("layer", ["FC6", "FC7", "FC8"])
def test_fig_6_fc_weights(layer: str) -> None:
    found = estimated("alexnet", one_image_a_pass, figure=True)[layer].filter / BATCH["alexnet"]
    assert abs(deviation_pct(found, float(FIG6[layer]["weight"]))) <= 3


def test_fig_6_total_and_conv_share() -> None:
    energies = estimated("alexnet", one_image_a_pass, figure=True)
    whole = sum(energy.system for energy in energies.values())
    conv = sum(energy.system for name, energy in energies.items() if name.startswith("CONV"))
    print(f"AlexNet {whole / BATCH['alexnet']:.4g} (published 3.88e9), CONV {100 * conv / whole:.1f} % (published 72)")
    assert abs(deviation_pct(whole / BATCH["alexnet"], 3.88e9)) <= 3
    assert abs(100 * conv / whole - 72) <= 2


def test_googlenet_total_and_shares() -> None:
    """With no more channels in a pass than Table III has (q up to 4, r up to 2), total and shares are the slides'.

    Free, the mapper interleaves up to 12 channels in the 1 x 1 layers and so keeps psums in the array: 6.45e9, ofmaps
    37 % instead of 43. With n = 1 the total fits, 7.33e9, but weights take 33 % instead of 22.
    """
    energies = estimated("googlenet", as_in_table_iii)
    whole = add_energies(list(energies.values()))
    shares = {kind: 100 * getattr(whole, name) / whole.system for kind, name in KINDS.items()}
    print(f"GoogLeNet {whole.system / BATCH['googlenet']:.4g}, published 7.4e9; {shares}")
    assert abs(deviation_pct(whole.system / BATCH["googlenet"], 7.4e9)) <= 8
    for kind, published in {"computation": 10, "weight": 22, "ifmap": 25, "ofmap": 43}.items():
        assert abs(shares[kind] - published) <= 5


def test_squeezenet_takes_about_as_much_as_alexnet() -> None:
    """The slides say 1.3 times. With n free for both it is 1.2; with n = 1 on CONV layers of both it would be 1.13."""
    ratio = total("squeezenet_v1_0") / total("alexnet")
    print(f"SqueezeNet v1.0 over AlexNet: {ratio:.3f}, published 1.3")
    assert abs(ratio - 1.3) <= 0.1
