"""Timeloop's problem files: old and new spellings, the exact line for each bad one, and back again what was written."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from support.damage import damage, status_of

from sim.errors import InputError
from sim.files.catalogue import folder
from sim.formats.timeloop.read import read_problem, read_problem_folder
from sim.formats.timeloop.write import problem_files, write_problem
from sim.networks.layer import Layer, LayerKind, Padding, Shape
from sim.networks.workload import Workload, read_workload

SHIPPED = sorted(folder("workloads").glob("*.yaml"))
OLD = """\
problem:
  C: 3
  Hdilation: 1
  Hstride: 4
  K: 64
  N: 2
  P: 5
  Q: 6
  R: 11
  S: 12
  Wdilation: 1
  Wstride: 3
  shape: cnn-layer
"""
NEW = """\
problem:
  version: 0.4
  shape:
    name: "CNN_Layer"
    dimensions: [ C, M, R, S, N, P, Q ]
    coefficients:
    - {name: Wstride, default: 1}
    - {name: Hstride, default: 4}
    - {name: Wdilation, default: 1}
    - {name: Hdilation, default: 1}
    data_spaces:
    - name: Weights
      projection: [ [[C]], [[M]], [[R]], [[S]] ]
    - name: Inputs
      projection: [ [[N]], [[C]], [ [R, Wdilation], [P, Wstride] ], [ [S, Hdilation], [Q, Hstride] ] ]
    - name: Outputs
      projection: [ [[N]], [[M]], [[Q]], [[P]] ]
      read_write: True
  instance: {C: 3, M: 64, R: 11, S: 12, P: 5, Q: 6, N: 2, Wstride: 3}
