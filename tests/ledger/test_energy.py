"""Energy: hand-computed products of a ledger and a table, their sums, and the exact line for each bad table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.marked import place, plain

from sim.chips.eyeriss.components import PARTS, sort_by_part
from sim.chips.eyeriss.levels import LEVELS, Level
from sim.errors import InputError
from sim.files.catalogue import COST_TABLES, find_cost_table, names
from sim.ledger.counts import Direction, Ledger, LedgerLevel, Tensor
from sim.ledger.energy import CostTable, PECycle, Spent, Timed, energy_of, read_cost_table
from sim.ledger.results import Energy
from sim.networks.layer import BitWidths

GOOD = find_cost_table("normalized-65nm").read_text(encoding="utf-8")
READ, WRITE = Direction
WORD = 16
COMPONENTS = [part.name for part in PARTS]


def ledger() -> Ledger:
    """Count a few words of every level; the ifmap came from DRAM at half its size."""
    counts = Ledger(LEVELS, macs=1000, macs_performed=60, zero_buffer_reads=500)
    for level, tensor, direction, words, bits in (
        (Level.DRAM, Tensor.IFMAP, READ, 100, 800),
        (Level.DRAM, Tensor.OFMAP, WRITE, 2, 32),
        (Level.GLB, Tensor.PSUM, WRITE, 30, 480),
        (Level.GLB, Tensor.OFMAP, READ, 10, 160),
        (Level.GIN, Tensor.FILTER, READ, 5, 80),
        (Level.GIN, Tensor.FILTER, WRITE, 20, 320),
        (Level.LN, Tensor.PSUM, WRITE, 12, 192),
        (Level.GON, Tensor.PSUM, WRITE, 7, 112),
        (Level.FIFO, Tensor.IFMAP, WRITE, 9, 144),
        (Level.SPAD, Tensor.FILTER, READ, 50, 800),
        (Level.SPAD, Tensor.IFMAP, WRITE, 40, 640),
        (Level.SPAD, Tensor.PSUM, READ, 8, 128),
    ):
        counts.add(level, tensor, direction, words, bits=bits)
    return counts


def energy(table: CostTable, *, bits: BitWidths | None = None, counts: Ledger | None = None) -> Energy:
    """Return the energy of the hand-made ledger over 1000 cycles at 200 MHz."""
    timed = Timed(cycles=1000, clock_hz=200_000_000, active_pes=12)
    return energy_of(counts or ledger(), table, bits=bits or BitWidths(), timed=timed, sort_by_part=sort_by_part)


@pytest.fixture
def normalized() -> CostTable:
    """Return MAC 1, spad 1, a delivery 2, GLB 6, DRAM 200."""
    return read_cost_table(find_cost_table("normalized-65nm"))


@pytest.fixture
def joules(tmp_path: Path) -> CostTable:
    """Return a table in picojoules where reads and writes, tensors and levels differ."""
    costs = {"dram": (100, 150), "glb": (5, 7), "gin": (1, 2), "gon": (1, 3), "ln": (0.5, 0.25), "fifo": (0.1, 0.2)}
    costs["spad"] = (0.5, 0.75)
    lines = ["schema: 1", "name: mine", "source: test", "status: calibrated", "unit: pJ", "word: 16 b", "mac: 2"]
    lines += ["zero_buffer_read: 0.01", "static_power: 100 mW"]
    for level, (read, write) in costs.items():
        lines.append(f"{level}:")
        for factor, tensor in enumerate(("ifmap", "filter", "psum", "ofmap"), start=1):
            lines.append(f"  {tensor}: {{read: {read * factor}, write: {write * factor}}}")
    path = tmp_path / "mine.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_cost_table(path)


@pytest.mark.parametrize("name", names(COST_TABLES))
def test_shipped_tables_read(name: str) -> None:
    assert read_cost_table(find_cost_table(name)).name == name


def test_the_normalised_table_is_the_published_one(normalized: CostTable) -> None:
    """ISCA 2016, Table IV: MAC 1, RF 1, inter-PE 2, GLB 6, DRAM 200 per 16-bit word."""
    assert (normalized.status, normalized.unit, normalized.word, normalized.mac) == ("published", "MAC", WORD, 1)
    costs = normalized.per_word(LEVELS)
    assert (costs[Level.DRAM] == 200).all()
    assert (costs[Level.SPAD] == 1).all()
    assert (costs[Level.FIFO] == 0).all()
    # What the methodology counts as a GLB access: not the fill with an ifmap, nor a filter's way through.
    assert (costs[Level.GLB, [Tensor.PSUM, Tensor.OFMAP]] == 6).all()
    assert costs[Level.GLB, Tensor.IFMAP].tolist() == [6, 0]
    assert costs[Level.GLB, Tensor.FILTER].tolist() == [0, 0]
    # Inter-PE: multicast deliveries and hops; a psum's way between array and GLB is part of the GLB's cost.
    assert (costs[[Level.GIN, Level.GON, Level.LN], :, READ] == 0).all()
    assert costs[Level.GIN, :, WRITE].tolist() == [2, 2, 0, 0]
    assert (costs[Level.LN, :, WRITE] == 2).all()
    assert (costs[Level.GON] == 0).all()
    assert normalized.static_power == 0


def test_normalised_energy_by_hand(normalized: CostTable) -> None:
    assert energy(normalized).as_dict() == {
        "unit": "MAC",
        "compute": 60,  # MACs performed
        "ifmap": 50 * 200 + 40,  # 800 bits are 50 words; spad fills
        "filter": 20 * 2 + 50,  # deliveries, spad reads
        "ofmap": 30 * 6 + 10 * 6 + 12 * 2 + 8 + 2 * 200,  # psums and ofmaps: GLB, hops, spads, DRAM
        "static": 0,
        "by_level": {
            "mac": 60,
            "spad": 50 + 40 + 8,
            "noc": (20 + 12) * 2,
            "glb": (30 + 10) * 6,
            "dram": (50 + 2) * 200,
            "static": 0,
            "link": 0,
            "control": 0,
        },
        "by_component": dict.fromkeys(COMPONENTS, 0)
        | {"mult_add": 60, "spads": 50 + 40 + 8, "multicast_noc": (20 + 12) * 2, "glb": (30 + 10) * 6},
        "chip": 60 + 98 + 64 + 240,
        "system": 60 + 98 + 64 + 240 + 10400,
    }


def test_energy_in_picojoules_by_hand(joules: CostTable) -> None:
    """Costs are those of the ifmap, times 2 for filters, 3 for psums, 4 for ofmaps."""
    found = energy(joules)
    flags = 500 * 0.01
    static = 1000 * 0.1 * 5e-9 * 1e12  # cycles, watts, seconds a cycle
    assert (found.unit, found.compute) == ("pJ", 120)
    assert found.static == pytest.approx(static)
    assert found.ifmap == pytest.approx(50 * 100 + 9 * 0.2 + 40 * 0.75 + flags)
    assert found.filter == pytest.approx(2 * (5 * 1 + 20 * 2 + 50 * 0.5))
    psum = 3 * (30 * 7 + 12 * 0.25 + 7 * 3 + 8 * 0.5)
    assert found.ofmap == pytest.approx(psum + 4 * (2 * 150 + 10 * 5))
    assert dict(found.by_level) == {
        "mac": 120,
        "spad": pytest.approx(2 * 50 * 0.5 + 40 * 0.75 + 3 * 8 * 0.5 + flags),
        "noc": pytest.approx(2 * (5 + 40) + 3 * (12 * 0.25 + 7 * 3) + 9 * 0.2),  # FIFOs are part of it
        "glb": pytest.approx(3 * 30 * 7 + 4 * 10 * 5),
        "dram": pytest.approx(50 * 100 + 4 * 2 * 150),
        "static": pytest.approx(static),
        "link": 0,
        "control": 0,
    }
    assert found.system == pytest.approx(120 + found.ifmap + found.filter + found.ofmap + static)
    assert found.chip == pytest.approx(found.system - 50 * 100 - 4 * 2 * 150)


counts = st.lists(st.integers(0, 10**12), min_size=56, max_size=56)


@given(bits=counts, macs=st.integers(0, 10**12), flags=st.integers(0, 10**12))
def test_tensors_and_levels_add_up_to_the_system(bits: list[int], macs: int, flags: int) -> None:
    shape = len(Level), len(Tensor), len(Direction)
    counted = Ledger(LEVELS, macs=macs, macs_performed=macs, zero_buffer_reads=flags)
    counted.bits[:] = np.array(bits).reshape(shape)
    for name in names(COST_TABLES):
        table = read_cost_table(find_cost_table(name)).model_copy(update={"zero_buffer_read": 0.25})
        found = energy(table, counts=counted)
        by_tensor = found.compute + found.ifmap + found.filter + found.ofmap + found.static
        assert found.system == pytest.approx(by_tensor)
        assert sum(found.by_level.values()) == pytest.approx(found.system)
        assert found.chip == pytest.approx(found.system - found.by_level["dram"], abs=found.system * 1e-12)
        assert sum(found.by_component.values()) == pytest.approx(found.chip, abs=found.system * 1e-12)


@pytest.mark.parametrize(
    ("filter_bits", "ifmap_bits", "share"),
    [(16, 16, 1), (8, 16, 1 / 2), (16, 4, 1 / 4), (8, 4, 1 / 8), (1, 1, 1 / 256)],
)
def test_a_mac_costs_in_proportion_to_both_operands(
    filter_bits: int, ifmap_bits: int, share: float, normalized: CostTable, joules: CostTable
) -> None:
    """(b_w / 16) (b_a / 16) of a 16-bit MAC; the psum's width has no part in it."""
    bits = BitWidths(ifmap=ifmap_bits, filter=filter_bits, psum=32)
    assert normalized.mac_cost(bits) == share
    assert joules.mac_cost(bits) == 2 * share
    found = energy(normalized, bits=bits)
    assert (found.compute, found.by_level["mac"]) == (60 * share, 60 * share)
    assert found.filter == energy(normalized).filter  # what moved is counted in bits already


