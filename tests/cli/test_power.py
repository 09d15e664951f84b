"""Power by component: every component by hand, their sums, the mapper's agreement, and the command from end to end."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support import commands
from support.commands import read_json

from sim.chips.contract import Job
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.components import PARTS, sort_by_part
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.levels import LEVELS as LEDGER_LEVELS
from sim.chips.eyeriss.levels import Level
from sim.chips.eyeriss.machine import read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.search import find_mappings
from sim.chips.goals import Goal
from sim.cli.main import main
from sim.codes.expected import FmapCode
from sim.files.catalogue import find_machine, find_workload
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.ledger.energy import CostTable, Timed, energy_of, read_cost_table
from sim.ledger.results import Energy, LayerRun
from sim.networks.layer import BitWidths
from sim.networks.workload import read_workload

TENSORS = ("ifmap", "filter", "psum", "ofmap")
WAYS = ("read", "write")
LEVELS = ("dram", "glb", "gin", "gon", "ln", "fifo", "spad", "link")
# No two costs are equal, so that none can stand for another.
FULL: dict[str, Any] = {
    "schema": 1,
    "name": "full",
    "source": "test",
    "status": "calibrated",
    "unit": "pJ",
    "word": "16 b",
    "mac": 1.3,
    "zero_buffer_read": 0.017,
    "static_power": "11 mW",
    "voltage": "1.0 V",
    "gated_mac": 0.23,
    "performed_mac_control": 0.41,
    "pe_cycle": {"clock": 2.3, "spads": 1.9, "control": 0.7},
    "clock_cycle": 310.0,
    "top_control_cycle": 3.7,
    "leakage_power": "7 mW",
} | {
    level: {
        tensor: {way: round(0.1 * (1 + 8 * place + 2 * row + column), 3) for column, way in enumerate(WAYS)}
        for row, tensor in enumerate(TENSORS)
    }
    for place, level in enumerate(LEVELS)
}
COMPONENTS = [part.name for part in PARTS]
FIG16_COMPONENTS = [part.name for part in PARTS if part.published]
CLOCK_HZ = 125_000_000
CYCLES, PES = 8_000, 21
TINY = """\
schema: 1
name: tiny
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - {name: conv1, type: conv, ifmap: [3, 12, 12], filters: 8, kernel: 3, pad: 1}
  - {name: "fc[2]", type: fc, ifmap: [8, 6, 6], filters: 10, relu: false}
