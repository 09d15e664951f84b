"""Workloads: the exact line for each bad file, what a file means, and the shipped ones against literature."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from support.marked import place, plain
from support.paths import DATA

from sim.errors import InputError
from sim.files.catalogue import find_workload, folder
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape
from sim.networks.workload import Workload, read_workload

HEAD = "schema: 1\nname: net\nsource: test\ndefault_zeros: {ifmap: 0.25, ofmap: 0.5}\n"
LAST = "  - {name: last, type: fc, ifmap: [4, 1, 1], filters: 2}\n"
KEYS = "schema, name, source, batch, default_zeros, ifmap_zeros_include_padding, bits, layers"
LAYER_KEYS = "name, type, ifmap, filters, kernel, stride, pad, groups, relu, raw_ifmap, zeros, bits, mapping, tensors"
FC_RULE = "leave it out: its filter covers the ifmap"
BOMB = (
    "name: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{name}: &{name} [{','.join([f'*{last}'] * 9)}]\n" for last, name in pairwise("abcde"))
    + f"f: [@{','.join(['*e'] * 9)}]\n"
)


def network(*layers: str, head: str = HEAD) -> str:
    """Write a workload whose layer under test stands first, on line 6."""
    return f"{head}layers:\n" + "".join(f"  - {layer}\n" for layer in layers) + LAST


def conv(**changes: str) -> str:
    """Write a CONV layer on one line, with some of its values changed or added."""
    values = {"name": "c", "type": "conv", "ifmap": "[4, 8, 8]", "filters": "6", "kernel": "3"} | changes
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def read(text: str, tmp_path: Path) -> Workload:
    """Read a text as a workload file."""
    path = tmp_path / "n.yaml"
    path.write_text(text, encoding="utf-8")
    return read_workload(path)


def first_layer(text: str, tmp_path: Path) -> Layer:
    """Read a text and give its first layer."""
    return read(text, tmp_path).layers[0]


def refusal(text: str, folder: Path) -> str:
    """Read a text as the file n.yaml and give the refusal."""
    (folder / "n.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_workload(Path("n.yaml"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("marked", "line"),
    [
        # keys and types
        (network(conv().replace("kernel", "@kernle")), "layers[0].kernle: unknown key; did you mean 'kernel'?"),
        (network(conv().replace("}", ", @colour: red}")), f"layers[0].colour: unknown key; allowed: {LAYER_KEYS}"),
        (network(conv(), head=HEAD + "@bacth: 2\n"), "bacth: unknown key; did you mean 'batch'?"),
        (network(conv(type="@cnov")), "layers[0].type: unknown value 'cnov'; did you mean 'conv'?"),
        (network(conv(type="@pool")), "layers[0].type: unknown value 'pool'; allowed: conv, depthwise, fc"),
        (network(conv(filters="@many")), "layers[0].filters: got the text 'many'; expected a whole number"),
        (network(conv(filters="@6.0")), "layers[0].filters: got the number 6.0; expected a whole number"),
        (network(conv(filters="@0")), "layers[0].filters: got the number 0; expected at least 1"),
        (network(conv(filters="@2000000")), "layers[0].filters: got the number 2000000; expected at most 1048576"),
        (network(conv(ifmap="@[4, 8]")), "layers[0].ifmap[2]: missing item; it is required"),
        (network(conv(kernel="@[3]")), "layers[0].kernel[1]: missing item; it is required"),
        (network(conv(kernel="@three")), "layers[0].kernel: got the text 'three'; expected a whole number or a list"),
        (network(conv(pad="@[1, 1]")), "layers[0].pad[2]: missing item; it is required"),
        (network(conv(pad="@-1")), "layers[0].pad: got the number -1; expected at least 0"),
        (network(conv(relu="@1")), "layers[0].relu: got the number 1; expected true or false"),
        (network(conv(bits="{filter: @8}")), "layers[0].bits.filter: a number without a unit; write e.g. '64 b'"),
        (network(conv(bits="{filter: @33 b}")), "layers[0].bits.filter: got '33 b'; expected at most 32"),
        (network(conv(mapping="{m: @0}")), "layers[0].mapping.m: got the number 0; expected at least 1"),
        (network(conv(mapping="{m: @many}")), "layers[0].mapping.m: got the text 'many'; expected a whole number"),
        (network(conv(mapping="@m")), "layers[0].mapping: got the text 'm'; expected a mapping"),
        (network(conv(bits="{psum: 16 b, ofmap: @17 b}")),
         "layers[0].bits.ofmap: ofmap words of 17 b; at most the psums' 16 b"),
        (network(conv(bits="{ofmap: @0 b}")), "layers[0].bits.ofmap: got '0 b'; expected at least 1"),
        (network(conv(), head=HEAD.replace("1", "@2", 1)), "schema: got the number 2; allowed: 1"),
        (network(conv(), head=HEAD + "batch: @5000\n"), "batch: got the number 5000; expected at most 4096"),
        ("@" + network(conv(), head=HEAD.replace("source: test\n", "")), "source: missing key; it is required"),
        # what a type of layer needs
        (network("{name: c, type: @conv, ifmap: [4, 8, 8], kernel: 3}"),
         "layers[0].type: a conv layer without filters; add filters: M"),
        (network("{name: c, type: @fc, ifmap: [4, 8, 8]}"),
         "layers[0].type: an fc layer without filters; add filters: M"),
        (network("{name: c, type: @conv, ifmap: [4, 8, 8], filters: 6}"),
         "layers[0].type: a conv layer without a kernel; add kernel: R or kernel: [R, S]"),
        (network("{name: c, type: @depthwise, ifmap: [4, 8, 8]}"),
         "layers[0].type: a depthwise layer without a kernel; add kernel: R or kernel: [R, S]"),
        (network("{name: c, type: depthwise, ifmap: [4, 8, 8], kernel: 3, groups: @2}"),
         "layers[0].groups: 2 groups in a depthwise layer; its 4 channels, or left out"),
        (network(conv(type="fc", kernel="@3")), f"layers[0].kernel: an fc layer has no kernel; {FC_RULE}"),
        (network("{name: c, type: fc, ifmap: [4, 8, 8], filters: 6, stride: @1}"),
         f"layers[0].stride: an fc layer has no stride; {FC_RULE}"),
        (network("{name: c, type: fc, ifmap: [4, 8, 8], filters: 6, pad: @0}"),
         f"layers[0].pad: an fc layer has no pad; {FC_RULE}"),
        (network("{name: c, type: fc, ifmap: [4, 8, 8], filters: 6, groups: @2}"),
         f"layers[0].groups: an fc layer has no groups; {FC_RULE}"),
        # shapes
        (network(conv(kernel="@9")), "layers[0].kernel: a kernel 9 in height over a padded ifmap of 8; at most 8"),
        (network(conv(kernel="@[8, 11]", pad="1")),
         "layers[0].kernel: a kernel 11 in width over a padded ifmap of 10; at most 10"),
        (network(conv(ifmap="@[4, 8, 8]", groups="3")), "layers[0].ifmap: 4 channels in 3 groups; a multiple of 3"),
        (network(conv(filters="@6", groups="4")), "layers[0].filters: 6 filters in 4 groups; a multiple of 4"),
        (network("{name: c, type: depthwise, ifmap: [4, 8, 8], filters: @6, kernel: 3}"),
         "layers[0].filters: 6 filters in 4 groups; a multiple of 4"),
        (network(conv(ifmap="@[4, 1048576, 1048576]")),
         "layers[0].ifmap: a padded ifmap of 4398046511104 words; at most 1073741824 an image"),
        (network("{name: c, type: conv, ifmap: @[1, 1, 1], filters: 1048576, kernel: 1, pad: 16}"),
         "layers[0].ifmap: an ofmap of 1141899264 words; at most 1073741824 an image"),
        # names
        (network(conv(), conv(name="@c")),
         "layers[1].name: a second layer named 'c'; every name once; the first is layers[0]"),
        (network(conv(name="last")).replace("name: last, type: fc", "name: @last, type: fc"),
         "layers[1].name: a second layer named 'last'; every name once; the first is layers[0]"),
        (network(conv(name="@''")), "layers[0].name: got ''; expected at least 1 characters"),
        (network(conv(name="@1")), "layers[0].name: got the number 1; expected text, so put it in quotes"),
        # zero fractions
        (network(conv(zeros="{ifmap: @1.01}")), "layers[0].zeros.ifmap: got the number 1.01; expected at most 1.0"),
        (network(conv(zeros="{ofmap: @-0.1}")), "layers[0].zeros.ofmap: got the number -0.1; expected at least 0.0"),
        (network(conv(zeros="{ifmap: @.nan}")), "layers[0].zeros.ifmap: got the number .nan; expected a finite number"),
        (network(conv(), head=HEAD.replace("0.25", "@2")),
         "default_zeros.ifmap: got the number 2; expected at most 1.0"),
        (network(conv(), head=HEAD.replace("{ifmap: 0.25, ", "@{")),
         "default_zeros.ifmap: missing key; it is required"),
        (network(conv(pad="1", zeros="{ifmap: @0.3}"), head=HEAD + "ifmap_zeros_include_padding: true\n"),
         "layers[0].zeros.ifmap: 0.3 zeros with padding included; at least 0.3600, the share of the padding itself"),
        # no layers, and no YAML
        (HEAD + "layers: @[]\n", "layers: got 0 items; expected at least 1"),
        (HEAD + "@layers:\n", "layers: got no value; expected a list"),
        ("@" + HEAD, "layers: missing key; it is required"),
        ("@", f"the file is empty; expected a mapping with the keys {KEYS}"),
        ("@# a comment\n", f"the file is empty; expected a mapping with the keys {KEYS}"),
        ("@- conv\n", f"got a list; expected a mapping with the keys {KEYS}"),
        (BOMB, "too many values, aliases expanded; at most 100000"),
        (HEAD + "layers: [\n@",
         "not valid YAML: expected the node content, but found '<stream end>' while parsing a flow node from 6:1; "
         "check indentation, colons and quotes"),
        (network(conv() + "@}"),
         "not valid YAML: expected <block end>, but found '}' while parsing a block collection from 6:3; "
         "check indentation, colons and quotes"),
        (network(conv().replace("kernel", "@name")), "layers[0].name: duplicate key; it already stands at 6:6"),
    ],
)  # fmt: skip
def test_refuse(marked: str, line: str, folder: Path) -> None:
    assert refusal(plain(marked), folder) == f"n.yaml:{place(marked)}: {line}"


def test_refuse_the_only_layer(folder: Path) -> None:
    text = f"{HEAD}layers:\n  - {conv().replace('kernel', 'kernle')}\n"
    line = "n.yaml:6:57: layers[0].kernle: unknown key; did you mean 'kernel'?"
    assert refusal(text, folder) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("nope.yaml", "nope.yaml: no such file; expected a YAML file"),
        (".", ".: this is a directory; expected a YAML file"),
    ],
)
def test_refuse_what_is_no_file(path: str, line: str, folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_workload(Path(path))
    assert str(caught.value) == line


def test_what_a_file_means(tmp_path: Path) -> None:
    mapping = "{m: 3, n: 1, e: 4, p: 3, q: 2, r: 1, t: 1}"
    bits = "{ifmap: 8 b, filter: 4 b}"
    rich = conv(stride="[2, 1]", pad="[1, 0, 2, 3]", groups="2", relu="false", bits=bits, mapping=mapping)
    text = network(rich, conv(name="d", raw_ifmap="true", zeros="{ofmap: 0}"), head=HEAD + "batch: 3\n")
    network_read = read(text, tmp_path)
    assert (network_read.name, network_read.batch) == ("net", 3)
    assert [layer.name for layer in network_read.layers] == ["c", "d", "last"]
    assert network_read.layers[0] == Layer(
        name="c",
        kind=LayerKind.CONV,
        shape=Shape(G=2, M=3, C=2, R=3, S=3, E=4, F=11, Uy=2, Ux=1),
        stored_height=8,
        stored_width=8,
        padding=Padding(top=1, bottom=0, left=2, right=3),
        ifmap_zeros=0.25,
        ofmap_zeros=0.5,
        relu=False,
        coded_ifmap=False,
        bits=BitWidths(ifmap=8, filter=4, psum=16),
        mapping=(("m", 3), ("n", 1), ("e", 4), ("p", 3), ("q", 2), ("r", 1), ("t", 1)),
    )
    assert network_read.layers[1].ofmap_zeros == 0  # stated, so not the default
    assert network_read.layers[2].shape == Shape(G=1, M=2, C=4, R=1, S=1, E=1, F=1)


def test_an_fc_filter_covers_the_ifmap(tmp_path: Path) -> None:
    layer = first_layer(network("{name: f, type: fc, ifmap: [5, 6, 7], filters: 3}"), tmp_path)
    assert layer.shape == Shape(G=1, M=3, C=5, R=6, S=7, E=1, F=1)


@pytest.mark.parametrize("more", ["", ", groups: 4", ", filters: 4"])
def test_a_depthwise_layer_has_a_group_a_channel(more: str, tmp_path: Path) -> None:
    layer = first_layer(network(f"{{name: d, type: depthwise, ifmap: [4, 8, 8], kernel: 3{more}}}"), tmp_path)
    assert layer.shape == Shape(G=4, M=1, C=1, R=3, S=3, E=6, F=6)


def test_a_depthwise_layer_may_have_several_filters_a_channel(tmp_path: Path) -> None:
    text = network("{name: d, type: depthwise, ifmap: [4, 8, 8], kernel: 3, filters: 8}")
    assert first_layer(text, tmp_path).shape == Shape(G=4, M=2, C=1, R=3, S=3, E=6, F=6)


def test_word_widths_of_the_file_serve_layers_that_state_none(tmp_path: Path) -> None:
    head = HEAD + "bits: {ifmap: 8 b, filter: 8 b, psum: 24 b}\n"
    widths = [layer.bits for layer in read(network(conv(bits="{filter: 4 b}"), head=head), tmp_path).layers]
    assert widths == [BitWidths(ifmap=16, filter=4, psum=16), BitWidths(ifmap=8, filter=8, psum=24)]


def test_ofmaps_may_have_a_width_of_their_own(tmp_path: Path) -> None:
    head = HEAD + "bits: {ifmap: 8 b, filter: 8 b, psum: 24 b, ofmap: 8 b}\n"
    widths = [
        layer.bits for layer in read(network(conv(bits="{ofmap: 16 b}"), conv(name="d"), head=head), tmp_path).layers
    ]
    assert widths == [BitWidths(16, 16, 16, 16), *[BitWidths(8, 8, 24, 8)] * 2]
    assert [one.ofmap for one in widths] == [16, 8, 8]


def test_rows_and_columns_that_no_window_reads_are_trimmed_off(tmp_path: Path) -> None:
    """A 224 x 224 ifmap under 7 x 7 / 2: the last of three padded rows is never read."""
    even = first_layer(network(conv(ifmap="[3, 224, 224]", kernel="7", stride="2", pad="3")), tmp_path)
    uneven = first_layer(network(conv(ifmap="[3, 224, 224]", kernel="7", stride="2", pad="[3, 2, 3, 2]")), tmp_path)
    assert even.shape == uneven.shape
    assert (even.shape.E, even.shape.F, even.shape.H, even.shape.W) == (112, 112, 229, 229)
    assert (even.padding, uneven.padding) == (Padding(3, 3, 3, 3), Padding(3, 2, 3, 2))


def test_a_stride_may_leave_stored_rows_unread(tmp_path: Path) -> None:
    shape = first_layer(network(conv(ifmap="[4, 10, 12]", kernel="3", stride="3")), tmp_path).shape
    assert (shape.E, shape.F, shape.H, shape.W) == (3, 4, 9, 12)


@pytest.mark.parametrize(
    ("size", "stride", "pad", "ofmap"),
    [(112, 2, "[0, 1, 0, 1]", 56), (113, 2, "1", 57), (112, 1, "1", 112)],
    ids=["even: one at the end", "odd: both sides", "stride 1"],
)
def test_tensorflow_same_padding(size: int, stride: int, pad: str, ofmap: int, tmp_path: Path) -> None:
    """SAME gives ceil(size / stride) outputs; on an even size at stride 2 it pads at the end only."""
    text = network(conv(ifmap=f"[4, {size}, {size}]", stride=str(stride), pad=pad))
    layer = first_layer(text, tmp_path)
    assert (layer.shape.E, layer.shape.F) == (ofmap, ofmap) == (-(-size // stride),) * 2
    assert layer.shape.H == (ofmap - 1) * stride + 3 <= size + layer.padding.top + layer.padding.bottom


def test_padding_is_taken_out_of_zero_fractions_that_count_it(tmp_path: Path) -> None:
    """AlexNet's CONV4: 0.793 over 15 x 15 is 0.7244 over the stored 13 x 13, which is what CONV3 puts out."""
    text = conv(ifmap="[384, 13, 13]", filters="384", pad="1", groups="2", zeros="{ifmap: 0.793}")
    with_padding = first_layer(network(text, head=HEAD + "ifmap_zeros_include_padding: true\n"), tmp_path)
    stored = (0.793 * 15 * 15 - (15 * 15 - 13 * 13)) / (13 * 13)
    assert with_padding.ifmap_zeros == pytest.approx(stored, abs=1e-12)
    assert round(with_padding.ifmap_zeros, 4) == 0.7244
    assert first_layer(network(text), tmp_path).ifmap_zeros == 0.793


