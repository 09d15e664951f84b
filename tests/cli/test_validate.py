"""`sim validate`: what it prints and writes, its exit status, and how it ends otherwise."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console
from support.commands import call
from support.made_up import as_published
from support.terminals import stand_in

from sim.chips.contract import Job
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.machine import read_machine
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.silicon.published import NETWORKS, PUBLISHED
from sim.files.catalogue import find_cost_table, find_machine
from sim.ledger.energy import read_cost_table
from sim.ledger.results import LayerResult, LayerRun
from sim.studies import measured
from sim.studies.measured import MeasuredRequests
from sim.studies.validation import Validation, validate_network
from sim.views.charts.parity import draw_parity
from sim.views.validation_table import show_validation, signed

SEE = "see sim validate --help"
GOOD = Validation(tuple(validate_network(PUBLISHED, network, as_published(network)) for network in NETWORKS))
FACTORS = {"total_latency": {"CONV5": 1.1}, "active_pes": {"CONV1": 153 / 154}}
BAD = Validation((validate_network(PUBLISHED, NETWORKS[0], as_published(NETWORKS[0], **FACTORS)), GOOD.networks[1]))


@dataclass(frozen=True)
class Outcome:
    """What one run of the command left."""

    status: int
    printed: str
    found: dict[str, Any]
    rows: list[dict[str, str]]
    plot: bytes


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Validate the shipped machine once, with every file that the command writes."""
    folder = tmp_path_factory.mktemp("validate")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        stand_in(folder, patch)
        status = call("validate", "--json", "out.json", "--csv", "out.csv", "--plot", "out.svg")
    yield Outcome(
        status=status,
        printed=printed.getvalue(),
        found=json.loads((folder / "out.json").read_text(encoding="utf-8")),
        rows=list(csv.DictReader((folder / "out.csv").read_text(encoding="utf-8").splitlines())),
        plot=(folder / "out.svg").read_bytes(),
    )


def test_the_mapper_may_choose_instead(folder: Path) -> None:
    """Leave the stated mappings out: VGG-16 then runs with others, and bounds of what was measured break."""
    assert call("validate", "--mapper", "--quiet", "--json", "out.json") == 1
    found = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert all(network["provenance"]["options"] == {"mapper": True} for network in found["networks"])
    assert any("active_pes/vgg16" in name for name in map(str, found["broken"]))


# The shipped machine


def test_the_status_is_1_exactly_if_a_bound_is_broken(outcome: Outcome) -> None:
    assert outcome.status == (1 if outcome.found["broken"] else 0)
    assert outcome.found["bounds_checked"] == GOOD.bounds


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.key)
def test_active_pes_are_exact_and_the_buffer_is_within_its_bounds(outcome: Outcome, network: Any) -> None:
    (found,) = (one for one in outcome.found["networks"] if one["name"] == network.key)
    cells = [cell for cell in found["cells"] if cell["quantity"] in ("active_pes", "glb_accesses")]
    assert len(cells) == 2 * (len(found["cells"]) // len(PUBLISHED.columns))
    for cell in cells:
        assert cell["inside"] is True
        assert cell["quantity"] != "active_pes" or cell["ours"] == cell["published"]


def test_provenance(outcome: Outcome) -> None:
    for network, one in zip(NETWORKS, outcome.found["networks"], strict=True):
        provenance = one["provenance"]
        assert (provenance["arch"], provenance["workload"]) == ("eyeriss", network.workload)
        assert (provenance["batch"], provenance["model"], provenance["seed"]) == (network.batch, "cycle", 0)


def test_the_csv_has_the_cells_of_the_json(outcome: Outcome) -> None:
    cells = [
        cell
        for network in outcome.found["networks"]
        for cell in (*network["cells"], *network["totals"], *network["compression_ratios"])
    ]
    assert [float(row["ours"]) for row in outcome.rows] == [cell["ours"] for cell in cells]
    assert [row["layer"] for row in outcome.rows] == [cell["layer"] for cell in cells]
    assert {row["inside"] for row in outcome.rows} <= {"true", "false", ""}
    assert list(outcome.rows[0])[:5] == ["network", "layer", "quantity", "unit", "ours"]


def test_every_cell_is_printed(outcome: Outcome) -> None:
    lines = [line.split() for line in outcome.printed.splitlines()]
    for network in outcome.found["networks"]:
        cells = {(cell["layer"], cell["quantity"]): cell for cell in network["cells"]}
        for layer in dict.fromkeys(cell["layer"] for cell in network["cells"]):
            (words,) = (
                [word for word in line if word != "!"]
                for line in lines
                if line[:1] == [layer] and line[5] == f"{cells[layer, 'total_latency']['published']:.1f}"
            )
            deviations = [signed(cells[layer, quantity]["deviation_pct"]) for quantity in PUBLISHED.columns]
            assert words[3::3] == deviations


def test_the_printed_verdict(outcome: Outcome) -> None:
    broken, bounds = len(outcome.found["broken"]), outcome.found["bounds_checked"]
    verdict = f"{broken} of {bounds} bounds are broken" if broken else f"all {bounds} bounds hold"
    assert verdict in outcome.printed.splitlines()


def test_a_parity_chart_is_written(outcome: Outcome) -> None:
    assert ElementTree.fromstring(outcome.plot.decode("utf-8")).tag == "{http://www.w3.org/2000/svg}svg"
    for label in ("power (mW)", "active PEs", "GLB accesses (MB)", "AlexNet", "VGG-16", "ours = published"):
        assert f"<!-- {label} -->".encode() in outcome.plot


# What it prints


def printed(validation: Validation, *, width: int = 200, status: str = "calibrated") -> list[str]:
    """Return the printed lines, without their trailing blanks."""
    table = read_cost_table(find_cost_table("eyeriss-65nm")).model_copy(update={"status": status})
    console = Console(file=io.StringIO(), width=width, highlight=False, emoji=False)
    show_validation(validation, console, machine="chip", table=table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


def test_where_all_is_well() -> None:
    lines = printed(GOOD)
    assert lines[0].startswith("cycle model on chip, cost table eyeriss-65nm, against the measured chip")
    assert lines[-1] == "all 111 bounds hold"
    assert not any(" !" in line or "outside" in line.split() for line in lines if "!: outside it" not in line)


def test_broken_bounds_are_marked_and_listed() -> None:
    lines = printed(BAD)
    (conv5,) = (line for line in lines if line.startswith("CONV5 "))
    assert conv5.split()[4:8] == ["11.55", "10.5", "+10.00", "!"]
    assert "AlexNet total latency 2.00 3 10.00 6 CONV5 outside" in [" ".join(line.split()) for line in lines]
    assert lines[-3:] == [
        "2 of 111 bounds are broken",
        "  total_latency/alexnet  CONV5 +10.00 (< 6 %)",
        "  active_pes/alexnet     CONV1 -0.65 (exact)",
    ]


def test_a_provisional_cost_table_is_said_to_be() -> None:
    note = "note: cost table eyeriss-65nm is provisional, not yet calibrated"
    assert printed(GOOD, status="provisional")[1] == note
    assert note not in printed(GOOD)


@pytest.mark.parametrize("width", [72, 80, 100, 132, 200])
def test_a_narrow_terminal_cuts_no_figure(width: int) -> None:
    lines = printed(BAD, width=width)
    assert all(len(line) <= width for line in lines)
    assert "…" not in "".join(lines)


# Charts


@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".PDF", b"%PDF")])
def test_the_same_validation_gives_the_same_picture(suffix: str, magic: bytes) -> None:
    picture = draw_parity(BAD, suffix=suffix, title="$a_b$\n")
    assert picture.startswith(magic)
    assert picture == draw_parity(BAD, suffix=suffix, title="$a_b$\n")