"""


@pytest.fixture(autouse=True)
def folder_of_the_run(folder: Path) -> None:
    """Stand in a folder that holds one small workload and a full cost table, away from any terminal."""
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    Path("full.yaml").write_text(yaml.safe_dump(FULL), encoding="utf-8")


@pytest.fixture
def full() -> CostTable:
    """Read the table in which everything costs something."""
    return read_cost_table(Path("full.yaml"))


def ledger() -> Ledger:
    """Count something different in every entry."""
    counts = Ledger(LEDGER_LEVELS, macs=9_000, macs_performed=3_100, zero_buffer_reads=8_900)
    entries = [(level, tensor, way) for level in Level for tensor in Tensor for way in Direction]
    for number, entry in enumerate(entries, start=1):
        counts.add(*entry, words=number, bits=7 * number * number)
    return counts


def energy_for(
    counts: Ledger, table: CostTable, *, bits: BitWidths | None = None, timed: Timed | None = None
) -> Energy:
    """Return what counts cost on the chip, in the time above where none is given."""
    of_time = timed or Timed(CYCLES, CLOCK_HZ, PES)
    return energy_of(counts, table, bits=bits or BitWidths(), timed=of_time, sort_by_part=sort_by_part)


def moved(counts: Ledger, costs: str, *levels: Level, tensors: tuple[Tensor, ...] = tuple(Tensor)) -> float:
    """Add up bits times cost, one by one; `costs` names the table's level, as a rule the bits' own."""
    energy = 0.0
    for level in levels:
        for tensor in tensors:
            for way in Direction:
                per_word = FULL[costs][tensor.name.lower()][way.name.lower()]
                energy += int(counts.bits[level, tensor, way]) / 16 * per_word
    return energy


def test_every_component_by_hand(full: CostTable) -> None:
    counts = ledger()
    gated = 9_000 - 3_100
    networks = [moved(counts, level.name.lower(), level) for level in (Level.GIN, Level.GON, Level.LN)]
    mac = 1.3 * (8 / 16) * (4 / 16)  # as the operands are narrow; control and gating cost what they cost
    cycle_s = 1 / CLOCK_HZ
    bits = BitWidths(ifmap=8, filter=4, psum=16)
    found = energy_for(counts, full, bits=bits)
    assert list(found.by_component) == COMPONENTS
    assert found.by_component == pytest.approx(
        {
            "clock": (310.0 + PES * 2.3) * CYCLES,
            "spads": moved(counts, "spad", Level.SPAD) + 8_900 * 0.017 + gated * 0.23 + PES * 1.9 * CYCLES,
            "mult_add": 3_100 * mac,
            "pe_control": 3_100 * 0.41 + PES * 0.7 * CYCLES,
            "pe_fifos": moved(counts, "fifo", Level.FIFO),
            "glb": moved(counts, "glb", Level.GLB),
            "multicast_noc": sum(networks),
            "io_pads": moved(counts, "link", Level.DRAM),
            "top_control": 3.7 * CYCLES,
            "leakage": 7e-3 * CYCLES * cycle_s * 1e12,
            "always_on": 11e-3 * CYCLES * cycle_s * 1e12,
        }
    )  # fmt: skip


def test_levels_and_kinds_by_hand(full: CostTable) -> None:
    """Pads and DRAM are the tensors'; gating and control of a MAC are computation; what goes with time is static."""
    counts = ledger()
    found = energy_for(counts, full)
    parts = found.by_component
    timed = [parts[name] for name in ("clock", "top_control", "leakage", "always_on")] + [PES * 2.6 * CYCLES]
    assert found.by_level["static"] == found.static == pytest.approx(sum(timed))
    assert found.by_level["control"] == pytest.approx(3_100 * 0.41)
    assert found.by_level["link"] == parts["io_pads"]
    assert found.by_level["noc"] == pytest.approx(parts["multicast_noc"] + parts["pe_fifos"])
    assert found.by_level["mac"] == parts["mult_add"]
    assert found.by_level["spad"] == pytest.approx(parts["spads"] - PES * 1.9 * CYCLES)
    assert found.compute == pytest.approx(3_100 * (1.3 + 0.41) + 5_900 * 0.23)
    for kind, tensors in (("filter", (Tensor.FILTER,)), ("ofmap", (Tensor.PSUM, Tensor.OFMAP))):
        on_the_way = sum(moved(counts, level.name.lower(), level, tensors=tensors) for level in Level)
        pads = moved(counts, "link", Level.DRAM, tensors=tensors)
        assert getattr(found, kind) == pytest.approx(on_the_way + pads)


counts_of_all = st.lists(st.integers(0, 10**12), min_size=56, max_size=56)


@given(bits=counts_of_all, performed=st.integers(0, 10**12), gated=st.integers(0, 10**12), flags=st.integers(0, 10**12))
def test_components_add_up_to_the_chip(bits: list[int], performed: int, gated: int, flags: int) -> None:
    counted = Ledger(LEDGER_LEVELS, macs=performed + gated, macs_performed=performed, zero_buffer_reads=flags)
    counted.bits[:] = np.array(bits).reshape(len(Level), len(Tensor), len(Direction))
    table = CostTable.model_validate(FULL)
    found = energy_for(counted, table, timed=Timed(10**9, CLOCK_HZ, PES))
    assert sum(found.by_component.values()) == pytest.approx(found.chip)
    assert sum(found.by_level.values()) == pytest.approx(found.system)
    assert found.system - found.chip == pytest.approx(found.by_level["dram"], abs=found.system * 1e-12)
    kinds = found.compute + found.ifmap + found.filter + found.ofmap + found.static
    assert kinds == pytest.approx(found.system)


@pytest.mark.parametrize("workload", ["alexnet", "squeezenet_v1_1", "mobilenet_v1_0.5_128"])
@pytest.mark.parametrize("machine", ["eyeriss", "asilomar2017"])
def test_the_mapper_prices_as_the_ledger_does(machine: str, workload: str, full: CostTable) -> None:
    chip, network = read_machine(find_machine(machine)), read_workload(find_workload(workload))
    for layer in network.layers:
        folded = fold(layer.shape, chip)
        for candidate in find_mappings(layer, folded, chip, full, batch=2, goal=Goal(), top=2).candidates:
            run = AnalyticModel(chip, FmapCode.RLC).run(Job(layer, MappedLayer(folded, candidate.plan), 2))
            timed = Timed(run.total_cycles, chip.core.clock, run.active_pes)
            energy = energy_for(run.ledger, full, bits=layer.bits, timed=timed)
            assert candidate.energy == pytest.approx(energy.system, rel=1e-4), layer.name  # cycles and bits are rounded