@pytest.mark.parametrize("layer", [3, 4], ids=["CONV4", "CONV5"])
def test_alexnet_reads_what_the_layer_before_wrote(layer: int) -> None:
    layers = read_workload(find_workload("alexnet")).layers
    assert layers[layer].ifmap_zeros == pytest.approx(layers[layer - 1].ofmap_zeros, abs=1e-4)


def test_a_default_is_over_stored_values_whatever_the_file_counts(tmp_path: Path) -> None:
    text = network(conv(pad="1"), head=HEAD + "ifmap_zeros_include_padding: true\n")
    assert first_layer(text, tmp_path).ifmap_zeros == 0.25


def test_a_fraction_rounded_below_the_paddings_share_means_no_zeros(tmp_path: Path) -> None:
    """VGG-16's CONV1-1: 0.016 is published where the padding alone makes 0.0176."""
    text = conv(ifmap="[3, 224, 224]", pad="1", zeros="{ifmap: 0.016}")
    layer = first_layer(network(text, head=HEAD + "ifmap_zeros_include_padding: true\n"), tmp_path)
    assert layer.ifmap_zeros == 0


def test_the_networks_own_input_is_not_coded(tmp_path: Path) -> None:
    layers = read(network(conv(), conv(name="d"), conv(name="e", raw_ifmap="true")), tmp_path).layers
    assert [layer.coded_ifmap for layer in layers] == [False, True, False, True]


