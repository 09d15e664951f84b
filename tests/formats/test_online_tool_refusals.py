"""The online energy-estimation tool's text format: the exact line for each bad file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.online_tool_files import CONV, DEPTHWISE, FC, conv, refusal

from sim.errors import InputError
from sim.formats.online_tool.text import read_tool_file

EMPTY = "the file is empty; expected 25 numbers a line, a line a layer"
WHOLE = "expected a whole number"
WANTED = "expected a text file of the online energy-estimation tool"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("nope.txt", f"nope.txt: no such file; {WANTED}"),
        (".", f".: this is a directory; {WANTED}"),
        ("pipe", f"pipe: this is not a regular file; {WANTED}"),
        ("a\0b.txt", f"a\\x00b.txt: cannot be read: embedded null byte; {WANTED}"),
    ],
)
def test_refuse_what_is_no_file(path: str, line: str, folder: Path) -> None:
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
def test_refuse_a_line(line: str, message: str, folder: Path) -> None:
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
