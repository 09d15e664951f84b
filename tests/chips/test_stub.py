"""The seam: a chip that is no part of `sim` runs through every command that it has a model for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import DATA, ROOT
from support.patience import patient

import sim
from sim.chips.registry import chip_of, kinds, read_design
from sim.cli.main import main
from sim.errors import InputError
from sim.files.catalogue import find_cost_table
from sim.studies.sweeps.evaluation import code_version
from sim.studies.sweeps.evaluation.evaluate import Evaluator
from sim.studies.sweeps.spec.spec import read_study

MACHINE = str(DATA / "machines" / "stub.yaml")
METADATA = "Metadata-Version: 2.1\nName: stub-chip\nVersion: 1.0\n"
CONV = "CONV[123]"
BOTH = {"schema": 1, "workload": "alexnet", "layers": CONV, "cost_table": "normalized-65nm"}


@pytest.fixture(autouse=True)
def plugged_in(folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the chip as another package does: by its entry point."""
    place = tmp_path_factory.mktemp("site")
    about = place / "stub_chip-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA, encoding="utf-8")
    (about / "entry_points.txt").write_text("[sim.chips]\nstub = support.stub_chip:Stub\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(place))
    return place


def test_it_is_found_and_named() -> None:
    assert kinds() == ["eyeriss", "stub"]
    assert read_design(MACHINE).chip.kind == "stub"
    assert chip_of("nothing") is None


def test_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "alexnet", "--layers", CONV, "--arch", MACHINE, "--model", "analytic", "--json", "r.json"]) == 0
    found = json.loads(Path("r.json").read_text(encoding="utf-8"))
    layer = found["layers"][2]
    assert list(layer["mapping"]) == ["words", "filters"]
    assert layer["accesses"]["dram"]["filter"]["read"] == 384 * 256 * 9
    assert layer["macs"] == 149_520_384
    assert list(layer["energy"]["by_component"]) == ["macs", "memories", "time"]
    assert "fifo" not in layer
    assert "words filters" in capsys.readouterr().out


def test_a_mapping_of_its_own() -> None:
    stated = ["--mapping", "CONV1:words=4,filters=2", "--layers", "CONV1"]
    assert main(["run", "alexnet", "--arch", MACHINE, *stated, "--json", "r.json", "--quiet"]) == 0
    layer = json.loads(Path("r.json").read_text(encoding="utf-8"))["layers"][0]
    assert layer["mapping"] == {"words": 4, "filters": 2}


def test_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "alexnet", "--arch", MACHINE]) == 0
    assert "alexnet on stub, analytic model" in capsys.readouterr().out


def test_map(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "alexnet", "--layers", "CONV1", "--arch", MACHINE, "--constrain", "words=1..4"]) == 0
    out = capsys.readouterr().out
    assert "CONV1  words filters" in out
    assert "\n1      4 16 " in out


def test_sweep_of_both_kinds() -> None:
    """What a kind has no parameter for stays empty, and is not swept on it."""
    sets = [f"arch=[eyeriss, {MACHINE}]", "workload=alexnet", "glb.fmap_banks=[12, 25]", "macs.rows=[8, 16]"]
    words = [word for text in sets for word in ("--set", text)]
    table = ["--set", "cost_table=normalized-65nm"]
    assert main(["sweep", *words, *table, "--csv", "s.csv", "--store", "s.sqlite", "--quiet"]) == 0
    rows = Path("s.csv").read_text(encoding="utf-8").splitlines()
    heads = rows[0].split(",")
    totals = [dict(zip(heads, row.split(","), strict=True)) for row in rows[1:] if ",total," in row]
    mine = [row for row in totals if row["arch"] == MACHINE]
    assert [row["glb.fmap_banks"] for row in mine] == ["", ""]
    assert [row["status"] for row in totals] == ["done"] * 4
    assert float(mine[0]["area_mm2"]) == 8 * 16 * 0.01


@pytest.mark.parametrize("arch", [("eyeriss", MACHINE), (MACHINE, "eyeriss")], ids=["last", "first"])
def test_a_kind_gets_no_other_kinds_plans(arch: tuple[str, str]) -> None:
    """What one point finds may serve the next only where both machines are of one kind."""
    study = read_study({**BOTH, "arch": arch})
    evaluator = Evaluator(study)
    found = {study.machine_name(study.point(number)): evaluator.evaluate(number) for number in study.numbers()}
    for name, outcome in found.items():
        alone = Evaluator(read_study({**BOTH, "arch": name})).evaluate(0)
        assert outcome.status == "done"
        assert outcome.total["cycles"] == alone.total["cycles"]


@pytest.mark.parametrize("arch", [("eyeriss", MACHINE), (MACHINE, "eyeriss")], ids=["last", "first"])
@pytest.mark.parametrize("condition", ["glb.size > 1e9", "glb.fmap_banks > 1e9"])
def test_a_condition_holds_for_a_kind_without_the_parameter(arch: tuple[str, str], condition: str) -> None:
    """A parameter that no file has, only sweeps, is treated as every other one that a kind lacks."""
    study = read_study({**BOTH, "arch": arch, "where": [condition]})
    assert [study.machine_name(study.point(number)) for number in study.numbers()] == [MACHINE]


