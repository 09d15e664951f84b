"""The online tool's files: what a line means, the exact line for each bad one, and back again what was written."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError, ModelError
from sim.files.catalogue import folder
from sim.formats.online_tool.line import COLUMNS
from sim.formats.online_tool.text import read_tool_file, write_tool_file
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape
from sim.networks.workload import Workload, read_workload

NAMES = [".".join(column) for column in COLUMNS]
CONV = "7  8 9 4 2 10 16  3 3 2 6 5 8  8 5 6 2 7 12  1 2  1 1 0 2"  # two groups, two maps
FC = "8  8 5 6 2 7 12  8 5 6 3 720 16  1 1 3 2 0 16  1 1  0 0 0 0"
DEPTHWISE = "9  5 5 4 2 0 16  3 3 1 8 0 16  2 2 8 2 1 16  2 2  0 0 0 0"
EMPTY = "the file is empty; expected 25 numbers a line, a line a layer"
WHOLE = "expected a whole number"
WANTED = "expected a text file of the online energy-estimation tool"
SHIPPED = sorted(folder("workloads").glob("*.yaml"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a file that examples may write over."""
    return tmp_path_factory.mktemp("tool") / "n.txt"


def conv(**changes: object) -> str:
    """Write the line of the CONV layer with some columns changed, `ifmap_height` for ifmap.height."""
    values: dict[str, object] = dict(zip(NAMES, CONV.split(), strict=True))
    known = {name.replace(".", "_", 1): name for name in NAMES}
    return " ".join(str(value) for value in (values | {known[key]: changes[key] for key in changes}).values())


def read(text: str, file: Path) -> Workload:
    """Read a text, to the byte, as a file of the tool."""
    file.write_text(text, encoding="utf-8", newline="")
    return read_tool_file(file)


def refusal(path: Path | str) -> str:
    """Return the refusal of a file."""
    with pytest.raises(InputError) as caught:
        read_tool_file(path)
    return str(caught.value)


# What a file means


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


