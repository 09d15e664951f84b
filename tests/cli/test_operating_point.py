"""Voltage and clocks: how costs follow them, what a machine's ranges refuse, and the options of the commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import call, read_json
from support.marked import place, plain

from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import LEVELS, Level
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.errors import InputError
from sim.files.catalogue import find_cost_table, find_machine, find_workload
from sim.ledger.energy import CostTable, PECycle, PerTensor, read_cost_table
from sim.ledger.results import LayerResult
from sim.networks.workload import read_workload
from sim.runs.runner import Planner, Runner

CHIP = Eyeriss()
GOOD = find_machine("eyeriss").read_text(encoding="utf-8")
PLAIN = find_machine("isca2016_256pe")  # states no range
LOW = 0.82
TINY = """\
schema: 1
name: tiny
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - name: conv1
    type: conv
    ifmap: [3, 12, 12]
    filters: 8
    kernel: 3
    pad: 1
    mapping: {m: 8, n: 1, e: 12, p: 8, q: 3, r: 1, t: 1}
"""


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small workload, away from any terminal."""
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")


@pytest.fixture
def table() -> CostTable:
    """Return a table at 1 V in which all that the voltage may touch costs something."""
    costs = read_cost_table(find_cost_table("eyeriss-65nm"))
    extra: dict[str, Any] = {"gated_mac": 0.3, "zero_buffer_read": 0.02, "clock_cycle": 300.0, "top_control_cycle": 4.0}
    extra |= {"leakage_power": 0.01, "static_power": 0.02, "link": costs.glb, "fifo": costs.ln}
    extra["levels"] = {"another": costs.glb}
    return costs.model_copy(
        update=extra | {"performed_mac_control": 0.4, "pe_cycle": PECycle(clock=3.0, spads=2.0, control=1.0)}
    )


# How costs follow the voltage


@pytest.mark.parametrize("voltage", [0.82, 0.9, 1.17])
def test_switching_goes_with_the_square_and_leakage_with_the_cube(voltage: float, table: CostTable) -> None:
    scaled = table.scaled_to(voltage)
    square = voltage**2
    for name in ("mac", "gated_mac", "zero_buffer_read", "clock_cycle", "top_control_cycle", "static_power"):
        assert getattr(scaled, name) == pytest.approx(getattr(table, name) * square), name
    assert scaled.performed_mac_control == pytest.approx(0.4 * square)
    assert scaled.pe_cycle.clock == pytest.approx(3 * square)
    assert scaled.leakage_power == pytest.approx(0.01 * voltage**3)
    before, after = table.per_word(LEVELS), scaled.per_word(LEVELS)
    for level in Level:
        factor = 1 if level == Level.DRAM else square
        assert after[level] == pytest.approx(before[level] * factor), level.name
    another, same = scaled.level("another"), table.level("another")
    assert another is not None
    assert same is not None
    assert another.per_word() == pytest.approx(same.per_word() * square)
    assert scaled.voltage == voltage


def test_pads_and_dram_have_supplies_of_their_own(table: CostTable) -> None:
    scaled = table.scaled_to(LOW)
    assert (scaled.link, scaled.dram) == (table.link, table.dram)


def test_the_tables_own_voltage_is_where_its_costs_hold(table: CostTable) -> None:
    at_low = table.model_copy(update={"voltage": LOW})
    assert at_low.scaled_to(LOW) is at_low
    assert at_low.scaled_to(1.0).mac == pytest.approx(table.mac / LOW**2)


def test_scaling_again_changes_nothing_and_scaling_back_undoes(table: CostTable) -> None:
    low = table.scaled_to(LOW)
    assert low.scaled_to(LOW) is low
    back = low.scaled_to(1.0)
    assert (back.mac, back.leakage_power) == (pytest.approx(table.mac), pytest.approx(table.leakage_power))


def test_costs_in_units_of_a_mac_are_relative_and_stay() -> None:
    normalized = read_cost_table(find_cost_table("normalized-65nm"))
    assert normalized.scaled_to(LOW) is normalized


def test_every_field_of_a_table_is_scaled_or_known_to_stay(table: CostTable) -> None:
    """A cost that is added later must say what voltage does to it."""
    scaled = table.scaled_to(LOW)
    kept = {name for name in CostTable.model_fields if getattr(scaled, name) == getattr(table, name)}
    assert kept == {"schema_version", "name", "source", "status", "unit", "word", "dram", "link"}


def test_tables_in_parts_scale_in_all_parts() -> None:
    level = PerTensor.model_validate(
        {name: {"read": i + 1.0, "write": i + 0.5} for i, name in enumerate(("ifmap", "filter", "psum", "ofmap"))}
    )
    assert level.times(2).per_word().tolist() == [[2, 1], [4, 3], [6, 5], [8, 7]]


# Machines


def at(machine: Machine, *, voltage: float, clock: int) -> Machine:
    """Put a machine at another point, as sweeps do."""
    return machine.model_copy(update={"core": machine.core.model_copy(update={"voltage": voltage, "clock": clock})})