UNEQUAL = {
    ("glb.fmap_banks", "core"): r"adjust: the stub array has no 'glb\.fmap_banks'; name what every machine has",
    ("macs.rows", "core"): r"adjust: Eyeriss has no 'macs\.rows'; name what every machine has",
    ("link.burst_words", "core"): r"adjust: 'link\.burst_words' does not change the core area; ",
    ("link.burst_word", "core"): r"adjust: unknown parameter 'burst_word'; ",
}


@pytest.mark.parametrize("arch", [("eyeriss", MACHINE), (MACHINE, "eyeriss")], ids=["last", "first"])
@pytest.mark.parametrize(("adjust", "of"), UNEQUAL)
def test_equal_area_is_checked_on_every_machine(arch: tuple[str, str], adjust: str, of: str) -> None:
    entry = {"of": of, "adjust": adjust, "budget_mm2": 9}
    with pytest.raises(InputError, match=rf"^sweep: equal_area\.{UNEQUAL[adjust, of]}"):
        read_study({**BOTH, "arch": arch, "equal_area": entry})


def test_another_version_of_the_package_is_other_code(plugged_in: Path) -> None:
    """A store must not go on with points of an upgraded plug-in."""
    before = code_version._found.__wrapped__()
    metadata = plugged_in / "stub_chip-1.0.dist-info" / "METADATA"
    metadata.write_text(METADATA.replace("Version: 1.0", "Version: 1.1"), encoding="utf-8")
    assert code_version._found.__wrapped__() != before


def test_compare_with_eyeriss(capsys: pytest.CaptureFixture[str]) -> None:
    """A layer that a machine can't run is told with its reason, and left out of both totals."""
    machines = ["--arch", "eyeriss", "--arch", MACHINE, "--cost-table", "normalized-65nm"]
    assert main(["compare", "mobilenet_v1", "--layers", "Conv2d_[12]_*", *machines, "--json", "c.json"]) == 0
    found = json.loads(Path("c.json").read_text(encoding="utf-8"))
    refused = found["machines"][1]["refused"]
    assert set(refused) == {"Conv2d_1_depthwise", "Conv2d_2_depthwise"}
    assert found["common"]["layers"] == ["Conv2d_1_pointwise", "Conv2d_2_pointwise"]
    assert "stub can't run layer Conv2d_1_depthwise: the stub array runs no depthwise layer" in capsys.readouterr().out


def test_from_python() -> None:
    found = sim.compare("alexnet", arch=["eyeriss", MACHINE], cost_table="normalized-65nm", layers=CONV)
    assert list(found.to_frame().arch) == ["eyeriss"] * 3 + ["stub"] * 3
    edited = sim.run("alexnet", arch=MACHINE, set={"macs.rows": 8}, layers="CONV1")
    assert edited.layers[0].mapping["words"] <= 8


NO_MODEL = "the stub array has no model of"
ELSE = "choose another machine"
REFUSED = {
    "run alexnet --model cycle": "--model: the stub array has no cycle model; it has analytic",
    "run alexnet --check": f"--check: {NO_MODEL} computed values; {ELSE}",
    "compare alexnet": "compare: the stub array has no cycle model; it has analytic",
    "compare alexnet --cost-table normalized-65nm --model cycle --arch eyeriss": "--model: the stub array has no cycle "
    "model; it has analytic",
    "validate": f"validate: {NO_MODEL} published measurements; {ELSE}",
    "calibrate": f"calibrate: {NO_MODEL} published measurements; {ELSE}",
    "compress alexnet": f"compress: {NO_MODEL} coded fmap streams; {ELSE}",
    "trace alexnet --format ramulator2 --output -": f"trace: {NO_MODEL} a trace of its DRAM link; {ELSE}",
    "run alexnet --trace t.json": f"--trace: {NO_MODEL} what each component does when; {ELSE}",
    "estimate alexnet --skip either": f"--skip: {NO_MODEL} MACs that are left out for either; {ELSE}",
    "run mobilenet_v1": "layer Conv2d_1_depthwise: the stub array runs no depthwise layer; leave it out with --layers",
    "run alexnet --set macs.row=8": "--set macs.row: unknown parameter 'row'; did you mean 'rows'?",
    "run alexnet --mapping CONV1:m=4": "--mapping: m: unknown key; allowed: words, filters",
    "run alexnet --cost-table lacking.yaml": "lacking.yaml: lacking has no costs for spad, where the stub array counts "
    "words; add them, or use another cost table",
}


@pytest.mark.parametrize(("words", "line"), REFUSED.items(), ids=REFUSED)
def test_what_it_lacks_is_said_in_a_line(words: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        find_cost_table("normalized-65nm").read_text(encoding="utf-8").replace("name: normalized-65nm", "name: lacking")
    )
    Path("lacking.yaml").write_text(re.sub(r"^spad:\n(  .*\n)+", "", text, flags=re.MULTILINE), encoding="utf-8")
    assert main([*words.split(), "--arch", MACHINE]) == 2
    assert capsys.readouterr().err == line + "\n"


def test_an_unknown_chip_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(MACHINE).read_text(encoding="utf-8").replace("chip: stub", "chip: stab")
    Path("m.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "alexnet", "--arch", "m.yaml"]) == 2
    assert capsys.readouterr().err == "m.yaml:5:7: chip: no chip 'stab'; did you mean 'stub'?\n"


def test_a_process_of_its_own_finds_it(plugged_in: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(plugged_in)])}
    command = [sys.executable, "-m", "sim", "list", "chips"]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=patient(60), check=True)
    assert "stub     the stub array; models: analytic" in found.stdout