"""
LAYER = Layer(
    name="p",
    kind=LayerKind.CONV,
    shape=Shape(G=1, M=64, C=3, R=12, S=11, E=6, F=5, Uy=4, Ux=3),
    stored_height=32,
    stored_width=23,
    relu=False,
    coded_ifmap=False,
)


@pytest.fixture
def file(folder: Path) -> Path:
    """Name a file in the present folder."""
    return Path("p.yaml")


def read(text: str, file: Path) -> Workload:
    """Read a text as a problem file."""
    file.write_text(text, encoding="utf-8")
    return read_problem(file)


@pytest.mark.parametrize(
    "text",
    [
        OLD,
        OLD.replace("  shape: cnn-layer\n", ""),
        OLD.replace("K:", "M:"),
        NEW,
        NEW.replace("data_spaces", "data-spaces"),
    ],
    ids=["old", "no shape", "M", "new", "0.3"],
)
def test_spellings(text: str, file: Path) -> None:
    assert read(text, file) == Workload(name="p", batch=2, layers=(LAYER,))


def test_a_shape_that_turns_height_and_width(file: Path) -> None:
    """Let the projection pair R and P with the H coefficients."""
    text = NEW.replace("[R, W", "[R, x").replace("[P, W", "[P, x").replace("[S, H", "[S, W").replace("[Q, H", "[Q, W")
    shape = read(text.replace("[R, x", "[R, H").replace("[P, x", "[P, H"), file).layers[0].shape
    assert shape == Shape(G=1, M=64, C=3, R=11, S=12, E=5, F=6, Uy=4, Ux=3)


def test_groups_and_depthwise(file: Path) -> None:
    """Take G in the dimensions or, as one converter writes it, in the instance alone; and a shape without M."""
    for text in (NEW.replace("[ C,", "[ G, C,"), NEW):
        layer = read(text.replace("{C: 3", "{G: 5, C: 3"), file).layers[0]
        assert (layer.shape, layer.kind) == (replace(LAYER.shape, G=5), LayerKind.CONV)
    depthwise = read(NEW.replace("M, R, S, N", "R, S, N").replace("M: 64, ", ""), file).layers[0]
    assert (depthwise.shape, depthwise.kind) == (replace(LAYER.shape, G=3, C=1, M=1), LayerKind.DEPTHWISE)


def test_densities_are_of_nonzeros(file: Path) -> None:
    densities = (
        "densities: {Inputs: 0.75, Weights: {distribution: fixed-structured, density: 0.5}, Outputs: {density: 1}}"
    )
    layer = read(NEW.replace("Wstride: 3}", f"Wstride: 3, {densities}}}"), file).layers[0]
    assert (layer.ifmap_zeros, layer.filter_zeros, layer.ofmap_zeros) == (0.25, 0.5, 0)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("problem:", "problems:", "p.yaml:1:1: no problem; expected a problem file of Timeloop"),
        (NEW, "problem: 3\n", "p.yaml:1:10: problem: got the number 3; expected a mapping"),
        (NEW, "problem: {shape: gemm}\n",
         "p.yaml:1:18: problem.shape: the shape 'gemm'; expected cnn-layer, or a mapping"),
        (NEW, "problem: {shape: [1]}\n",
         "p.yaml:1:18: problem.shape: got a list; expected cnn-layer, or a mapping"),
        (NEW, "problem: {instance: 1}\n", "p.yaml:1:21: problem.instance: got the number 1; expected a mapping"),
        ("[ C, M, R, S, N, P, Q ]", "[ M, N, K ]",
         "p.yaml:5:17: problem.shape.dimensions: the dimensions M N K are no convolution's; "
         "expected C M R S P Q N, and G with groups; without M depthwise"),
        ("[ C, M, R, S, N, P, Q ]", "7",
         "p.yaml:5:17: problem.shape.dimensions: no list of dimensions; "
         "expected C M R S P Q N, and G with groups; without M depthwise"),
        ("{name: Wstride, default: 1}", "{name: Xstride, default: 1}",
         "p.yaml:7:7: problem.shape.coefficients[0]: an unknown coefficient; "
         "expected one of Wstride, Hstride, Wdilation, Hdilation"),
        ("[P, Wstride]", "[Q, Wstride]",
         "p.yaml:12:5: problem.shape.data_spaces: a projection on R + Q; expected R with P and S with Q"),
        ("C: 3, ", "", "p.yaml:19:13: problem.instance: C is missing; expected a size for every dimension"),
        ("C: 3", "C: 0", "p.yaml:19:17: problem.instance.C: got the number 0; "
         "expected a whole number from 1 to 1048576"),
        ("C: 3", "C: x", "p.yaml:19:17: problem.instance.C: got the text 'x'; "
         "expected a whole number from 1 to 1048576"),
        ("N: 2", "N: 4097", "p.yaml:19:53: problem.instance.N: got the number 4097; "
         "expected a whole number from 1 to 4096"),
        ("Wstride: 3", "Wstrid: 3", "p.yaml:19:66: problem.instance.Wstrid: unknown key; did you mean 'Wstride'?"),
        ("Wstride: 3", "Wdilation: 2", "p.yaml:19:69: problem.instance.Wdilation: got the number 2; "
         "expected 1, the chip's filters are not dilated"),
        ("Wstride: 3", "Groups: 2", "p.yaml:19:66: problem.instance.Groups: got the number 2; "
         "say groups as a dimension G"),
        ("Wstride: 3", "densities: {Inputs: 2}",
         "p.yaml:19:77: problem.instance.densities.Inputs: got the number 2; expected a density of 0 to 1"),
        ("Wstride: 3", "densities: {Z: 1}",
         "p.yaml:19:72: problem.instance.densities.Z: unknown tensor; expected Inputs, Weights or Outputs"),
        ("P: 5, Q: 6", "P: 65536, Q: 65536",
         "p.yaml:19:13: problem.instance: a padded ifmap of 154629832896 words; at most 1073741824 an image"),
        ("[ C,", "[ C", None),
    ],
)  # fmt: skip
def test_refuse(old: str, new: str, line: str | None, file: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(NEW.replace(old, new), file)
    message = str(caught.value)
    assert message.startswith("p.yaml:")
    assert "\n" not in message
    if line is not None:
        assert message.split(": ", 1)[1] == line.split(": ", 1)[1]
        assert message.split(":")[1] == line.split(":")[1]


def test_a_folder_is_a_network(file: Path) -> None:
    for name, text in (("2.yaml", NEW), ("1.yml", OLD), ("3.yaml", NEW.replace("CNN_Layer", "1")), ("note.txt", "")):
        Path(name).write_text(text, encoding="utf-8")
    network = read_problem_folder(".")
    assert network.batch == 2
    assert [(layer.name, layer.coded_ifmap) for layer in network.layers] == [("1", False), ("2", True), ("1_2", True)]


def test_refuse_folders(file: Path) -> None:
    Path("none").mkdir()
    Path("mixed").mkdir()
    Path("mixed/a.yaml").write_text(NEW)
    Path("mixed/b.yaml").write_text(NEW.replace("N: 2", "N: 3"))
    for name, line in (
        ("none", "none: a folder with 0 YAML files; expected 1 to 4096 problem files of Timeloop"),
        ("mixed", "mixed/b.yaml: N: got the number 3; expected 2, as a.yaml"),
        ("nowhere", "nowhere: can't be read; name a folder of problem files"),
    ):
        with pytest.raises(InputError) as caught:
            read_problem_folder(name)
        assert str(caught.value) == line


def test_fifty_damaged_files(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damage good files fifty times, with a fixed seed: read them, or refuse them with status 2 and one line."""
    draw = random.Random(5)
    pieces = (b"", b":", b"\n", b"\xff", b"\0", b"-1", b"9" * 400, b"[", b"{", b"&a [*a", b"!!x")
    statuses = set()
    for number in range(50):
        good = (OLD, NEW)[number % 2]
        content = damage(good, draw, times=draw.randint(1, 2), first=9, longest=2, pieces=pieces)
        statuses.add(status_of(content, file, capsys))
    assert statuses == {0, 2}


# What is written


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.stem)
def test_shipped_workloads_read_the_same(shipped: Path, file: Path) -> None:
    """Compare shapes, names, batch and densities, the padding's zeros counted in; a second writing gives the same."""
    network = read_workload(shipped)
    files = problem_files(network, 4)
    Path("problems").mkdir()
    for name, text in files.items():
        Path("problems", name).write_text(text, encoding="utf-8")
    again = read_problem_folder("problems")
    assert (again.batch, len(again.layers)) == (4, len(network.layers))
    for before, after in zip(network.layers, again.layers, strict=True):
        assert (after.name, after.shape, after.padding) == (before.name, before.shape, Padding())
        assert after.ofmap_zeros == pytest.approx(before.ofmap_zeros)
        if before.padding == Padding() and before.stored_height == before.shape.H:
            assert after.ifmap_zeros == pytest.approx(before.ifmap_zeros)
    assert [layer.shape for layer in again.layers] == [
        read(write_problem(layer, 4), file).layers[0].shape for layer in again.layers
    ]


def test_padding_counts_as_zeros(file: Path) -> None:
    """Half of 4 x 4 stored values in a padded 6 x 6 ifmap: 8 of 36 are left."""
    padded = Layer("a", LayerKind.CONV, Shape(1, 1, 1, 3, 3, 4, 4), 4, 4, Padding(1, 1, 1, 1), ifmap_zeros=0.5)
    assert read(write_problem(padded, 1), file).layers[0].ifmap_zeros == pytest.approx(28 / 36)
