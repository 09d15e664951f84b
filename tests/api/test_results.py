"""What calls give back: shown as the command's table, safe in a notebook, as frames, and as files."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.commands import call, read_json

import sim
from sim.errors import InputError
from sim.ledger.figures import ENERGIES, IN_THE_FILE

pytestmark = pytest.mark.usefixtures("tiny")
ODD = "<b>&[bold]"


def bare(content: Any) -> Any:
    """Leave out the provenance's options."""
    if isinstance(content, dict):
        return {key: bare(part) for key, part in content.items() if key != "options"}
    return [bare(part) for part in content] if isinstance(content, list) else content


def odd_network() -> dict[str, Any]:
    """Make a network whose names look like markup."""
    layer = {"name": ODD, "type": "conv", "ifmap": [3, 12, 12], "filters": 8, "kernel": 3, "pad": 1}
    zeros = {"ifmap": 0.5, "ofmap": 0.5}
    return {"schema": 1, "name": f"net {ODD}", "source": "test", "default_zeros": zeros, "layers": [layer]}


@pytest.mark.parametrize("command", ["run", "estimate"])
def test_a_result_prints_the_command_s_table(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command, "tiny.yaml") == 0
    due = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    shown = str(getattr(sim, command)("tiny.yaml"))
    assert [line.rstrip() for line in shown.splitlines()] == due


def test_mappings_print_the_command_s_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("map", "tiny.yaml") == 0
    due = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line.rstrip() for line in str(sim.map("tiny.yaml")).splitlines()] == due


def test_a_result_is_short_in_a_list() -> None:
    assert repr(sim.run("tiny.yaml", model="analytic")) == "<run of tiny on eyeriss: 3 layers, batch 2>"
    assert repr(sim.estimate("tiny.yaml", layers="fc3")) == "<estimate of tiny on eyeriss: 1 layers, batch 2>"
    assert repr(sim.map("tiny.yaml")) == "<mappings of tiny on eyeriss: 3 layers, batch 2>"
    assert repr(sim.compare("tiny.yaml", layers="fc3")) == "<both models of tiny on eyeriss: 1 layers, batch 2>"
    machines = sim.compare("tiny.yaml", arch=["eyeriss", "eyeriss"])
    assert repr(machines) == "<comparison of tiny on eyeriss, eyeriss (2): 3 layers, batch 2>"
    assert re.fullmatch(r"<validation of eyeriss: \d+ bounds, \d+ broken>", repr(sim.validate()))
    sim.run("tiny.yaml", model="analytic").save("r.json")
    assert repr(sim.read_result("r.json")) == "<result file of tiny on eyeriss: 3 layers>"


@pytest.mark.parametrize(
    "result",
    [
        lambda network: sim.run(network, model="analytic"),
        lambda network: sim.estimate(network),
        lambda network: sim.map(network),
        lambda network: sim.compare(network),
        lambda network: sim.compare(network, arch=["eyeriss", "eyeriss"]),
    ],
    ids=["run", "estimate", "map", "models", "machines"],
)
def test_a_notebook_shows_names_and_no_markup(result: Any) -> None:
    found = result(odd_network())
    page = found._repr_html_()
    assert page.startswith("<pre ")
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;[bold]" in page
    assert ODD in str(found)


def test_a_run_s_frame_has_a_row_a_layer() -> None:
    result = sim.run("tiny.yaml")
    frame = result.to_frame()
    assert list(frame["layer"]) == ["conv1", "conv2/dw", "fc3"]
    for figure in IN_THE_FILE:
        assert list(frame[figure.column]) == [figure.value(layer) for layer in result.layers]
    for figure in ENERGIES:
        assert list(frame[f"{figure.column}_pj"]) == [getattr(layer.energy, figure.key) for layer in result.layers]
    assert frame["power_w"].gt(0).all()
    assert frame["mapping"][0] == " ".join(f"{key}={value}" for key, value in result.layers[0].mapping.items())