def test_words_are_those_of_the_table(normalized: CostTable) -> None:
    """The same costs for a word half as wide make every bit cost twice as much, and every MAC four times."""
    narrow = energy(normalized.model_copy(update={"word": 8}))
    wide = energy(normalized)
    assert (narrow.compute, narrow.ifmap, narrow.by_level["dram"]) == (4 * 60, 2 * wide.ifmap, 2 * 10400)


def test_a_compressed_word_costs_its_bits(normalized: CostTable) -> None:
    """Words without bits cost nothing; that is what the ledger's bits are for."""
    counted = ledger()
    counted.bits[:] = 0
    found = energy(normalized, counts=counted)
    assert (found.system, found.compute) == (60, 60)


@pytest.mark.parametrize(
    ("cycles", "clock_hz", "picojoules"), [(1, 200_000_000, 500), (1000, 100_000_000, 1e6), (0, 1, 0)]
)
def test_static_energy_follows_the_cycles(cycles: int, clock_hz: int, picojoules: float, joules: CostTable) -> None:
    """100 mW over a cycle of 5 ns is 500 pJ."""
    timed = Timed(cycles, clock_hz, active_pes=12)
    found = energy_of(Ledger(LEVELS), joules, bits=BitWidths(), timed=timed, sort_by_part=sort_by_part)
    assert found.static == pytest.approx(picojoules)
    assert (found.system, found.chip, found.by_level["static"]) == (found.static, found.static, found.static)


