"""SCALE-Sim's topology files: what a row means, the exact line for each bad one, and back again what was written."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from support.damage import damage, status_of

from sim.errors import InputError
from sim.files.catalogue import folder
from sim.formats.scalesim.read import read_topology
from sim.formats.scalesim.write import write_topology
from sim.networks.layer import Layer, LayerKind, Padding, Shape
from sim.networks.workload import Workload, read_workload

HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
TWO_STRIDES = HEADER.replace("Strides", "Stride height, Stride width")
GOOD = HEADER + "Conv1, 224, 224, 11, 11, 3, 96, 4,\nConv2_DP, 27, 27, 5, 5, 96, 1, 1,#dw\nFC, 1, 1, 1, 1, 96, 10, 1,\n"
SHIPPED = sorted(folder("workloads").glob("*.yaml"))
WHOLE = "expected a whole number"


@pytest.fixture
def file(folder: Path) -> Path:
    """Name a file in the present folder."""
    return Path("net.csv")


def read(text: str, file: Path) -> Workload:
    """Read a text as a topology file."""
    file.write_text(text, encoding="utf-8")
    return read_topology(file)


def test_a_row_of_each_kind(file: Path) -> None:
    """Take the published AlexNet's first row, whose last window hangs over: 55 windows, as SCALE-Sim counts them."""
    assert read(GOOD, file) == Workload(
        name="net",
        batch=1,
        layers=(
            Layer(
                name="Conv1",
                kind=LayerKind.CONV,
                shape=Shape(G=1, M=96, C=3, R=11, S=11, E=55, F=55, Uy=4, Ux=4),
                stored_height=224,
                stored_width=224,
                padding=Padding(bottom=3, right=3),
                relu=False,
                coded_ifmap=False,
            ),
            Layer(
                name="Conv2_DP",
                kind=LayerKind.DEPTHWISE,
                shape=Shape(G=96, M=1, C=1, R=5, S=5, E=23, F=23),
                stored_height=27,
                stored_width=27,
                relu=False,
            ),
            Layer(
                name="FC",
                kind=LayerKind.FC,
                shape=Shape(G=1, M=10, C=96, R=1, S=1, E=1, F=1),
                stored_height=1,
                stored_width=1,
                relu=False,
            ),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace(" ", ""),
        GOOD.replace(",\n", "\n"),
        GOOD.replace("\n", "\r\n\n\t"),
        GOOD.replace(", ", "   ,\t"),
        GOOD.replace("\nConv1", "\n# the first\n,,,\nConv1").replace("#dw", " # depthwise, by name"),
    ],
    ids=["tight", "no comma at the end", "empty lines", "aligned", "comments"],
)
def test_ways_to_write_a_row(text: str, file: Path) -> None:
    assert read(text, file) == read(GOOD, file)


def test_two_strides(file: Path) -> None:
    shape = read(TWO_STRIDES + "a, 9, 8, 3, 2, 4, 5, 2, 3,\n", file).layers[0].shape
    assert shape == Shape(G=1, M=5, C=4, R=3, S=2, E=4, F=3, Uy=2, Ux=3)


def test_sparsity_is_of_the_filters(file: Path) -> None:
    layers = read(HEADER[:-1] + " Sparsity,\na, 9, 9, 3, 3, 4, 5, 2, 1:4,\nb, 9, 9, 3, 3, 4, 5, 2, 4:4\n", file).layers
    assert [(layer.filter_zeros, layer.ifmap_zeros) for layer in layers] == [(0.75, 0), (0, 0)]


