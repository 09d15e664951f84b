"""The online energy-estimation tool's text format: what a line means, and what is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.online_tool_files import CONV, DEPTHWISE, FC, NAMES, conv, read

from sim.errors import ModelError
from sim.files.catalogue import folder
from sim.formats.online_tool.text import read_tool_file, write_tool_file
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape
from sim.networks.workload import Workload, read_workload

SHIPPED = sorted(folder("workloads").glob("*.yaml"))


def test_a_line_of_each_kind(file: Path) -> None:
    assert read(f"{CONV}\n{FC}\n{DEPTHWISE}\n", file) == Workload(
        name="n",
        batch=2,
        layers=(
            Layer(
                name="L7",
                kind=LayerKind.CONV,
                shape=Shape(G=2, M=3, C=2, R=3, S=3, E=8, F=5, Uy=1, Ux=2),
                stored_height=8,
                stored_width=9,
                padding=Padding(top=1, bottom=1, left=0, right=2),
                ifmap_zeros=10 / (8 * 9 * 4 * 2),
                ofmap_zeros=7 / (8 * 5 * 6 * 2),
                coded_ifmap=False,
                bits=BitWidths(ifmap=16, filter=8, psum=12),
                filter_zeros=5 / (3 * 3 * 2 * 6),
            ),
            Layer(
                name="L8",
                kind=LayerKind.FC,
                shape=Shape(G=1, M=3, C=6, R=8, S=5, E=1, F=1),
                stored_height=8,
                stored_width=5,
                ifmap_zeros=7 / (8 * 5 * 6 * 2),
                relu=False,
                bits=BitWidths(ifmap=12, filter=16, psum=16),
                filter_zeros=1.0,
            ),
            Layer(
                name="L9",
                kind=LayerKind.DEPTHWISE,
                shape=Shape(G=4, M=2, C=1, R=3, S=3, E=2, F=2, Uy=2, Ux=2),
                stored_height=5,
                stored_width=5,
                ofmap_zeros=1 / (2 * 2 * 8 * 2),
            ),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        CONV,
        f"\n# AlexNet\n  \t\n{CONV} # the first\n\n",
        "\t".join(CONV.split()) + "\r\n",
        ",".join(CONV.split()) + "\r",
        " , ".join(CONV.split()) + " ,, , \n,,,,\n",
        CONV.replace("  ", ",") + ",#",
        "\ufeff" + "\u00a0".join(CONV.split()),
        " ".join(f"{int(number):.18e}" for number in CONV.split()),
        " ".join(f"+{number}." for number in CONV.split()),
        conv(stride_y="10e-1", stride_x=".2e1", pad_left="-0"),
    ],
    ids=["plain", "comments", "tabs", "commas", "both", "mixed", "unicode", "exponents", "points", "odd numbers"],
)
def test_ways_to_write_a_line(text: str, file: Path) -> None:
    assert read(text, file) == read(f"{CONV}\n", file)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        pytest.param("1  1 1 4 1 0 16  1 1 4 2 0 16  1 1 2 1 0 16  1 1  0 0 0 0", LayerKind.FC, id="covered"),
        pytest.param("1  2 2 4 1 0 16  2 2 4 2 0 16  1 1 2 1 0 16  5 5  0 0 0 0", LayerKind.FC, id="any stride"),
        pytest.param("1  3 3 4 1 0 16  2 2 4 2 0 16  1 1 2 1 0 16  5 5  0 0 0 0", LayerKind.CONV, id="not all of it"),
        pytest.param("1  2 2 4 1 0 16  2 2 4 2 0 16  2 1 2 1 0 16  1 1  0 1 0 0", LayerKind.CONV, id="padded"),
        pytest.param("1  2 2 4 1 0 16  2 2 2 2 0 16  1 1 2 1 0 16  1 1  0 0 0 0", LayerKind.CONV, id="groups"),
        pytest.param("1  2 2 4 1 0 16  2 2 1 4 0 16  1 1 4 1 0 16  1 1  0 0 0 0", LayerKind.DEPTHWISE, id="pooling"),
        pytest.param("1  3 3 1 1 0 16  2 2 1 4 0 16  2 2 4 1 0 16  1 1  0 0 0 0", LayerKind.CONV, id="one channel"),
    ],
)
def test_kinds_follow_from_the_sizes(line: str, kind: LayerKind, file: Path) -> None:
    assert read(line, file).layers[0].kind is kind


def test_a_network_is_called_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "Net\nConf.v2.txt"
    path.write_text(CONV, encoding="utf-8")
    assert read_tool_file(str(path)).name == "Net\\nConf.v2"


# What is written


def test_write_aligned_columns(file: Path) -> None:
    assert write_tool_file(read(f"{FC}\n{DEPTHWISE}", file), 2) == (
        "1 8 5 6 2 7 12 8 5 6 3 720 16 1 1 3 2 0 16 1 1 0 0 0 0\n"
        "2 5 5 4 2 0 16 3 3 1 8   0 16 2 2 8 2 1 16 2 2 0 0 0 0\n"
    )


def test_counts_grow_with_the_batch(file: Path) -> None:
    network = read(CONV, file)
    once, twice, thrice = (write_tool_file(network, batch).split() for batch in (1, 2, 3))
    changed = {NAMES[n]: (a, b, c) for n, (a, b, c) in enumerate(zip(once, twice, thrice, strict=True)) if a != b}
    assert changed == {
        "ifmap.maps": ("1", "2", "3"),
        "ifmap.zero_entries": ("5", "10", "15"),
        "ofmap.maps": ("1", "2", "3"),
        "ofmap.zero_entries": ("4", "7", "10"),  # 3.5 and 10.5: half a zero goes to the even count
    }


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"stored_height": 9}, "L7: ofmap.height: got the number 8; expected 9, (9 + 2 - 3) / 1 + 1 rounded down"),
        ({"filter_zeros": 1.5},
         "L7: filter.zero_entries: got the number 162; expected at most 108, the size of the whole tensor"),
    ],
)  # fmt: skip
def test_refuse_to_write_what_could_not_be_read(changes: dict[str, float], detail: str, file: Path) -> None:
    network = read(CONV, file)
    wrong = replace(network, layers=(replace(network.layers[0], **changes),))
    with pytest.raises(ModelError) as caught:
        write_tool_file(wrong, 2)
    assert (caught.value.law, caught.value.detail) == ("layers fit the tool's format", detail)


def tensor_sizes(layer: Layer, batch: int) -> dict[str, int]:
    """Count the values that each zero fraction is over."""
    shape = layer.shape
    return {
        "ifmap_zeros": batch * shape.G * shape.C * layer.stored_height * layer.stored_width,
        "filter_zeros": shape.weights,
        "ofmap_zeros": batch * shape.G * shape.M * shape.E * shape.F,
    }


@st.composite
def axes(draw: st.DrawFn) -> tuple[int, int, int, int, int, int]:
    """Draw kernel, stride, windows, stored size and the padding on both sides; up to a stride of it is left over."""
    kernel, stride, windows = draw(st.integers(1, 12)), draw(st.integers(1, 5)), draw(st.integers(1, 60))
    size = (windows - 1) * stride + kernel + draw(st.integers(0, stride - 1))
    before = draw(st.integers(0, min(4, size - 1)))
    after = draw(st.integers(0, min(4, size - 1 - before)))
    return kernel, stride, windows, size - before - after, before, after


@st.composite
def layers(draw: st.DrawFn, *, batch: int, index: int) -> Layer:
    """Draw a layer that the format can hold: whole counts of zeros, and the kind and the ReLU that follow from it."""
    (R, Uy, E, height, top, bottom), (S, Ux, F, width, left, right) = draw(axes()), draw(axes())
    G, M, C = (draw(st.integers(1, 40)) for _ in range(3))
    layer = Layer(
        name=f"L{index}",
        kind=LayerKind.CONV,
        shape=Shape(G=G, M=M, C=C, R=R, S=S, E=E, F=F, Uy=Uy, Ux=Ux),
        stored_height=height,
        stored_width=width,
        padding=Padding(top, bottom, left, right),
        coded_ifmap=index > 1,
        bits=BitWidths(*(draw(st.integers(1, 32)) for _ in range(3))),
    )
    if G > 1 and C == 1:
        layer = replace(layer, kind=LayerKind.DEPTHWISE)
    if G == 1 and (height, width) == (R, S) and not any((top, bottom, left, right)):
        layer = replace(layer, kind=LayerKind.FC)
    zeros = {name: draw(st.integers(0, size)) / size for name, size in tensor_sizes(layer, batch).items()}
    return replace(layer, relu=zeros["ofmap_zeros"] > 0, **zeros)


@st.composite
def networks(draw: st.DrawFn) -> Workload:
    """Draw a network of a few layers."""
    batch = draw(st.integers(1, 64))
    count = draw(st.integers(1, 4))
    return Workload("n", batch, tuple(draw(layers(batch=batch, index=index)) for index in range(1, count + 1)))


@given(networks())
def test_what_was_written_reads_the_same(file: Path, network: Workload) -> None:
    assert read(write_tool_file(network, network.batch), file) == network


@pytest.mark.parametrize("batch", [1, 4, 44])
@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.stem)
def test_shipped_workloads_read_the_same(shipped: Path, batch: int, file: Path) -> None:
    network = read_workload(shipped)
    text = write_tool_file(network, batch)
    again = read(text, file)
    assert (again.batch, len(again.layers)) == (batch, len(network.layers))
    assert write_tool_file(again, batch) == text
    for index, (before, after) in enumerate(zip(network.layers, again.layers, strict=True), start=1):
        rounded = {name: getattr(after, name) for name in tensor_sizes(before, batch)}
        assert after == replace(before, name=f"L{index}", mapping=None, **rounded)
        for name, size in tensor_sizes(before, batch).items():
            assert rounded[name] == pytest.approx(getattr(before, name), abs=0.5 / size)