def test_a_table_without_joules_has_no_static_energy(joules: CostTable) -> None:
    table = joules.model_copy(update={"unit": "MAC"})
    assert energy(table, counts=Ledger(LEVELS)).static == 0


def test_zero_flags_are_part_of_the_spad_and_of_the_ifmap(normalized: CostTable) -> None:
    found = energy(normalized.model_copy(update={"zero_buffer_read": 0.5}))
    without = energy(normalized)
    assert found.ifmap - without.ifmap == found.by_level["spad"] - without.by_level["spad"] == 250


def test_a_table_of_before_means_what_it_meant(joules: CostTable) -> None:
    """What it doesn't name costs nothing, and its static power is always on."""
    assert (joules.voltage, joules.gated_mac, joules.leakage_power) == (1.0, 0, 0)
    assert (joules.clock_cycle, joules.top_control_cycle) == (0, 0)
    assert (joules.performed_mac_control, joules.pe_cycle) == (0, PECycle())
    assert not joules.link.per_word().any()
    found = energy(joules)
    assert found.by_component["always_on"] == found.static == joules.static_per_cycle(200_000_000, active_pes=12) * 1000
    assert [part for part in COMPONENTS if not found.by_component[part]] == [
        "clock", "pe_control", "io_pads", "top_control", "leakage",
    ]  # fmt: skip