def test_planner_and_runner_take_the_machines_voltage(table: CostTable) -> None:
    """Whoever calls them from Python need not scale anything, and what is scaled already is not scaled twice."""
    network = read_workload(Path("tiny.yaml"))

    def result(machine: Machine, costs: CostTable) -> LayerResult:
        planned = Planner(CHIP, machine, costs, batch=2).plan(network.layers)
        (layer,) = Runner(CHIP, machine, costs, AnalyticModel(machine), batch=2, seed=0).run(planned)
        return layer

    machine = read_machine(find_machine("eyeriss"))
    nominal, low = result(machine, table), result(at(machine, voltage=LOW, clock=200_000_000), table)
    assert result(at(machine, voltage=LOW, clock=200_000_000), table.scaled_to(LOW)).energy == low.energy
    parts, less = nominal.energy.by_component, low.energy.by_component
    assert less["io_pads"] == parts["io_pads"] > 0
    assert low.energy.by_level["dram"] == nominal.energy.by_level["dram"] > 0
    assert less["leakage"] == pytest.approx(LOW**3 * parts["leakage"])
    for part in parts.keys() - {"io_pads", "leakage"}:
        assert less[part] == pytest.approx(LOW**2 * parts[part]), part


def test_the_mapper_sees_the_voltage() -> None:
    """At a low voltage the chip's own energy weighs less against DRAM, which the mapper may have to heed."""
    machine, costs = read_machine(find_machine("eyeriss")), read_cost_table(find_cost_table("eyeriss-65nm"))
    cheap = at(machine, voltage=0.05, clock=200_000_000)
    layers = [replace(layer, mapping=None) for layer in read_workload(find_workload("squeezenet_v1_1")).layers]
    chosen = [one.plan for one in Planner(CHIP, cheap, costs, batch=4).plan(layers)]
    assert chosen == [one.plan for one in Planner(CHIP, cheap, costs.scaled_to(0.05), batch=4).plan(layers)]
    assert chosen != [one.plan for one in Planner(CHIP, machine, costs, batch=4).plan(layers)]