SHIPPED = sorted(path.stem for path in folder("workloads").glob("*.yaml"))
MEASURED = ["alexnet_jssc2017", "vgg16_jssc2017"]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_workloads_read(name: str) -> None:
    workload = read_workload(find_workload(name))
    assert workload.name == name
    assert not workload.layers[0].coded_ifmap
    assert all(layer.coded_ifmap for layer in workload.layers[1:])
    for layer in workload.layers:
        assert 0 <= layer.ifmap_zeros <= 1
        assert 0 <= layer.ofmap_zeros <= 1
        assert (layer.mapping is not None) == (name in MEASURED)


@pytest.mark.parametrize(
    ("name", "quantity", "printed"),
    [
        ("alexnet", "macs", "724.4e6"),
        ("alexnet", "weights", "60.95e6"),
        ("googlenet", "macs", "1.58e9"),
        ("googlenet", "weights", "6.99e6"),
        ("vgg16", "macs", "15.47e9"),
        ("vgg16", "weights", "138.3e6"),
        ("squeezenet_v1_0", "weights", "1.24e6"),
        ("mobilenet_v1_0.5_128", "macs", "49.2e6"),
        ("resnet50", "macs", "3.86e9"),
    ],
)
def test_totals_agree_with_literature_in_every_printed_digit(name: str, quantity: str, printed: str) -> None:
    layers = read_workload(find_workload(name)).layers
    total = sum(getattr(layer.shape, quantity) for layer in layers)
    digits, _, exponent = printed.partition("e")
    decimals = len(digits.partition(".")[2])
    assert f"{total / 10 ** int(exponent):.{decimals}f}" == digits