# What is refused


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("nope.txt", f"nope.txt: no such file; {WANTED}"),
        (".", f".: this is a directory; {WANTED}"),
        ("pipe", f"pipe: this is not a regular file; {WANTED}"),
        ("a\0b.txt", f"a\\x00b.txt: cannot be read: embedded null byte; {WANTED}"),
    ],
)
def test_refuse_what_is_no_file(path: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    assert refusal(path) == line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", f":1: {EMPTY}"),
        (b"\xef\xbb\xbf", f":1: {EMPTY}"),
        (b"# no layers\n\n , ,\n", f":1: {EMPTY}"),
        (b"#" * (1 << 20) + b"\n", ": the file is too large; at most 1 MiB"),
        (b"1 2\n3 \xff\n", ":2:3: the byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"\x7fELF\x02\0\0\0", f":1: layer.index: got the text '\\x7fELF\\x02\\x00\\x00\\x00'; {WHOLE}"),
        (b"schema: 1\nname: net\n", f":1: layer.index: got the text 'schema:'; {WHOLE}"),
    ],
    ids=["empty", "mark", "comments", "large", "bytes", "binary", "yaml"],
)
def test_refuse_content(content: bytes, line: str, file: Path) -> None:
    file.write_bytes(content)
    assert refusal(file) == f"{file}{line}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        # how many
        ("7", "ifmap.height: missing, the line ends after 1 number; expected 25"),
        (" ".join(CONV.split()[:24]), "pad.right: missing, the line ends after 24 numbers; expected 25"),
        (" ".join(CONV.split()[:8]) + ",,", "filter.width: missing, the line ends after 8 numbers; expected 25"),
        (f"{CONV} 1", "26 numbers; expected 25, the last is pad.right"),
        (f"{CONV} {CONV}", "50 numbers; expected 25, the last is pad.right"),
        (f"{CONV} x", "26 numbers; expected 25, the last is pad.right"),
        # no numbers
        (f",{CONV}", f"layer.index: nothing before the comma; {WHOLE}"),
        (CONV.replace("8 9 4", "8, ,4"), f"ifmap.width: nothing before the comma; {WHOLE}"),
        (conv(ifmap_height="CONV1"), f"ifmap.height: got the text 'CONV1'; {WHOLE}"),
        (conv(ifmap_height="nan"), f"ifmap.height: got the text 'nan'; {WHOLE}"),
        (conv(ifmap_height="1_000"), f"ifmap.height: got the text '1_000'; {WHOLE}"),
        (conv(ifmap_height="0x10"), f"ifmap.height: got the text '0x10'; {WHOLE}"),
        (conv(ifmap_height="\u0663"), f"ifmap.height: got the text '\u0663'; {WHOLE}"),
        (conv(ifmap_height="1;2"), f"ifmap.height: got the text '1;2'; {WHOLE}"),
        (conv(ifmap_height="\x1b[2J"), f"ifmap.height: got the text '\\x1b[2J'; {WHOLE}"),
        (conv(ifmap_height="x" * 60), f"ifmap.height: got the text '{'x' * 40}'...; {WHOLE}"),
        (conv(ifmap_height="9" * 65), "ifmap.height: a value of 65 characters; at most 64"),
        (conv(ifmap_height="9" * 99_999 + "x"), "ifmap.height: a value of 100000 characters; at most 64"),
        # not whole
        (conv(pad_top="2.5"), f"pad.top: got the number 2.5; {WHOLE}"),
        (conv(pad_top="1e-999999999"), f"pad.top: got the number 1e-999999999; {WHOLE}"),
        # out of range
        (conv(layer_index=-1), "layer.index: got the number -1; expected at least 0"),
        (conv(layer_index=1 << 30), "layer.index: got the number 1073741824; expected at most 1048576"),
        (conv(ifmap_height=0), "ifmap.height: got the number 0; expected at least 1"),
        (conv(ifmap_width=1048577), "ifmap.width: got the number 1048577; expected at most 1048576"),
        (conv(ifmap_channels=-4), "ifmap.channels: got the number -4; expected at least 1"),
        (conv(ifmap_maps=0), "ifmap.maps: got the number 0; expected at least 1"),
        (conv(ifmap_maps=4097), "ifmap.maps: got the number 4097; expected at most 4096"),
        (conv(filter_height=0), "filter.height: got the number 0; expected at least 1"),
        (conv(filter_channels=0), "filter.channels: got the number 0; expected at least 1"),
        (conv(filter_filters="1e9"), "filter.filters: got the number 1000000000; expected at most 1048576"),
        (conv(ofmap_width=0), "ofmap.width: got the number 0; expected at least 1"),
        (conv(ofmap_channels=0), "ofmap.channels: got the number 0; expected at least 1"),
        (conv(stride_y=0), "stride.y: got the number 0; expected at least 1"),
        (conv(stride_x="9" * 45), f"stride.x: got the number {'9' * 40}...; expected at most 1048576"),
        (conv(stride_x="1e999999999"), f"stride.x: got the number 1{'0' * 39}...; expected at most 1048576"),
        (conv(pad_top=-1), "pad.top: got the number -1; expected at least 0"),
        (conv(pad_bottom=4097), "pad.bottom: got the number 4097; expected at most 4096"),
        (conv(pad_left="-0.5e1"), "pad.left: got the number -5; expected at least 0"),
        (conv(ifmap_bits=0), "ifmap.bits: got the number 0; expected at least 1"),
        (conv(filter_bits=33), "filter.bits: got the number 33; expected at most 32"),
        (conv(ofmap_bits=64), "ofmap.bits: got the number 64; expected at most 32"),
        # zero counts
        (conv(ifmap_zero_entries=-1), "ifmap.zero_entries: got the number -1; expected at least 0"),
        (conv(ifmap_zero_entries=577),
         "ifmap.zero_entries: got the number 577; expected at most 576, the size of the whole tensor"),
        (conv(filter_zero_entries=109),
         "filter.zero_entries: got the number 109; expected at most 108, the size of the whole tensor"),
        (conv(ofmap_zero_entries=481),
         "ofmap.zero_entries: got the number 481; expected at most 480, the size of the whole tensor"),
        (conv(filter_zero_entries="1e16"),
         "filter.zero_entries: got the number 10000000000000000; expected at most 1125899906842624"),
        # what doesn't fit together
        (conv(ofmap_maps=1), "ofmap.maps: got the number 1; expected 2, as ifmap.maps"),
        (conv(ifmap_channels=5), "ifmap.channels: got the number 5; expected a multiple of filter.channels, 2"),
        (conv(filter_channels=8), "ifmap.channels: got the number 4; expected a multiple of filter.channels, 8"),
        (conv(filter_filters=7),
         "filter.filters: got the number 7; expected a multiple of the groups, 4 / 2 = 2"),
        (conv(ofmap_channels=5), "ofmap.channels: got the number 5; expected 6, as filter.filters"),
        (conv(filter_height=11), "filter.height: got the number 11; expected at most 10, the padded ifmap"),
        (conv(filter_width=12), "filter.width: got the number 12; expected at most 11, the padded ifmap"),
        (conv(ofmap_height=9), "ofmap.height: got the number 9; expected 8, (8 + 2 - 3) / 1 + 1 rounded down"),
        (conv(pad_right=1), "ofmap.width: got the number 5; expected 4, (9 + 1 - 3) / 2 + 1 rounded down"),
        # too large for memory
        ("1  32768 32768 2 1 0 16  1 1 2 1 0 16  32768 32768 1 1 0 16  1 1  0 0 0 0",
         "ifmap: a padded ifmap of 2147483648 words; at most 1073741824 an image"),
        ("1  32768 32768 1 1 0 16  1 1 1 2 0 16  32768 32768 2 1 0 16  1 1  0 0 0 0",
         "ofmap: an ofmap of 2147483648 words; at most 1073741824 an image"),
        # against the lines before
        (FC, "layer.index: a second layer 8; every index once; the first is on line 4"),
        (conv(layer_index="08.0"), "layer.index: a second layer 8; every index once; the first is on line 4"),
        (conv(ifmap_maps=3, ofmap_maps=3), "ifmap.maps: got the number 3; expected 2, as on line 2"),
    ],
)  # fmt: skip
def test_refuse_a_line(line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n.txt").write_text(f"# a network\n{DEPTHWISE}\n\n{FC}\n{line}\n{CONV}\n", encoding="utf-8")
    assert refusal(Path("n.txt")) == (f"n.txt:5: {message}")


@given(st.binary(max_size=400))
def test_bytes_are_read_or_refused_on_one_line(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert_read_or_refused(file)


@given(st.data())
def test_damaged_files_are_read_or_refused_on_one_line(file: Path, data: st.DataObject) -> None:
    content = f"{CONV}\n{FC}\n{DEPTHWISE}\n".encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 20, len(content))))
    piece = data.draw(st.one_of(st.binary(max_size=8), st.text("0123456789.eE+-_,# \t\r\n\x0b\x85", max_size=8)))
    inserted = piece if isinstance(piece, bytes) else piece.encode()
    file.write_bytes(content[:start] + inserted + content[end:])
    assert_read_or_refused(file)


@given(st.lists(st.lists(st.integers(-1, 9) | st.integers(), min_size=25, max_size=25), min_size=1, max_size=3))
def test_numbers_are_read_or_refused_on_one_line(file: Path, rows: list[list[int]]) -> None:
    file.write_text("\n".join(" ".join(map(str, row)) for row in rows), encoding="utf-8")
    assert_read_or_refused(file)


def assert_read_or_refused(file: Path) -> None:
    """Read a file that may be bad: any error but an InputError of one printable line fails the test."""
    try:
        assert read_tool_file(file).layers
    except InputError as error:
        assert str(error).startswith(f"{file}:")
        assert str(error).isprintable()


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