def test_gated_macs_cost_nothing(normalized: CostTable) -> None:
    counted = ledger()
    counted.macs_performed = 0
    assert energy(normalized, counts=counted).compute == 0


# Levels of another chip

MESH = (LedgerLevel("dram", "dram"), LedgerLevel("acts", "glb"), LedgerLevel("mesh", "noc"))
LEVEL = "  {}: {{ifmap: {row}, filter: {row}, psum: {row}, ofmap: {row}}}\n"


def table_of(folder: Path, **levels: float) -> CostTable:
    """Read a table that has DRAM's costs, 100 a word, and those of some levels; none of Eyeriss's own."""
    head = "schema: 1\nname: other\nsource: test\nstatus: provisional\nunit: pJ\nword: 16 b\nmac: 2\n"
    head += "zero_buffer_read: 0\nstatic_power: 0 W\nvoltage: 1 V\ndram:\n"
    head += "".join(f"  {tensor.name.lower()}: {{read: 100, write: 100}}\n" for tensor in Tensor)
    rows = [LEVEL.format(name, row=f"{{read: {cost}, write: {2 * cost}}}") for name, cost in levels.items()]
    path = folder / "other.yaml"
    path.write_text(head + ("levels:\n" + "".join(rows) if rows else ""), encoding="utf-8")
    return read_cost_table(path)


def by_mesh(spent: Spent) -> dict[str, float]:
    """Sort energy by the parts of the chip that isn't there."""
    return {"acts": spent.at("acts"), "mesh": spent.at("mesh"), "macs": spent.macs}


def test_levels_of_another_chip_have_costs_of_their_own(tmp_path: Path) -> None:
    table = table_of(tmp_path, acts=3, mesh=0.5)
    assert table.missing(MESH) == []
    costs = table.per_word(MESH)
    assert costs.shape == (len(MESH), len(Tensor), len(Direction))
    assert costs[:, Tensor.PSUM].tolist() == [[100, 100], [3, 6], [0.5, 1]]
    counted = Ledger(MESH, macs=7, macs_performed=7)
    for at, (words, way) in enumerate(((10, READ), (4, WRITE), (8, READ))):
        counted.add(at, Tensor.IFMAP, way, words, bits=16 * words)
    timed = Timed(1, 200_000_000, 1)
    found = energy_of(counted, table, bits=BitWidths(), timed=timed, sort_by_part=by_mesh)
    assert found.by_component == {"acts": 24, "mesh": 4, "macs": 14}
    assert (found.by_level["glb"], found.by_level["noc"], found.by_level["dram"]) == (24, 4, 1000)
    assert (found.ifmap, found.compute, found.system, found.chip) == (1028, 14, 1042, 42)


def test_what_a_table_lacks_is_named_and_counts_nothing(tmp_path: Path) -> None:
    table = table_of(tmp_path, acts=3)
    assert table.missing(MESH) == ["mesh"]
    assert table.missing(LEVELS) == ["glb", "gin", "gon", "ln", "fifo", "spad"]
    assert not table.per_word(MESH)[2].any()
    assert table.level("mesh") is None
    assert table.level("mac") is None  # a cost, but not a level's


def test_costs_of_another_chips_levels_follow_the_voltage(tmp_path: Path) -> None:
    """With the square of it; DRAM's stay."""
    table = table_of(tmp_path, acts=3).scaled_to(0.5)
    assert table.per_word(MESH)[:2, Tensor.IFMAP].tolist() == [[100, 100], [0.75, 1.5]]
    assert (table.glb, table.missing(MESH)) == (None, ["mesh"])


def test_a_table_may_have_levels_for_several_chips(normalized: CostTable) -> None:
    assert normalized.glb is not None
    both = normalized.model_copy(update={"levels": {"acts": normalized.glb, "mesh": normalized.glb}})
    assert both.missing(LEVELS) == both.missing(MESH) == []
    assert np.array_equal(both.per_word(LEVELS), normalized.per_word(LEVELS))


