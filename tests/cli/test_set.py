"""`--set` on run, estimate, map, compare and power: the same as the file with that value, byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import Outcome, files, read_json

from sim.files.catalogue import find_cost_table, find_machine

pytestmark = pytest.mark.usefixtures("tiny")
EDITS = [
    ("glb.fmap_banks=12", "fmap_banks: 25", "fmap_banks: 12"),
    ("link.clock=90 MHz", "clock: 60 MHz", "clock: 90 MHz"),
    ("array.rows=9", "rows: 12", "rows: 9"),
    ("pe.filter_spad.words=100", "filter_spad: {words: 224", "filter_spad: {words: 100"),
]


def edit(old: str, new: str) -> str:
    """Write the machine with another value under its own name."""
    text = find_machine("eyeriss").read_text(encoding="utf-8")
    assert text.count(old) == 1
    Path("edited.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return "edited.yaml"


def content(name: str) -> str:
    """Return a result file without its provenance."""

    def bare(value: object) -> object:
        if isinstance(value, dict):
            return {key: bare(part) for key, part in value.items() if key != "provenance"}
        return [bare(part) for part in value] if isinstance(value, list) else value

    return json.dumps(bare(read_json(name)), indent=1)


@pytest.mark.parametrize(("edit_", "old", "new"), EDITS)
@pytest.mark.parametrize("command", ["run", "estimate", "compare", "power"])
def test_an_edit_is_the_file_edited_by_hand(
    command: str, edit_: str, old: str, new: str, sim: Callable[..., Outcome]
) -> None:
    words = (command, "tiny.yaml", "--json")
    by_option = sim(*words, "set.json", "--set", edit_)
    by_hand = sim(*words, "hand.json", "--arch", edit(old, new))
    assert (by_option.status, by_option.err) == (0, "")
    assert by_option == by_hand
    assert content("set.json") == content("hand.json")


@pytest.mark.parametrize(("edit_", "old", "new"), EDITS)
def test_the_mapper_finds_the_same(edit_: str, old: str, new: str, sim: Callable[..., Outcome]) -> None:
    by_option = sim("map", "tiny.yaml", "--set", edit_)
    assert by_option.status == 0
    assert by_option == sim("map", "tiny.yaml", "--arch", edit(old, new))


def test_edits_do_something_and_are_in_the_provenance(sim: Callable[..., Outcome]) -> None:
    words = ("estimate", "tiny.yaml", "--quiet", "--json")
    assert sim(*words, "plain.json").status == sim(*words, "set.json", "--set", "array.columns=4").status == 0
    assert content("plain.json") != content("set.json")
    assert read_json("set.json")["provenance"]["options"]["set"] == {"array.columns": "4"}
    assert "set" not in read_json("plain.json")["provenance"]["options"]


def test_several_edits_hold_together(sim: Callable[..., Outcome]) -> None:
    first, second = EDITS[0], EDITS[2]
    edited = Path(edit(*first[1:])).read_text(encoding="utf-8").replace(*second[1:])
    Path("edited.yaml").write_text(edited, encoding="utf-8")
    by_option = sim("run", "tiny.yaml", "--set", first[0], "--set", second[0])
    assert by_option.status == 0
    assert by_option == sim("run", "tiny.yaml", "--arch", "edited.yaml")


def test_a_cost_is_the_table_s(sim: Callable[..., Outcome]) -> None:
    text = find_cost_table("eyeriss-65nm").read_text(encoding="utf-8")
    dear, count = re.subn(r"^mac: .*$", "mac: 7.5", text, flags=re.MULTILINE)
    assert count == 1
    Path("dear.yaml").write_text(dear, encoding="utf-8")
    by_option = sim("run", "tiny.yaml", "--set", "cost_table.mac=7.5", "--json", "set.json")
    by_hand = sim("run", "tiny.yaml", "--cost-table", "dear.yaml", "--json", "hand.json")
    assert by_option.status == 0
    assert by_option == by_hand
    assert content("set.json") == content("hand.json")


@pytest.mark.parametrize(
    ("edit_", "options"),
    [
        ("bits.ifmap=8", ["--bits", "ifmap=8"]),
        ("mapping.n=1", ["--constrain", "n=1"]),
        ("core.clock=100 MHz", ["--clock", "100 MHz"]),
        ("link.clock=30 MHz", ["--link-clock", "30 MHz"]),
        ("core.voltage=0.9 V", ["--voltage", "0.9 V"]),
    ],
)
def test_what_has_an_option_of_its_own_is_the_same(edit_: str, options: list[str], sim: Callable[..., Outcome]) -> None:
    assert sim("run", "tiny.yaml", "--quiet", "--json", "set.json", "--set", edit_).status == 0
    assert sim("run", "tiny.yaml", "--quiet", "--json", "own.json", *options).status == 0
    assert content("set.json") == content("own.json")


@pytest.mark.parametrize("limit", [("--set", "mapping.n=1"), ("--constrain", "n=1")])
@pytest.mark.parametrize("command", [("run", "--model", "analytic"), ("estimate",), ("compare",), ("power",)])
def test_a_mapping_that_the_workload_states_is_not_limited(
    command: tuple[str, ...], limit: tuple[str, str], sim: Callable[..., Outcome]
) -> None:
    told = sim(command[0], "alexnet_jssc2017", "--layers", "CONV3", *command[1:], *limit)
    line = (
        "layer CONV3: the workload states its mapping, with n = 4, not 1; "
        "leave it out of what limits n, or give its --mapping\n"
    )
    assert told == Outcome(2, "", line)


@pytest.mark.parametrize(
    "options",
    [
        ["--set", "mapping.n=4"],
        ["--constrain", "n=2..4"],
        ["--constrain", "n=1", "--mapping", "CONV3:m=64,n=1,e=13,p=16,q=3,r=2,t=2"],
    ],
)
def test_limits_that_a_stated_mapping_keeps_are_kept(options: list[str], sim: Callable[..., Outcome]) -> None:
    told = sim("run", "alexnet_jssc2017", "--layers", "CONV3", "--model", "analytic", "--quiet", *options)
    assert told == Outcome(0, "", "")


def test_zeros_are_the_option_s(sim: Callable[..., Outcome]) -> None:
    assert sim("estimate", "tiny.yaml", "--quiet", "--json", "set.json", "--set", "zeros.ifmap=0.75").status == 0
    assert sim("estimate", "tiny.yaml", "--quiet", "--json", "own.json", "--zeros", "ifmap=0.75").status == 0
    assert content("set.json") == content("own.json")


def test_the_buffer_s_size_is_an_edit_too(sim: Callable[..., Outcome]) -> None:
    """As in a sweep it sets the depth of the banks."""
    by_size = sim("estimate", "tiny.yaml", "--set", "glb.size=54 KiB")
    assert by_size.status == 0
    text = find_machine("eyeriss").read_text(encoding="utf-8")
    words = re.search(r"bank_words: (\d+)", text)
    assert words is not None
    assert by_size == sim("estimate", "tiny.yaml", "--set", f"glb.bank_words={int(words[1]) // 2}")


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (["glb.fmap_banks"], "--set: 'glb.fmap_banks' gives no value; write e.g. --set glb.fmap_banks=50"),
        (["=5"], "--set: '=5' gives no value; write e.g. --set glb.fmap_banks=50"),
        (["glb.fmap_banks="], "--set glb.fmap_banks: no value; write e.g. --set glb.fmap_banks=50"),
        (["glb.fmap_banks={a: 1}"], "--set glb.fmap_banks: no value; write e.g. --set glb.fmap_banks=50"),
        (["glb.fmap_bank=5"], "--set glb.fmap_bank: unknown parameter 'fmap_bank'; did you mean 'fmap_banks'?"),
        (["glb=5"], "--set glb: 'glb' is a group of parameters; add one of them: "),
        (["glb.fmap_banks=5", "glb.fmap_banks=6"], "--set glb.fmap_banks: given twice; give it once"),
        (["glb.fmap_banks=[1, 2]"], "--set glb.fmap_banks: got a list; expected a whole number"),
        (["glb.fmap_banks=0"], "--set glb.fmap_banks: got the number 0; expected at least 1"),
        (["link.clock=90"], "--set link.clock: a number without a unit; write e.g. '200 MHz'"),
        (["glb.size=27"], "--set glb.size: a number without a unit; write e.g. '108 KiB'"),
        (["bits.ifmap=abc"], "--set bits.ifmap: got the text 'abc'; expected a whole number"),
        (["bits.ifmap=8.5"], "--set bits.ifmap: got the number 8.5; expected a whole number"),
        (["bits.ifmap=33"], "--set bits.ifmap: got the number 33; expected at most 32"),
        (["zeros.ifmap=2"], "--set zeros.ifmap: got the number 2; expected at most 1.0"),
        (["mapping.n=0"], "--set mapping.n: got the number 0; expected at least 1"),
        (["cost_table.dram=-1"], "--set cost_table.dram: got the number -1; expected at least 0.0"),
        (["batch=3"], "--set batch: has an option of its own; use that"),
        (["arch=eyeriss"], "--set arch: has an option of its own; use that"),
        (["workload=vgg16"], "--set workload: has an option of its own; use that"),
        (["cost_table=x"], "--set cost_table: has an option of its own; use that"),
        (["rlc.pairs=4"], "--set: rlc.pairs: 4 pairs make a code word of 85 bits; at most the l"),
    ],
)
@pytest.mark.parametrize("command", ["run", "estimate", "map", "compare"])
def test_refuse(command: str, texts: list[str], line: str, sim: Callable[..., Outcome]) -> None:
    told = sim(command, "tiny.yaml", *(word for text in texts for word in ("--set", text)))
    assert (told.status, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(line)
    assert files() == ["tiny.yaml"]