# The command


def call(*arguments: str) -> int:
    """Run the command and give its exit status."""
    return commands.call("power", *arguments)


def written(*arguments: str, workload: str = "tiny.yaml") -> dict[str, Any]:
    """Return the command's JSON."""
    assert call(workload, "--quiet", "--json", "out.json", *arguments) == 0
    return read_json("out.json")


def test_the_file_holds_what_a_run_finds() -> None:
    found = written("--cost-table", "full.yaml", "--seed", "3")
    assert list(found) == ["schema", "complete", "provenance", "operating_point", "layers", "total"]
    assert main(("run", "tiny.yaml", "--cost-table", "full.yaml", "--seed", "3", "--quiet", "--json", "run.json")) == 0
    run = read_json("run.json")
    assert found["provenance"] == run["provenance"]
    assert found["operating_point"] == {"voltage_v": 1.0, "clock_hz": 200_000_000, "link_clock_hz": 60_000_000}
    for layer, other in zip([*found["layers"], found["total"]], [*run["layers"], run["total"]], strict=True):
        assert layer["power_by_component_w"] == other["power_by_component_w"]
        assert layer["power_w"] == pytest.approx(other["power_w"])
        assert layer["total_latency_s"] == other["total_latency_s"]
        assert all(layer["power_by_component_w"][part] > 0 for part in COMPONENTS)
        assert sum(layer["power_by_component_pct"].values()) == pytest.approx(100)
        for part, watts in layer["power_by_component_w"].items():
            assert layer["power_by_component_pct"][part] == pytest.approx(100 * watts / layer["power_w"])
        assert layer["fig16_pct"] is None
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "fc[2]"]


def test_constant_power_stays_what_it_is() -> None:
    """Whatever the layer, power that goes with time is its cost: 310 pJ a cycle, and 2.3 pJ for each PE in use."""
    for layer in written("--cost-table", "full.yaml")["layers"]:
        watts = layer["power_by_component_w"]
        pes = (watts["clock"] / 200e6 * 1e12 - 310) / 2.3
        assert 1 <= round(pes) <= 168
        assert pes == pytest.approx(round(pes))
        assert watts["top_control"] == pytest.approx(3.7e-12 * 200e6)
        assert (watts["leakage"], watts["always_on"]) == (pytest.approx(7e-3), pytest.approx(11e-3))


def test_the_measured_layers_stand_beside_the_figure() -> None:
    """JSSC 2017, Fig. 16, shows CONV1 and CONV5 of the measured run, and no other layer."""
    layers = written("--layers", "CONV1,CONV4,CONV5", workload="alexnet_jssc2017")["layers"]
    figures = {layer["name"]: layer["fig16_pct"] for layer in layers}
    assert list(figures["CONV1"].values()) == [32.9, 42.5, 8.9, 9.9, 1.3, 1.1, 0.9, 2.4, 0.1]
    assert list(figures["CONV5"].values()) == [45.0, 33.1, 3.0, 9.4, 2.3, 2.9, 2.2, 1.8, 0.1]
    assert list(figures["CONV1"]) == FIG16_COMPONENTS
    assert figures["CONV4"] is None
    assert all(layer["fig16_pct"] is None for layer in written("--layers", "CONV1", workload="alexnet")["layers"])


def test_the_tables_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    table = ("--cost-table", "full.yaml", "--csv", "out.csv")
    assert call("alexnet_jssc2017", "--layers", "CONV4,CONV5", *table) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    point = "1 V, core 200 MHz, link 60 MHz"
    assert lines[0] == f"alexnet_jssc2017 on eyeriss, cycle model, cost table full, {point}"
    assert [line[:9].strip() for line in lines[2:15]] == [
        "mW", "CONV4", "CONV5", "total", "", "", "% of chip", "CONV4", "CONV5", "Fig. 16", "total", "", "batch 4:",
    ]  # fmt: skip
    assert all(len(line) <= 100 for line in lines)
    rows = read_csv(Path("out.csv").read_text(encoding="utf-8"))
    conv5 = [float(row["power_mw"]) for row in rows if row["layer"] == "CONV5"]
    assert list(map(float, lines[4].split()[2:])) == pytest.approx([*conv5, sum(conv5)], abs=0.05)
    shares = [float(row["share_pct"]) for row in rows if row["layer"] == "CONV5"]
    assert list(map(float, lines[10].split()[1:])) == pytest.approx(shares, abs=0.05)
    assert lines[11].split()[2:] == ["45.0", "33.1", "3.0", "9.4", "2.3", "2.9", "2.2", "1.8", "0.1"]
    assert lines[15:] == ["published: JSSC 52(1) 2017 Fig. 16 (post-layout simulation)"]