@pytest.mark.parametrize(("measured", "whole"), [("alexnet_jssc2017", "alexnet"), ("vgg16_jssc2017", "vgg16")])
def test_measured_runs_have_the_shapes_of_their_network(measured: str, whole: str) -> None:
    shapes = {layer.name: layer.shape for layer in read_workload(find_workload(whole)).layers}
    layers = read_workload(find_workload(measured)).layers
    assert {layer.name: layer.shape for layer in layers}.items() <= shapes.items()
    assert [layer.name for layer in layers] == [name for name in shapes if name.startswith("CONV")]


def rows(name: str) -> list[dict[str, str]]:
    """Read a reference table."""
    return list(csv.DictReader((DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def shapes_and_zeros(name: str) -> list[tuple[dict[str, str], Layer]]:
    """Pair a network's rows in the reference table with its layers, in order."""
    layers = read_workload(find_workload(name)).layers
    return list(zip(rows(f"layers_{name}"), layers, strict=True))


# The table writes a 224 x 224 input with 1.5 of padding a side; the prototxt has 227 x 227 without padding.
STORED_DIFFERENTLY = {("squeezenet_v1_1", "conv1")}


@pytest.mark.parametrize(
    ("network", "row", "layer"),
    [
        pytest.param(network, row, layer, id=f"{network}-{layer.name}")
        for network in ("googlenet", "squeezenet_v1_1")
        for row, layer in shapes_and_zeros(network)
    ],
)
def test_layers_against_the_reference_table(network: str, row: dict[str, str], layer: Layer) -> None:
    shape = layer.shape
    C, M, R, E, U = (int(row[key]) for key in "CMREU")  # every kernel, ofmap and stride is square
    assert shape == Shape(G=1, M=M, C=C, R=R, S=R, E=E, F=E, Uy=U, Ux=U)
    pad = layer.padding
    padded = int(row["H"]) + 2 * float(row["pad"])
    assert layer.stored_height + pad.top + pad.bottom == layer.stored_width + pad.left + pad.right == padded
    if (network, layer.name) not in STORED_DIFFERENTLY:
        assert (layer.stored_height, layer.stored_width) == (int(row["H"]), int(row["H"]))
    assert layer.ifmap_zeros == float(row["ifmap_zeros"])
    assert layer.ofmap_zeros == float(row["ofmap_zeros"])


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_zero_fractions_against_the_reference_table(name: str) -> None:
    layers = read_workload(find_workload(name)).layers
    for row, layer in zip(rows(f"zeros_{name}"), layers, strict=True):
        pad = layer.padding
        height, width = layer.stored_height, layer.stored_width
        padded = (height + pad.top + pad.bottom) * (width + pad.left + pad.right)
        over_padded = 1 - (1 - layer.ifmap_zeros) * height * width / padded
        # The table has four digits: CONV1-1 of VGG-16 comes out as 0.01762, the padding alone.
        assert layer.name == row["layer"]
        assert over_padded == pytest.approx(float(row["ifmap_zeros"]), abs=5e-5)
        assert layer.ofmap_zeros == float(row["ofmap_zeros"])