def test_the_chips_ranges_are_the_published_ones() -> None:
    """JSSC 52(1) 2017: core 0.82 to 1.17 V, 100 to 250 MHz; link up to 90 MHz."""
    chip = read_machine(find_machine("eyeriss"))
    assert chip.core.voltage_range == (0.82, 1.17)
    assert chip.core.clock_range == (100_000_000, 250_000_000)
    assert chip.link.clock_max == 90_000_000


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("clock: 200 MHz", "clock: @251 MHz",
         "core.clock: 251 MHz is out of core.clock_range; allowed: 100 MHz to 250 MHz"),
        ("clock: 200 MHz", "clock: @99 MHz",
         "core.clock: 99 MHz is out of core.clock_range; allowed: 100 MHz to 250 MHz"),
        ("voltage: 1.0 V", "voltage: @1.2 V",
         "core.voltage: 1.2 V is out of core.voltage_range; allowed: 0.82 V to 1.17 V"),
        ("[0.82 V, 1.17 V]", "@[1.17 V, 0.82 V]", "core.voltage_range: 1.17 V to 0.82 V; the smaller value first"),
        ("[0.82 V, 1.17 V]", "[@0 V, 1.17 V]", "core.voltage_range[0]: got '0 V'; expected more than 0"),
        ("[0.82 V, 1.17 V]", "@[0.82 V]", "core.voltage_range[1]: missing item; it is required"),
        ("[100 MHz, 250 MHz]", "[100 MHz, @250]",
         "core.clock_range[1]: a number without a unit; write e.g. '200 MHz'"),
        ("clock: 60 MHz", "clock: @90.5 MHz", "link.clock: 90.5 MHz is above link.clock_max; allowed: up to 90 MHz"),
        ("clock_max: 90 MHz", "@clock_range: [30 MHz, 90 MHz]",
         "link.clock_range: unknown key; did you mean 'clock_max'?"),
    ],
)  # fmt: skip
def test_refuse_a_machine(old: str, new: str, line: str) -> None:
    assert old in GOOD
    marked = GOOD.replace(old, new, 1)
    Path("m.yaml").write_text(plain(marked), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_machine(Path("m.yaml"))
    assert str(caught.value) == f"m.yaml:{place(marked)}: {line}"


# Commands


def result(command: str, *arguments: str, costs: str = "eyeriss-65nm") -> dict[str, Any]:
    """Return a command's JSON."""
    fixed = ("--quiet", "--json", "out.json", "--cost-table", costs)
    assert call(command, "tiny.yaml", *fixed, *arguments) == 0
    return read_json("out.json")


POINT = ("--voltage", "0.82 V", "--clock", "100 MHz", "--link-clock", "30 MHz")


@pytest.mark.parametrize("command", ["run", "estimate"])
def test_a_command_at_another_point(command: str) -> None:
    nominal, low = result(command), result(command, *POINT)
    (before,), (after,) = nominal["layers"], low["layers"]
    assert nominal["operating_point"] == {"voltage_v": 1.0, "clock_hz": 200_000_000, "link_clock_hz": 60_000_000}
    assert low["operating_point"] == {"voltage_v": 0.82, "clock_hz": 100_000_000, "link_clock_hz": 30_000_000}
    chosen = {"voltage": "0.82 V", "clock": "100 MHz", "link_clock": "30 MHz"}
    assert low["provenance"]["options"] == nominal["provenance"]["options"] | chosen
    # Both clocks are halved and the scan chain's is not: its cycles are halved, all others twice as long.
    configuration = round(1794 / 20e6 * 100e6)
    assert before["total_cycles"] - after["total_cycles"] == configuration
    assert after["total_latency_s"] == pytest.approx(after["total_cycles"] / 100e6)
    for level in ("mac", "spad", "noc", "glb"):
        assert after["energy"]["by_level"][level] == pytest.approx(LOW**2 * before["energy"]["by_level"][level])
    assert after["energy"]["by_level"]["dram"] == before["energy"]["by_level"]["dram"]
    assert after["energy"]["by_level"]["link"] == before["energy"]["by_level"]["link"]
    costs, pes = read_cost_table(find_cost_table("eyeriss-65nm")), after["active_pes"]
    switching = costs.clock_cycle + costs.top_control_cycle + pes * sum(costs.pe_cycle.model_dump().values())
    leakage = costs.leakage_power * LOW**3 * after["total_latency_s"] * 1e12
    assert after["energy"]["static"] == pytest.approx(switching * LOW**2 * after["total_cycles"] + leakage)


def test_power_at_another_point() -> None:
    """What leaks at 1 V leaks 0.82^3 of it at 0.82 V, whatever the clock."""
    found = result("power", *POINT)
    assert found["operating_point"]["voltage_v"] == 0.82
    leakage = read_cost_table(find_cost_table("eyeriss-65nm")).leakage_power
    assert found["total"]["power_by_component_w"]["leakage"] == pytest.approx(leakage * LOW**3)


def test_relative_costs_heed_no_voltage() -> None:
    """In units of one MAC nothing changes but the time."""
    before, after = (result("estimate", *point, costs="normalized-65nm") for point in ((), POINT))
    assert after["total"]["energy"] == before["total"]["energy"]
    assert after["total"]["total_latency_s"] > before["total"]["total_latency_s"]


def test_the_table_for_people_names_the_point(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--voltage", "0.82 V") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "tiny on eyeriss, cycle model, cost table eyeriss-65nm, 0.82 V, core 200 MHz, link 60 MHz"


def test_the_ends_of_the_ranges_are_allowed() -> None:
    for voltage, clock in (("0.82 V", "100 MHz"), ("1.17 V", "250 MHz")):
        assert result("run", "--voltage", voltage, "--clock", clock, "--link-clock", "90 MHz")["complete"]


def test_a_machine_without_ranges_takes_anything() -> None:
    point = ("--voltage", "0.3 V", "--clock", "2 GHz", "--link-clock", "1 GHz")
    assert result("run", "--arch", str(PLAIN), *point)["operating_point"]["clock_hz"] == 2 * 10**9


@pytest.mark.parametrize("command", ["run", "estimate", "power"])
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--voltage", "0.8 V"],
         "--voltage: 0.8 V is out of core.voltage_range of eyeriss; allowed: 0.82 V to 1.17 V"),
        (["--voltage", "1171 mV"],
         "--voltage: 1.171 V is out of core.voltage_range of eyeriss; allowed: 0.82 V to 1.17 V"),
        (["--clock", "300 MHz"],
         "--clock: 300 MHz is out of core.clock_range of eyeriss; allowed: 100 MHz to 250 MHz"),
        (["--link-clock", "0.1 GHz"],
         "--link-clock: 100 MHz is above link.clock_max of eyeriss; allowed: up to 90 MHz"),
        (["--voltage", "1"], "--voltage: a number without a unit; write e.g. '1.17 V'"),
        (["--voltage", ""], "--voltage: '' is not a quantity; write e.g. '1.17 V'"),
        (["--voltage", "-1 V"], "--voltage: '-1 V' is negative; write e.g. '1.17 V'"),
        (["--voltage", "0 V"], "--voltage: got '0 V'; expected more than 0"),
        (["--voltage", "11 V"], "--voltage: got '11 V'; expected at most 10"),
        (["--clock", "1 V"],
         "--clock: '1 V' is in a unit of voltage, not of frequency; allowed: Hz, kHz, MHz, GHz"),
        (["--link-clock", "60 Mhz"], "--link-clock: '60 Mhz' has the unknown unit 'Mhz'; did you mean 'MHz'?"),
        (["--clock", "0 Hz"], "--clock: got '0 Hz'; expected at least 1"),
    ],
)  # fmt: skip
def test_refuse_a_point(command: str, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    costs = ("--cost-table", "eyeriss-65nm", "--json", "out.json")
    assert call(command, "tiny.yaml", *costs, *arguments) == 2
    assert capsys.readouterr() == ("", f"{line}\n")
    assert not Path("out.json").exists()