def test_an_estimate_s_frame_is_in_its_unit() -> None:
    frame = sim.estimate("tiny.yaml").to_frame()
    assert "energy_system_mac" in frame
    assert frame["power_w"].isna().all()


def test_an_estimate_has_energies_per_image() -> None:
    result = sim.estimate("tiny.yaml")
    system = sum(layer.energy.system for layer in result.layers)
    assert result.per_image.total == pytest.approx(system / 2)


def test_a_comparison_s_frame_has_a_row_a_quantity() -> None:
    found = sim.compare("tiny.yaml", layers="fc3")
    rows = found.to_frame()
    assert set(rows["layer"]) == {"fc3"}
    (quantities,) = (layer.quantities for layer in found.found.layers)
    assert list(rows["quantity"]) == list(quantities)
    assert list(rows["analytic"] - rows["cycle"]) == pytest.approx([one.absolute for one in quantities.values()])


def test_a_layer_is_found_by_its_name() -> None:
    result = sim.run("tiny.yaml", model="analytic")
    assert result.layer("fc3") is result.layers[2]
    with pytest.raises(KeyError):
        result.layer("fc4")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sim.run("tiny.yaml", seed=2), ["run", "tiny.yaml", "--seed", "2"]),
        (lambda: sim.run("tiny.yaml", check=True), ["run", "tiny.yaml", "--check"]),
        (lambda: sim.estimate("tiny.yaml"), ["estimate", "tiny.yaml"]),
        (lambda: sim.compare("tiny.yaml"), ["compare", "tiny.yaml"]),
        (lambda: sim.compare("tiny.yaml", arch=["eyeriss", "eyeriss"]),
         ["compare", "tiny.yaml", "--arch", "eyeriss", "--arch", "eyeriss"]),
    ],
    ids=["run", "check", "estimate", "models", "machines"],
)  # fmt: skip
def test_a_saved_result_is_the_command_s_file(make: Any, words: list[str]) -> None:
    """But for what its provenance says of options."""
    make().save("call.json")
    assert call(*words, "--quiet", "--json", "command.json") == 0
    found, due = read_json("call.json"), read_json("command.json")
    assert json.dumps(bare(found)) == json.dumps(bare(due))  # the order is the same, too
    for name, content in (("call.json", found), ("command.json", due)):
        assert Path(name).read_text(encoding="utf-8") == json.dumps(content, indent=1) + "\n"


def test_a_mapping_result_is_saved() -> None:
    sim.map("tiny.yaml", top=2).save(Path("map.json"))
    found = read_json("map.json")
    assert found["legal"] > found["evaluated"] > 0
    assert [row["place"] for row in found["layers"]] == [1, 2] * 3


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (".", ".: is a folder; give the name of a file"),
        (Path("missing/r.json"), "missing/r.json: its folder is missing; make it first"),
        ("a\0b", "a\\x00b: can't be written: "),
        (3, "path: got the number 3; expected a file's path"),
    ],
)
def test_a_file_that_can_t_be_written_is_refused(path: Any, line: str) -> None:
    with pytest.raises(InputError) as caught:
        sim.estimate("tiny.yaml").save(path)
    assert str(caught.value).startswith(line)


def test_a_file_is_saved_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    result, before = sim.estimate("tiny.yaml"), sorted(Path().iterdir())
    Path("r.json").write_text("old", encoding="utf-8")
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match=r"^r\.json: can't be written: no space left on device; name another file$"):
        result.save("r.json")
    assert Path("r.json").read_text(encoding="utf-8") == "old"
    assert sorted(Path().iterdir()) == sorted([*before, Path("r.json")])


def test_a_provisional_table_is_said_to_be() -> None:
    from sim.files.catalogue import find_cost_table

    text = find_cost_table("eyeriss-65nm").read_text(encoding="utf-8")
    Path("costs.yaml").write_text(text.replace("status: calibrated", "status: provisional"), encoding="utf-8")
    assert "provisional" in str(sim.run("tiny.yaml", cost_table="costs.yaml", model="analytic"))
    assert "provisional" not in str(sim.run("tiny.yaml", model="analytic"))
