"""`sim map`, and the mapper's options on the other commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.cli.main import main

HEAD = """schema: 1
name: tiny
source: "made for this test"
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - {name: conv1, type: conv, ifmap: [3, 12, 12], filters: 8, kernel: 3, pad: 1}
  - {name: fc, type: fc, ifmap: [8, 12, 12], filters: 10}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """Write a small workload."""
    path = tmp_path / "tiny.yaml"
    path.write_text(HEAD, encoding="utf-8")
    return str(path)


def mapping_of(tiny: str, tmp_path: Path, *arguments: str) -> dict[str, dict[str, int]]:
    """Run `sim run` and give each layer's mapping."""
    target = tmp_path / "result.json"
    assert main(["run", tiny, "--quiet", "--json", str(target), *arguments]) == 0
    result = json.loads(target.read_text(encoding="utf-8"))
    return {layer["name"]: layer["mapping"] for layer in result["layers"]}


def test_map_shows_winners_and_why_the_second_lost(tiny: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", tiny, "--layers", "conv1", "--top", "3"]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert lines[0] == "tiny on eyeriss, batch 2: least energy, cost table eyeriss-65nm, fmaps in rlc"
    head = next(place for place, line in enumerate(lines) if line.startswith("conv1"))
    assert [line.split()[0] for line in lines[head + 1 : head + 4]] == ["1", "2", "3"]
    assert lines[head + 4].startswith(("the second differs by ", "a tie"))
    assert "legal mappings; " in lines[-1]


def test_map_names_the_mapping_that_run_uses(tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used = mapping_of(tiny, tmp_path)["conv1"]
    assert main(["map", tiny, "--layers", "conv1", "--top", "1"]) == 0
    best = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("1 "))
    assert [int(word) for word in best.split()[1:8]] == list(used.values())


def test_one_mapping_is_shown_with_its_lead_over_the_second(tiny: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", tiny, "--layers", "conv1", "--top", "2"]) == 0
    two = capsys.readouterr().out.splitlines()
    assert main(["map", tiny, "--layers", "conv1", "--top", "1"]) == 0
    one = capsys.readouterr().out.splitlines()
    assert one == [line for line in two if not line.startswith("2 ")]
    assert len(one) == len(two) - 1


def test_where_a_single_mapping_is_legal_it_is_said(tiny: str, capsys: pytest.CaptureFixture[str]) -> None:
    only = [f"--constrain={name}=1" for name in "mnepqrt"]
    assert main(["map", tiny, "--layers", "conv1", "--top", "1", *only]) == 0
    assert "there is no other legal mapping" in capsys.readouterr().out


def test_constraints_hold_for_the_layers_that_they_name(tiny: str, tmp_path: Path) -> None:
    found = mapping_of(tiny, tmp_path, "--constrain", "conv*:n=1", "--constrain", "p=2..3", "--constrain", "fc:m=all")
    assert found["conv1"]["n"] == 1
    assert found["fc"]["m"] == 10
    assert all(mapping["p"] in (2, 3) for mapping in found.values())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["n"], "--constrain: 'n' is no constraint; write e.g. n=1, p=4..16, m=all or 'CONV*:n=1'"),
        (["n=1.5"], "--constrain: 'n=1.5' is no constraint; write e.g. n=1, p=4..16, m=all or 'CONV*:n=1'"),
        (["x=1"], "--constrain: no parameter 'x'; allowed: m, n, e, p, q, r, t"),
        (["n=all"], "--constrain: n=all; m, e, p and q can be a whole loop"),
        (["p=4..2"], "--constrain: 'p=4..2'; from 1 up, the smaller value first"),
        (["conv9:n=1"], "--constrain: no layer 'conv9' is run; did you mean 'conv1'?"),
        (
            ["conv1:e=13..20"],
            "layer conv1: no legal mapping on eyeriss; without the constraints (e 13 to 20) there are some",
        ),
    ],
)
@pytest.mark.parametrize("command", ["map", "run", "estimate", "compare"])
def test_constraints_that_cannot_be_meant(
    command: str, arguments: list[str], line: str, tiny: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, tiny, "--constrain", *arguments]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", line + "\n")


def test_objective_that_does_not_exist(tiny: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["map", tiny, "--objective", "speed"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "sim map: argument --objective: no choice 'speed'; allowed: energy, delay, edp, dram; see sim map --help\n"
    )
