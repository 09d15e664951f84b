"""Result files read back: equal to the result that was saved, by any version; damaged ones refused in a line."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from support.paths import DATA

import sim
from sim.errors import InputError
from sim.ledger.saved import read_result

OLD = DATA / "compatibility"


def test_a_saved_run_reads_back_equal(tmp_path: Path) -> None:
    found = sim.run("squeezenet_v1_1", layers="fire2/*")
    found.save(tmp_path / "r.json")
    back = sim.read_result(tmp_path / "r.json")
    rows = found.as_rows()
    assert back.as_rows() == [{key: row[key] for key in back.as_rows()[0]} for row in rows]
    assert back.as_dict() == json.loads(json.dumps(found.as_dict()))
    assert back.saved.total == back.as_dict()["total"]
    assert list(back.to_frame().layer) == [layer.name for layer in found.layers]


@pytest.mark.parametrize("name", ["run.json", "run_check.json", "run_normalized.json", "estimate.json"])
def test_files_of_the_first_version_are_read(name: str) -> None:
    found, text = read_result(OLD / name), json.loads((OLD / name).read_text(encoding="utf-8"))
    assert [row["total_cycles"] for row in found.as_rows()] == [layer["total_cycles"] for layer in text["layers"]]
    unit = text["layers"][0]["energy"]["unit"]
    systems = [row[f"energy_system_{unit.lower()}"] for row in found.as_rows()]
    assert systems == [layer["energy"]["system"] for layer in text["layers"]]
    assert "by version 0.1.0" in str(sim.read_result(OLD / name))


def test_an_interrupted_result_says_so(tmp_path: Path) -> None:
    text = (OLD / "run.json").read_text(encoding="utf-8").replace('"complete": true', '"complete": false')
    (tmp_path / "r.json").write_text(text, encoding="utf-8")
    assert "interrupted: 3 layers were finished" in str(sim.read_result(tmp_path / "r.json"))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{", "r.json:1:2: not valid JSON: Expecting property name enclosed in double quotes; WANTED"),
        ("[1]", "r.json: this is no result file; WANTED"),
        ("{}", "r.json: this is no result file; WANTED"),
        (
            '{"schema": 9, "provenance": {}, "layers": [], "total": null}',
            "r.json: schema: a result file of schema 9; this version reads schema 1",
        ),
        (
            '{"schema": 1, "provenance": {}, "layers": [{"name": "a"}], "total": null}',
            "r.json: layers: a layer of it has no type; WANTED",
        ),
        (
            '{"schema": 1, "provenance": {}, "layers": null, "total": null}',
            "r.json: layers: not what a result file has there; WANTED",
        ),
        (
            '{"schema": 1, "provenance": null, "layers": [], "total": null}',
            "r.json: provenance: not what a result file has there; WANTED",
        ),
    ],
)
def test_other_files_are_refused(content: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_result("r.json")
    wanted = "expected a result file, as `run --json` and `estimate --json` write it"
    assert str(caught.value) == line.replace("WANTED", wanted)


def test_a_figure_is_a_number(folder: Path) -> None:
    content = json.loads((OLD / "run.json").read_text(encoding="utf-8"))
    content["layers"][1]["total_cycles"] = "many"
    Path("r.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_result("r.json")
    assert str(caught.value) == "r.json: layers.1: total_cycles: got 'many'; expected a number"


def test_damaged_files_are_read_or_refused_in_a_line(tmp_path: Path) -> None:
    good, dice = (OLD / "run.json").read_bytes(), random.Random(3)
    refused = 0
    for _ in range(100):
        content = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            content[dice.randrange(len(content))] = dice.choice(b'{}[]",:0a\\ \xff')
        (tmp_path / "r.json").write_bytes(content)
        try:
            str(sim.read_result(tmp_path / "r.json"))
        except InputError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 10
