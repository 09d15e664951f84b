"""The fit of the costs: recovers known costs from made evidence, and the shipped table is what the fit writes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.machine import read_machine
from sim.chips.eyeriss.silicon import calibration
from sim.chips.eyeriss.silicon.calibration import UNKNOWNS, LayerCounts, calibrate, leakage_power_w
from sim.chips.eyeriss.silicon.published import NETWORKS, published_figures, read_power_shares
from sim.chips.parts.calibration import Calibration
from sim.chips.published import PowerShares
from sim.cli.main import main
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.energy import CostTable, read_cost_table
from sim.ledger.results import LayerResult
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, Runner


@cache
def layers() -> tuple[LayerResult, ...]:
    """Run AlexNet as it was measured."""
    machine, table = read_machine(find_machine("eyeriss")), shipped()
    network = read_workload(find_workload(NETWORKS[0].workload))
    planned = Planner(Eyeriss(), machine, table, network.batch).plan(network.layers)
    return tuple(Runner(Eyeriss(), machine, table, CycleModel(machine), network.batch, 0).run(planned))


@cache
def shipped() -> CostTable:
    """Read the chip's cost table."""
    return read_cost_table(find_cost_table("eyeriss-65nm"))


@cache
def fit() -> Calibration:
    """Fit to the published figures."""
    return calibrate(layers())


def test_known_costs_come_back_from_made_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish what known costs make of the counts: the fit finds them, but for what two layers can't tell apart."""
    true = {one.name: 1.0 + number for number, one in enumerate(UNKNOWNS)} | {"glb_access": 40.0}
    counts = calibration._counts(layers())
    latency = {count.layer: count.cycles / 200e6 * 1e3 for count in counts}

    def energy(count: LayerCounts, part: str) -> float:
        return sum(true[one.name] * one.count(count) for one in UNKNOWNS if one.part == part)

    parts = list(dict.fromkeys(one.part for one in UNKNOWNS))
    chip = {count.layer: sum(energy(count, part) for part in parts) for count in counts}
    made = [
        PowerShares("made", count.layer, {part: 100 * energy(count, part) / chip[count.layer] for part in parts})
        for count in counts
    ]
    figures = [
        figure.__class__(
            **{name: getattr(figure, name) for name in figure.__slots__} | {"value": chip[figure.layer] * 1e-9}
        )
        if figure.quantity == "chip_energy" and figure.layer in chip
        else figure
        for figure in published_figures(NETWORKS[0])
    ]
    monkeypatch.setattr(calibration, "published_figures", lambda network: figures)
    monkeypatch.setattr(calibration, "read_power_shares", lambda: tuple(made))
    monkeypatch.setattr(calibration, "leakage_power_w", lambda: 0.0)
    found = calibrate(layers())
    assert latency.keys() == chip.keys()
    assert {cost.name: cost.value_pj for cost in found.costs} == pytest.approx(true, rel=1e-4)
    assert max(abs(left.percent) for left in found.residuals) < 1e-6


def test_no_other_cost_fits_better() -> None:
    """Move each cost a little, up or down where it may go: the weighted residuals grow."""
    counts = calibration._counts(layers())
    rows, published, weights, _ = calibration._evidence(counts, read_power_shares(), leakage_power_w())
    scaled = rows * (weights / published)[:, None]
    values, _ = calibration._non_negative(scaled, weights)
    least = np.square(scaled @ values - weights).sum()
    for place, value in enumerate(values):
        for factor in (0.97, 1.03):
            moved = values.copy()
            moved[place] = value * factor if value else 0.03 * (factor > 1)
            assert np.square(scaled @ moved - weights).sum() >= least


def test_every_part_of_figure_16_is_within_three_points() -> None:
    parts = [left for left in fit().residuals if left.part != "chip"]
    assert len(parts) == 18
    assert max(abs(left.points) for left in parts) < 3


def test_levels_are_in_order() -> None:
    """A spad access costs less than a word of the GLB, and that less than one of DRAM."""
    table = shipped()
    assert 0 < table.spad.filter.read < table.glb.psum.read < table.dram.filter.read
    assert all(cost.value_pj >= 0 for cost in fit().costs)


def test_the_shipped_table_is_what_the_command_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, figures = tmp_path / "costs.yaml", tmp_path / "fit.json"
    assert main(("calibrate", "--output", str(target), "--json", str(figures))) == 0
    assert target.read_text(encoding="utf-8") == find_cost_table("eyeriss-65nm").read_text(encoding="utf-8")
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert written["costs"].keys() == {one.name for one in UNKNOWNS}
    shown = capsys.readouterr().out
    assert "pe_cycle.clock" in shown and "multicast_noc" in shown


def test_leakage_explains_the_published_efficiencies() -> None:
    """The share s of leakage solves (1 - s) 0.82^2 + 2 s 0.82^3 = 83.1 / 122.8."""
    share = leakage_power_w() / calibration.ALEXNET_POWER_W
    assert (1 - share) * 0.82**2 + 2 * share * 0.82**3 == pytest.approx(83.1 / 122.8)


@pytest.mark.parametrize(
    ("voltage", "core_hz", "link_hz", "figure", "published", "within"),
    [(1.17, 250_000_000, 90_000_000, "fps", 45.0, 0.05), (0.82, 100_000_000, 60_000_000, "efficiency", 122.8, 0.01)],
)
def test_published_operating_points(
    voltage: float, core_hz: int, link_hz: int, figure: str, published: float, within: float
) -> None:
    """AlexNet at 1.17 V: 45 frames/s; at 0.82 V: 122.8 GMAC/s/W (JSSC 2017, Section VI)."""
    machine = read_machine(find_machine("eyeriss"))
    core = machine.core.model_copy(update={"voltage": voltage, "clock": core_hz})
    machine = machine.model_copy(update={"core": core, "link": machine.link.model_copy(update={"clock": link_hz})})
    network = read_workload(find_workload(NETWORKS[0].workload))
    planned = Planner(Eyeriss(), machine, shipped(), network.batch).plan(network.layers)
    done = list(Runner(Eyeriss(), machine, shipped(), CycleModel(machine), network.batch, 0).run(planned))
    macs = sum(layer.run.ledger.macs for layer in done)
    found = {
        "fps": network.batch / sum(layer.total_latency_s for layer in done),
        "efficiency": macs / sum(layer.energy.chip for layer in done) * 1e3,
    }
    assert found[figure] == pytest.approx(published, rel=within)


def test_pass_setup_is_the_least_squares_fit_to_alexnet() -> None:
    """Vary the set-up cycles: the sum of squared deviations of AlexNet's processing latency is least at the shipped."""
    machine = read_machine(find_machine("eyeriss"))
    due = {one.layer: one.value for one in published_figures(NETWORKS[0]) if one.quantity == "processing_latency"}
    network = read_workload(find_workload(NETWORKS[0].workload))

    def squares(cycles: int) -> float:
        varied = machine.model_copy(
            update={"control": machine.control.model_copy(update={"pass_setup_cycles": cycles})}
        )
        planned = Planner(Eyeriss(), varied, shipped(), network.batch).plan(network.layers)
        done = Runner(Eyeriss(), varied, shipped(), AnalyticModel(varied), network.batch, 0).run(planned)
        return sum((1e3 * layer.processing_latency_s / due[layer.name] - 1) ** 2 for layer in done)

    assert min(range(0, 151, 10), key=squares) == machine.control.pass_setup_cycles