# What the options do, on results that take no time


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runs give what was published."""

    def run_all(requests: MeasuredRequests, *_: object) -> list[list[LayerResult]]:
        return [as_published(network) for network, _ in requests]

    monkeypatch.setattr(measured, "_run_all", run_all)


@pytest.mark.usefixtures("instant", "folder")
def test_results_as_published_end_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("validate") == 0
    assert "all 111 bounds hold" in capsys.readouterr().out


@pytest.mark.usefixtures("instant", "folder")
def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("validate", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("instant", "folder")
@pytest.mark.parametrize("option", ["json", "csv"])
def test_a_file_on_standard_output(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("validate", f"--{option}", "-") == 0
    found = capsys.readouterr()
    if option == "json":
        assert json.loads(found.out)["broken"] == []
    else:
        assert len(list(csv.DictReader(found.out.splitlines()))) == len(GOOD.as_rows())
    assert found.err.startswith("cycle model on eyeriss")


@pytest.mark.usefixtures("instant", "folder")
def test_a_machine_and_costs_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    machine = find_machine("eyeriss").read_text(encoding="utf-8").replace("name: eyeriss", "name: '[/mine]'")
    Path("mine.yaml").write_text(machine, encoding="utf-8")
    table = find_cost_table("eyeriss-65nm").read_text(encoding="utf-8").replace("name: eyeriss-65nm", "name: dear")
    Path("dear.yaml").write_text(table, encoding="utf-8")
    assert read_machine(Path("mine.yaml")).name == "[/mine]"
    assert call("validate", "--arch", "mine.yaml", "--cost-table", "dear.yaml") == 0
    assert capsys.readouterr().out.startswith("cycle model on [/mine], cost table dear, against")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--arch", "eyeris"], "eyeris: no machine of that name comes with sim; did you mean 'eyeriss'?"),
        (["--cost-table", "normalized-65nm"],
         "--cost-table: the chip's energy is in joules, cost table normalized-65nm in MAC; "
         "use a cost table in pJ such as eyeriss-65nm"),
        (["--json", "no/out.json"], "no/out.json: its folder is missing; make it first"),
        (["--csv", "a", "--json", "./a"], "a: --json and --csv both write there; name two files"),
        (["--csv", "-", "--json", "-"], "-: --json and --csv both write there; name two files"),
        (["--plot", "a.gif"], "a.gif: is no picture's name; give a name that ends in .svg, .png or .pdf"),
        (["--plot", "-"], "-: is no picture's name; give a name that ends in .svg, .png or .pdf"),
        (["--seed", "x"], f"sim validate: argument --seed: 'x' is not a whole number from 0 to 10**18 - 1; {SEE}"),
        (["alexnet"], "sim: unrecognized arguments: alexnet; see sim --help"),
    ],
)  # fmt: skip
def test_bad_input(arguments: list[str], line: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("validate", *arguments) == 2
    assert capsys.readouterr() == ("", f"{line}\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("layer", ["CONV1", "CONV1-2"])
def test_an_interrupt_leaves_nothing(
    layer: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part would say nothing about means and totals."""
    ledger = as_published(NETWORKS[0])[0].run.ledger

    def run(self: CycleModel, job: Job[MappedLayer]) -> LayerRun:
        if job.layer.name == layer:
            raise KeyboardInterrupt
        return LayerRun(ledger, 1, 1, active_pes=1, passes=1)

    monkeypatch.setattr(CycleModel, "run", run)
    assert call("validate", "--json", "out.json", "--csv", "out.csv", "--plot", "out.png") == 130
    assert capsys.readouterr() == ("", "interrupted: nothing was finished\n")
    assert list(folder.iterdir()) == []