def test_names_that_come_again_get_numbers(file: Path) -> None:
    row = ", 9, 9, 3, 3, 4, 5, 1,\n"
    network = read(HEADER + f"a{row}a{row}a_2{row}a{row}", file)
    assert [layer.name for layer in network.layers] == ["a", "a_2", "a_2_2", "a_3"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a", "0 numbers in a row; expected six sizes and one stride or two"),
        ("a, 9, 9, 3, 3, 4, 5", "6 numbers in a row; expected six sizes and one stride or two"),
        ("a, 9, 9, 3, 3, 4, 5, 1, 1, 1", "9 numbers in a row; expected six sizes and one stride or two"),
        (", 9, 9, 3, 3, 4, 5, 1", "no name; expected a name for the layer"),
        (f"{'x' * 129}, 9, 9, 3, 3, 4, 5, 1", "a name of 129 characters; at most 128"),
        ("a, x, 9, 3, 3, 4, 5, 1", f"IFMAP height: got the text 'x'; {WHOLE}"),
        ("a, 9, , 3, 3, 4, 5, 1", f"IFMAP width: no value; {WHOLE}"),
        ("a, 9, 9, -3, 3, 4, 5, 1", f"Filter height: got the text '-3'; {WHOLE}"),
        ("a, 9, 9, 3, 3.0, 4, 5, 1", f"Filter width: got the text '3.0'; {WHOLE}"),
        ("a, 9, 9, 3, 3, 0, 5, 1", "Channels: got the number 0; expected 1 to 1048576"),
        (f"a, 9, 9, 3, 3, 4, {'9' * 5000}, 1", f"Num filter: got the number {'9' * 40}; expected 1 to 1048576"),
        ("a, 9, 9, 3, 3, 4, 5, 0", "Stride height: got the number 0; expected 1 to 4096"),
        ("a, 9, 9, 3, 3, 4, 5, 1, 4097", "Stride width: got the number 4097; expected 1 to 4096"),
        ("a, 9, 9, 10, 3, 4, 5, 1", "Filter height: got the number 10; expected at most 9, the ifmap"),
        ("a, 9, 9, 3, 10, 4, 5, 1", "Filter width: got the number 10; expected at most 9, the ifmap"),
        ("a, 9, 9, 3, 3, 4, 5, 1, 4:2", "Sparsity: got the text '4:2'; expected N:M with N up to M"),
        ("a, 9, 9, 3, 3, 4, 5, 1, 4:", f"Sparsity: no value; {WHOLE}"),
        ("a, 65536, 65536, 3, 3, 4, 5, 1", "a padded ifmap of 17179869184 words; at most 1073741824 an image"),
        ("a, 1024, 1024, 1, 1, 1, 4096, 1", "an ofmap of 4294967296 words; at most 1073741824 an image"),
    ],
)
def test_refuse_a_row(row: str, message: str, file: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(f"{HEADER}\n{row},\n", file)
    assert str(caught.value) == f"net.csv:3: {message}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "net.csv:1: no layers; expected a header and a layer a row"),
        (HEADER, "net.csv:1: no layers; expected a header and a layer a row"),
        ("a, 9, 9, 3, 3, 4, 5, 1,\n",
         "net.csv:1: a layer in the first row, which SCALE-Sim skips; put a header before it"),
        ("Layer, M, N, K,\na, 1, 2, 3,\n",
         "net.csv:1: a GEMM topology; only convolution topologies are read; write 1 x 1 filters instead"),
        ("layer,energy\na,3\n",
         "net.csv:1: a header of 2 columns; expected Layer name, IFMAP height, IFMAP width, Filter height, "
         "Filter width, Channels, Num filter, Strides"),
    ],
)  # fmt: skip
def test_refuse_a_file(text: str, line: str, file: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(text, file)
    assert str(caught.value) == line


def test_refuse_what_is_no_file() -> None:
    with pytest.raises(InputError, match=r"^nope\.csv: no such file; expected a topology file of SCALE-Sim$"):
        read_topology("nope.csv")


def test_fifty_damaged_files(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damage a good file fifty times, with a fixed seed: read it, or refuse it with status 2 and one line."""
    draw = random.Random(5)
    pieces = (b"", b",", b"\n", b"\xff", b"\0", b"-1", b"9" * 400, b"nan", b"1e9", b":", b"#")
    statuses = set()
    for _ in range(50):
        content = damage(GOOD, draw, times=draw.randint(1, 6), first=0, longest=12, pieces=pieces)
        statuses.add(status_of(content, file, capsys))
    assert statuses == {0, 2}


# What is written


def rows(text: str) -> list[str]:
    """Return the rows below the header."""
    return text.splitlines()[1:]


def test_groups_become_rows() -> None:
    conv = Layer("a/1, DP", LayerKind.CONV, Shape(G=2, M=3, C=4, R=3, S=2, E=5, F=6), 7, 7)
    depthwise = replace(
        conv, name="b", kind=LayerKind.DEPTHWISE, shape=Shape(G=8, M=2, C=1, R=3, S=3, E=5, F=5, Uy=2, Ux=2)
    )
    text = write_topology(Workload("net", 4, (conv, depthwise)))
    assert text.startswith(HEADER)
    assert rows(text) == [
        "a/1_dp_g1, 7, 7, 3, 2, 4, 3, 1,",
        "a/1_dp_g2, 7, 7, 3, 2, 4, 3, 1,",
        "b_DP, 11, 11, 3, 3, 8, 2, 2,",
    ]


def test_two_columns_of_strides_where_they_differ() -> None:
    layers = tuple(
        Layer(name, LayerKind.CONV, Shape(1, 2, 3, 3, 3, 4, 4, 2, U), 9, 9) for name, U in (("a", 2), ("b", 1))
    )
    text = write_topology(Workload("net", 1, layers))
    assert text.startswith(TWO_STRIDES)
    assert rows(text) == ["a, 9, 9, 3, 3, 3, 2, 2, 2,", "b, 9, 6, 3, 3, 3, 2, 2, 1,"]


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.stem)
def test_shapes_of_shipped_workloads_read_the_same(shipped: Path, file: Path) -> None:
    """Compare shapes, and MACs, and what a second writing gives."""
    network = read_workload(shipped)
    text = write_topology(network)
    again = read(text, file)
    expected = []
    for layer in network.layers:
        is_split = layer.shape.G > 1 and layer.shape.C > 1
        expected += [replace(layer.shape, G=1)] * layer.shape.G if is_split else [layer.shape]
    assert [layer.shape for layer in again.layers] == expected
    assert sum(layer.shape.macs for layer in again.layers) == sum(layer.shape.macs for layer in network.layers)
    if len(again.layers) == len(network.layers) and all(layer.shape.G == 1 for layer in network.layers):
        assert write_topology(again) == text