@pytest.mark.parametrize(
    ("levels", "line"),
    [
        ("{acts: @3}", "levels.acts: got the number 3; expected a mapping"),
        ("{acts: @{}}", "levels.acts.ifmap: missing key; it is required"),
        ("@[acts]", "levels: got a list; expected a mapping"),
    ],
)
def test_refuse_levels(levels: str, line: str, folder: Path) -> None:
    marked = f"{GOOD}levels: {levels}\n"
    Path("t.yaml").write_text(plain(marked), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_cost_table(Path("t.yaml"))
    assert str(caught.value) == f"t.yaml:{place(marked)}: {line}"


ROW = "{read: 1, write: 1}"
LAST = "static_power: 0.0 W\n"
DRAM_ROW = "  ifmap:  {read: 200.0, write: 200.0}"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("unit: MAC", "unit: @J", "unit: unknown value 'J'; did you mean 'pJ'?"),
        ("unit: MAC", "unit: @joule", "unit: unknown value 'joule'; allowed: pJ, MAC"),
        ("status: published", "status: @final",
         "status: unknown value 'final'; allowed: published, provisional, calibrated"),
        ("word: 16 b", "word: @16", "word: a number without a unit; write e.g. '64 b'"),
        ("word: 16 b", "word: @0 b", "word: got '0 b'; expected at least 1"),
        ("word: 16 b", "word: @65 b", "word: got '65 b'; expected at most 64"),
        ("mac: 1.0", "mac: @-1", "mac: got the number -1; expected at least 0.0"),
        ("mac: 1.0", "mac: @2e9", "mac: got the number 2e9; expected at most 1000000000.0"),
        ("mac: 1.0", "mac: @.inf", "mac: got the number .inf; expected a finite number"),
        ("mac: 1.0", "mac: @1.0 pJ", "mac: got the text '1.0 pJ'; expected a number"),
        ("mac: 1.0", "@macs: 1.0", "macs: unknown key; did you mean 'mac'?"),
        ("static_power: 0.0 W", "static_power: @0.0", "static_power: a number without a unit; write e.g. '205 mW'"),
        ("static_power: 0.0 W", "static_power: @1 V",
         "static_power: '1 V' is in a unit of voltage, not of power; allowed: W, mW, uW"),
        ("static_power: 0.0 W", "static_power: @-1 W", "static_power: '-1 W' is negative; write e.g. '205 mW'"),
        (LAST, f"{LAST}voltage: @1.0\n", "voltage: a number without a unit; write e.g. '1.17 V'"),
        (LAST, f"{LAST}voltage: @0 V\n", "voltage: got '0 V'; expected more than 0"),
        (LAST, f"{LAST}gated_mac: @-0.1\n", "gated_mac: got the number -0.1; expected at least 0.0"),
        (LAST, f"{LAST}clock_cycle: @1 pJ\n", "clock_cycle: got the text '1 pJ'; expected a number"),
        (LAST, f"{LAST}leakage_power: @5\n", "leakage_power: a number without a unit; write e.g. '205 mW'"),
        (LAST, f"{LAST}pe_cycle: {{@clocks: 1}}\n",
         "pe_cycle.clocks: unknown key; did you mean 'clock'?"),
        (LAST, f"{LAST}link: @{{ifmap: {ROW}, filter: {ROW}, ofmap: {ROW}}}\n",
         "link.psum: missing key; it is required"),
        (DRAM_ROW, "  ifmap: @{read: 200.0}", "dram.ifmap.write: missing key; it is required"),
        (DRAM_ROW, "  ifmap: @200.0", "dram.ifmap: got the number 200.0; expected a mapping"),
        (DRAM_ROW, "  @ifmaps: {read: 200.0, write: 200.0}", "dram.ifmaps: unknown key; did you mean 'ifmap'?"),
        (DRAM_ROW, "  ifmap: {read: @yes, write: 1}",
         "dram.ifmap.read: got 'yes', which YAML reads as true; expected a number"),
    ],
)  # fmt: skip
def test_refuse(old: str, new: str, line: str, folder: Path) -> None:
    assert old in GOOD
    marked = GOOD.replace(old, new, 1)
    Path("t.yaml").write_text(plain(marked), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_cost_table(Path("t.yaml"))
    assert str(caught.value) == f"t.yaml:{place(marked)}: {line}"
