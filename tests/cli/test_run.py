"""`sim run`: what it prints, and the result file it writes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.commands import call, files
from support.tiny_runs import CONV1_MACS, DW_MACS, FC_MACS, names, result
from support.workloads import TINY

from sim import __version__

pytestmark = pytest.mark.usefixtures("tiny")
PROVENANCE = ["version", "git", "arch", "workload", "batch", "model", "cost_table", "seed", "options"]


def test_a_run_prints_its_layers_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml") == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "tiny on eyeriss, cycle model, cost table eyeriss-65nm"
    assert [line.split()[0] for line in lines[3:6]] == ["conv1", "conv2/dw", "fc3"]
    assert lines[6] == ""
    macs = 2 * (CONV1_MACS + DW_MACS + FC_MACS) / 1e6
    assert lines[7].startswith(f"batch 2: {macs:.1f} M MACs, ")
    assert lines[8].startswith("DRAM ")
    assert lines[9].startswith("chip ")


def test_a_pipe_gets_no_terminal_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.replace("\n", "").isprintable()


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_the_result_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--json", "out.json", "--seed", "3") == 0
    text = Path("out.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    found = json.loads(text)
    assert (found["schema"], found["complete"], names(found)) == (1, True, ["conv1", "conv2/dw", "fc3"])
    assert [layer["macs"] for layer in found["layers"]] == [2 * CONV1_MACS, 2 * DW_MACS, 2 * FC_MACS]
    provenance = found["provenance"]
    assert list(provenance) == PROVENANCE
    assert provenance | {"git": None} == {
        "version": __version__,
        "git": None,
        "arch": "eyeriss",
        "workload": "tiny",
        "batch": 2,
        "model": "cycle",
        "cost_table": "eyeriss-65nm",
        "seed": 3,
        "options": {"layers": None, "mapping": [], "objective": "energy", "constrain": [], "reuse": True},
    }
    assert "conv2/dw" in capsys.readouterr().out  # the table is printed as well


def test_the_result_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--json", "-") == 0
    printed = capsys.readouterr()
    assert names(json.loads(printed.out)) == ["conv1", "conv2/dw", "fc3"]
    assert printed.err.startswith("tiny on eyeriss")  # the table makes way
    assert files() == ["tiny.yaml"]


def test_the_result_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "tiny.yaml", "--json", "-", "--quiet") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["complete"]
    assert printed.err == ""


def test_an_old_result_file_is_replaced_and_its_link_followed() -> None:
    Path("sub").mkdir()
    Path("sub/real.json").write_text("old")
    Path("result.json").symlink_to("sub/real.json")
    result()
    assert Path("result.json").is_symlink()
    assert json.loads(Path("sub/real.json").read_text())["complete"]
    assert files() == ["result.json", "sub", "tiny.yaml"]
    assert files("sub") == ["real.json"]


def test_a_pipe_is_written_to_and_not_replaced() -> None:
    os.mkfifo("result.json")
    reader = os.open("result.json", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert call("run", "tiny.yaml", "--quiet", "--layers", "fc3", "--json", "result.json") == 0
        assert names(json.loads(os.read(reader, 1 << 20))) == ["fc3"]
    finally:
        os.close(reader)
    assert Path("result.json").is_fifo()
    assert files() == ["result.json", "tiny.yaml"]


def test_names_from_files_are_shown_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither markup, nor emoji codes, nor control characters take effect."""
    odd = TINY.replace("name: tiny", 'name: "[/bold]\\e[31m"').replace("conv1", '"[/x]:m:"')
    Path("odd.yaml").write_text(odd.replace("conv2/dw", '"a\\nb"'), encoding="utf-8")
    assert call("run", "odd.yaml") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[/bold]\\x1b[31m on eyeriss")
    assert [line.split()[0] for line in lines[3:6]] == ["[/x]:m:", "a\\nb", "fc3"]
