"""Machines: the shipped ones hold the published chip, and the exact line for each bad file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.marked import place, plain

from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.parts.description import Gating, Memory
from sim.chips.registry import design_of
from sim.errors import InputError
from sim.files.catalogue import MACHINES, find_cost_table, find_machine, names
from sim.ledger.energy import read_cost_table

GOOD = find_machine("eyeriss").read_text(encoding="utf-8")
# Those of every chip's machines first.
KEYS = "schema, name, source, chip, cost_table, core, link, arithmetic, pe_array, pe, glb, noc, rlc, scan_chain, "
KEYS += "limits, overlap, control"


def memory(words: int) -> Memory:
    """Make a memory of 16-bit words."""
    return Memory.model_validate({"words": words, "width": "16 b"})


@pytest.mark.parametrize("name", names(MACHINES))
def test_shipped_machines_read(name: str) -> None:
    machine = read_machine(find_machine(name))
    assert machine.name == name
    assert read_cost_table(find_cost_table(machine.cost_table)).name == machine.cost_table


def test_the_shipped_machine_leaves_no_key_out_but_its_chips() -> None:
    written = {line.partition(":")[0] for line in GOOD.splitlines() if line[:1].isalpha()}
    assert written == set(KEYS.split(", ")) - {"chip"}


@pytest.mark.parametrize(
    ("name", "size_kib", "pes", "spad_bytes"),
    [("eyeriss", 108, 12 * 14, 2 * (224 + 12 + 24)), ("isca2016_256pe", 128, 256, 512)],
)
def test_sizes(name: str, size_kib: int, pes: int, spad_bytes: int) -> None:
    machine = read_machine(find_machine(name))
    pe = machine.pe
    assert machine.glb.size_bytes == size_kib * 1024
    assert machine.pe_array.rows * machine.pe_array.columns == pes
    assert sum(spad.words * spad.width // 8 for spad in (pe.filter_spad, pe.ifmap_spad, pe.psum_spad)) == spad_bytes


def test_eyeriss_is_the_published_chip() -> None:
    """JSSC 52(1) 2017, Sections III to V."""
    chip = read_machine(find_machine("eyeriss"))
    assert (chip.core.clock, chip.core.voltage, chip.link.clock) == (200_000_000, 1.0, 60_000_000)
    assert (chip.pe_array.rows, chip.pe_array.columns) == (12, 14)
    assert chip.pe_array.rows * chip.pe_array.columns * chip.core.clock == 33.6e9  # peak MAC/s
    assert (chip.pe.filter_spad, chip.pe.ifmap_spad) == (
        memory(224),
        memory(12),
    )
    assert (chip.pe.psum_spad, chip.pe.zero_buffer) == (memory(24), 12)
    assert (chip.pe.pipeline_stages, chip.pe.gating) == (3, Gating.IFMAP_ZERO)
    assert (chip.glb.fmap_banks, chip.glb.filter_banks, chip.glb.bank_bits) == (25, 2, 512 * 64)
    noc = chip.noc
    assert (noc.gin_filter, noc.gin_psum, noc.gin_ifmap, noc.gon, noc.ln) == (64, 64, 16, 64, 64)
    assert (noc.row_id, noc.col_id, chip.scan_chain.bits) == (4, 5, 1794)
    assert (chip.rlc.run, chip.rlc.level, chip.rlc.pairs, chip.rlc.word_bits) == (5, 16, 3, 64)
    assert chip.scan_chain.bits / chip.scan_chain.clock < 100e-6
    limits = chip.limits
    assert (limits.filter_height, limits.filter_width, limits.filters, limits.channels) == (12, 32, 1024, 1024)
    assert (limits.vertical_strides, limits.horizontal_stride) == ((1, 2, 4), 12)
    assert (chip.overlap.fmaps, chip.overlap.filters) == (False, True)


@pytest.mark.parametrize(("bits", "words"), [(16, 224), (8, 448), (32, 112), (12, 298), (5000, 0)])
def test_capacity_follows_the_word_width(bits: int, words: int) -> None:
    """Words pack as bits do: 224 x 16 b holds 3584 bits."""
    assert memory(224).capacity(bits) == words


@pytest.mark.parametrize("name", names(MACHINES))
def test_a_machine_written_as_json_reads_back_equal(name: str) -> None:
    """Edits, sweeps and the library's callers hand machines on in this form."""
    machine = read_machine(find_machine(name))
    written = machine.model_dump(mode="json", by_alias=True)
    assert Machine.model_validate(written) == machine
    assert Machine.model_validate(json.loads(json.dumps(written))) == machine
    assert design_of(written, "here").machine == machine
    assert Machine.model_validate_json(machine.model_dump_json(by_alias=True)) == machine


def read(text: str, tmp_path: Path) -> Machine:
    """Read a text as a machine file."""
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    return read_machine(path)