def test_what_costs_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A table that doesn't split its static power has no clock; there is no column for what only others have."""
    spare = {
        "performed_mac_control": 0,
        "pe_cycle": {},
        "clock_cycle": 0,
        "top_control_cycle": 0,
        "leakage_power": "0 W",
    }
    Path("old.yaml").write_text(yaml.safe_dump(FULL | spare | {"status": "provisional"}), encoding="utf-8")
    assert call("tiny.yaml", "--cost-table", "old.yaml") == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[1].split()[-1] == "always"
    assert "leak" not in lines[2]
    assert lines[-2:] == [
        "cost table full has no cost for clock, pe_control, top_control",
        "note: cost table full is provisional, not yet calibrated",
    ]


def read_csv(text: str) -> list[dict[str, str]]:
    """Read a CSV file's rows."""
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_holds_what_the_json_does(capsys: pytest.CaptureFixture[str]) -> None:
    workload = "alexnet_jssc2017"
    found = written("--layers", "CONV5", workload=workload)
    assert call(workload, "--layers", "CONV5", "--csv", "-", "--quiet") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    rows = read_csv(printed.out)
    assert list(rows[0]) == ["layer", "component", "power_mw", "share_pct", "fig16_pct"]
    expected = [(one["name"], part) for one in (*found["layers"], found["total"]) for part in COMPONENTS]
    assert [(row["layer"], row["component"]) for row in rows] == expected
    (layer,) = found["layers"]
    for row in rows[: len(COMPONENTS)]:
        part = row["component"]
        assert float(row["power_mw"]) == pytest.approx(1e3 * layer["power_by_component_w"][part])
        assert float(row["share_pct"]) == pytest.approx(layer["power_by_component_pct"][part])
        assert row["fig16_pct"] == str(layer["fig16_pct"].get(part, ""))


def test_quiet_and_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("tiny.yaml", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert call("tiny.yaml", "--json", "-") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["complete"]
    assert printed.err.startswith("tiny on eyeriss")  # the tables make way


def test_an_interrupt_keeps_the_finished_layers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = CycleModel.run

    def stop(model: CycleModel, job: Job[MappedLayer]) -> LayerRun:
        if job.layer.name != "conv1":
            raise KeyboardInterrupt
        return run(model, job)

    monkeypatch.setattr(CycleModel, "run", stop)
    assert call("tiny.yaml", "--json", "out.json") == 130
    found = read_json("out.json")
    assert (found["complete"], len(found["layers"])) == (False, 1)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "interrupted: the figures above are of the 1 layers that were finished"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--cost-table", "normalized-65nm"],
         "--cost-table: power takes joules, cost table normalized-65nm is in units of one MAC; "
         "use a cost table in pJ such as eyeriss-65nm"),
        (["--arch", "asilomar2017"],
         "--cost-table: power takes joules, cost table normalized-65nm is in units of one MAC; "
         "use a cost table in pJ such as eyeriss-65nm"),
        (["--json", "x", "--csv", "./x"], "./x: --json and --csv both write there; name two files"),
        (["--csv", "nowhere/x"], "nowhere/x: its folder is missing; make it first"),
        (["--layers", "conv9"], "--layers: no layer 'conv9' in tiny; did you mean 'conv1'?"),
        (["--clock", "20"], "--clock: a number without a unit; write e.g. '200 MHz'"),
    ],
)  # fmt: skip
def test_refuse(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> LayerRun:
        raise AssertionError("a layer was run before the input was refused")

    monkeypatch.setattr(CycleModel, "run", never)
    assert call("tiny.yaml", *arguments) == 2
    assert capsys.readouterr() == ("", f"{line}\n")
    assert sorted(path.name for path in Path().iterdir()) == ["full.yaml", "tiny.yaml"]
