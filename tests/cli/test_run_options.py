"""`sim run`: what every option does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tiny_runs import CONV1_MACS, DW_MACS, FC_MACS, names, result
from support.workloads import LEGAL

from sim.files.catalogue import find_machine, folder

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ("fc3", ["fc3"]),
        ("fc3,conv1", ["conv1", "fc3"]),  # in the network's order
        ("conv*", ["conv1", "conv2/dw"]),
        ("*/dw, conv?", ["conv1", "conv2/dw"]),
        ("conv[2-9]*", ["conv2/dw"]),
        ("fc3,*", ["conv1", "conv2/dw", "fc3"]),
    ],
)
def test_layers(patterns: str, chosen: list[str]) -> None:
    found = result("--layers", patterns)
    assert (names(found), found["complete"]) == (chosen, True)
    assert found["provenance"]["options"]["layers"] == patterns


def test_a_layer_alone_is_as_in_its_network() -> None:
    """Its tensors, and whether its ifmap is coded, do not depend on what runs before it."""
    assert result("--layers", "conv2/dw")["layers"] == result()["layers"][1:2]


def test_batch() -> None:
    found = result("--batch", "3")
    assert found["provenance"]["batch"] == 3
    assert found["total"]["macs"] == 3 * (CONV1_MACS + DW_MACS + FC_MACS)
    assert found["total"]["fps"] == pytest.approx(3 / found["total"]["total_latency_s"])


def test_seed() -> None:
    texts = []
    for seed in ("0", "0", "1"):
        result("--seed", seed)
        texts.append(Path("result.json").read_bytes())
    assert texts[0] == texts[1]
    first, other = json.loads(texts[0]), json.loads(texts[2])
    assert first["layers"] != other["layers"]
    assert [one["macs"] for one in first["layers"]] == [one["macs"] for one in other["layers"]]
    result()
    assert Path("result.json").read_bytes() == texts[0]  # 0 is the default


def test_cost_table() -> None:
    joules, normalized = result(), result("--cost-table", "normalized-65nm")
    assert normalized["provenance"]["cost_table"] == "normalized-65nm"
    assert normalized["total"]["energy"]["unit"] == "MAC"
    assert normalized["layers"][2]["energy"]["compute"] == normalized["layers"][2]["macs_performed"]
    assert joules["total"]["energy"]["unit"] == "pJ"


def test_cost_table_from_a_file() -> None:
    text = (folder("arch") / "normalized-65nm.yaml").read_text(encoding="utf-8")
    text = text.replace("mac: 1.0", "mac: 3.0").replace("name: normalized-65nm", "name: mine")
    Path("mine.yaml").write_text(text, encoding="utf-8")
    found = result("--cost-table", "mine.yaml", "--layers", "fc3")
    assert found["provenance"]["cost_table"] == "mine"
    assert found["layers"][0]["energy"]["compute"] == 3 * found["layers"][0]["macs_performed"]


def test_arch() -> None:
    found = result("--arch", "isca2016_256pe")
    assert found["provenance"]["arch"] == "isca2016_256pe"
    assert found["provenance"]["cost_table"] == "normalized-65nm"  # the machine's own


def test_arch_from_a_file() -> None:
    text = find_machine("eyeriss").read_text(encoding="utf-8")
    text = text.replace("clock: 200 MHz", "clock: 100 MHz").replace("name: eyeriss", "name: slow", 1)
    Path("slow.yaml").write_text(text, encoding="utf-8")
    slow, fast = result("--arch", "slow.yaml", "--mapping", LEGAL), result("--mapping", LEGAL)
    assert slow["provenance"]["arch"] == "slow"
    cycles = slow["layers"][0]["processing_cycles"]
    assert slow["layers"][0]["processing_latency_s"] == pytest.approx(cycles / 100e6)
    assert slow["layers"][0]["accesses"] == fast["layers"][0]["accesses"]


def test_mapping() -> None:
    found = result("--mapping", LEGAL, "--mapping", "fc3:m=5,n=1,e=1,p=5,q=2,r=1,t=1")
    assert found["layers"][0]["mapping"] == {"m": 8, "n": 1, "e": 12, "p": 8, "q": 3, "r": 1, "t": 1}
    assert found["layers"][2]["mapping"] == {"m": 5, "n": 1, "e": 1, "p": 5, "q": 2, "r": 1, "t": 1}
    assert found["layers"][1] == result()["layers"][1]
    assert found["layers"][0]["active_pes"] == 36  # R x e


def test_no_reuse_changes_nothing_but_the_time() -> None:
    every, reused = result("--no-reuse"), result()
    assert every["layers"] == reused["layers"]
    assert every["total"] == reused["total"]
    options = {"layers": None, "mapping": [], "objective": "energy", "constrain": [], "reuse": False}
    assert every["provenance"]["options"] == options