def test_every_key_may_be_changed(tmp_path: Path) -> None:
    text = GOOD.replace("rows: 12, columns: 14", "rows: 8, columns: 8").replace("200 MHz", "0.25 GHz")
    machine = read(text, tmp_path)
    assert (machine.pe_array.rows, machine.pe_array.columns, machine.core.clock) == (8, 8, 250_000_000)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        # units
        ("200 MHz", "@200", "core.clock: a number without a unit; write e.g. '200 MHz'"),
        ("200 MHz", "@200 Mhz", "core.clock: '200 Mhz' has the unknown unit 'Mhz'; did you mean 'MHz'?"),
        ("200 MHz", "@5 ns", "core.clock: '5 ns' is in a unit of time, not of frequency; allowed: Hz, kHz, MHz, GHz"),
        ("200 MHz", "@0.5 Hz", "core.clock: '0.5 Hz' is not a whole number of Hz; write e.g. '200 MHz'"),
        ("1.0 V", "@1.0", "core.voltage: a number without a unit; write e.g. '1.17 V'"),
        ("bank_width: 64 b", "bank_width: @8 B",
         "glb.bank_width: '8 B' is in a unit of size, not of width; allowed: b, bit, bits"),
        ("zero_buffer: 12 b", "zero_buffer: @12", "pe.zero_buffer: a number without a unit; write e.g. '64 b'"),
        # ranges
        ("200 MHz", "@0 MHz", "core.clock: got '0 MHz'; expected at least 1"),
        ("1.0 V", "@0 V", "core.voltage: got '0 V'; expected more than 0"),
        ("1.0 V", "@11 V", "core.voltage: got '11 V'; expected at most 10"),
        ("rows: 12", "rows: @0", "pe_array.rows: got the number 0; expected at least 1"),
        ("rows: 12", "rows: @1025", "pe_array.rows: got the number 1025; expected at most 1024"),
        ("columns: 14", "columns: @14.0", "pe_array.columns: got the number 14.0; expected a whole number"),
        ("macs_per_cycle: 1", "macs_per_cycle: @2", "pe.macs_per_cycle: got the number 2; allowed: 1"),
        ("pipeline_stages: 3", "pipeline_stages: @4", "pe.pipeline_stages: got the number 4; expected at most 3"),
        ("bank_ports: 1", "bank_ports: @3", "glb.bank_ports: got the number 3; expected at most 2"),
        ("row_id: 4 b", "row_id: @17 b", "noc.row_id: got '17 b'; expected at most 16"),
        ("bank_words: 512", "bank_words: @1048577", "glb.bank_words: got the number 1048577; expected at most 1048576"),
        ("turnaround_cycles: 0", "turnaround_cycles: @-1",
         "link.turnaround_cycles: got the number -1; expected at least 0"),
        ("[1, 2, 4]", "@[]", "limits.vertical_strides: got 0 items; expected at least 1"),
        ("schema: 1", "schema: @2", "schema: got the number 2; allowed: 1"),
        ("schema: 1", "schema: 1\nchip: @tpu", "chip: unknown value 'tpu'; allowed: eyeriss"),
        # choices
        ("gating: ifmap_zero", "gating: @ifmap", "pe.gating: unknown value 'ifmap'; did you mean 'ifmap_zero'?"),
        ("gating: ifmap_zero", "gating: @off", "pe.gating: got 'off', which YAML reads as false; put it in quotes"),
        ("enabled: true", "enabled: @1", "rlc.enabled: got the number 1; expected true or false"),
        # keys
        ("columns: 14", "@colums: 14", "pe_array.colums: unknown key; did you mean 'columns'?"),
        ("scan_chain:", "@scanchain:", "scanchain: unknown key; did you mean 'scan_chain'?"),
        ("overlap:", "@xyz: red\noverlap:", f"xyz: unknown key; allowed: {KEYS}"),
        ("{rows: 12, columns: 14}", "@{rows: 12}", "pe_array.columns: missing key; it is required"),
        ("{words: 12, width: 16 b}", "@12", "pe.ifmap_spad: got the number 12; expected a mapping"),
        # the code word
        ("pairs: 3 ", "pairs: @4 ", "rlc.pairs: 4 pairs make a code word of 85 bits; at most the link's 64 bits"),
        ("level: 16 b\n  pairs: 3 ", "level: 17 b\n  pairs: @3 ",
         "rlc.pairs: 3 pairs make a code word of 67 bits; at most the link's 64 bits"),
    ],
)  # fmt: skip
def test_refuse(old: str, new: str, line: str, folder: Path) -> None:
    assert old in GOOD
    marked = GOOD.replace(old, new, 1)
    Path("m.yaml").write_text(plain(marked), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_machine(Path("m.yaml"))
    assert str(caught.value) == f"m.yaml:{place(marked)}: {line}"


def test_refuse_a_code_word_that_the_codec_cannot_hold(folder: Path) -> None:
    marked = GOOD.replace("link:\n  width: 64 b", "link:\n  width: 128 b").replace("pairs: 3 ", "pairs: @4 ")
    Path("m.yaml").write_text(plain(marked), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_machine(Path("m.yaml"))
    assert str(caught.value) == f"m.yaml:{place(marked)}: rlc.pairs: a code word of 85 bits; at most 64 bits"


def test_an_empty_file(folder: Path) -> None:
    Path("m.yaml").touch()
    with pytest.raises(InputError) as caught:
        read_machine(Path("m.yaml"))
    assert str(caught.value) == f"m.yaml:1:1: the file is empty; expected a mapping with the keys {KEYS}"
