"""Documents: what is read, and the exact line for each thing that can be wrong with the content."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError, model_validator

from sim.errors import InputError
from sim.files.schema import Document, FieldFault, read_document, validate_data
from sim.units import Bytes, Hertz


class Gating(StrEnum):
    IFMAP = "ifmap"
    OFF = "off"


class Ports(IntEnum):
    ONE = 1
    TWO = 2


class Conv(Document):
    type: Literal["conv"]
    stride: Annotated[int, Field(ge=1, le=12)] = 1
    pad: tuple[int, int] = (0, 0)


class Fc(Document):
    type: Literal["fc"]
    outputs: Annotated[int, Field(gt=0, lt=9, multiple_of=2)] = 2


class Net(Document):
    version: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(min_length=1, max_length=9, pattern="^[a-z]*$")]
    layers: tuple[Annotated[Conv | Fc, Field(discriminator="type")], ...] = ()
    clock: Annotated[Hertz, Field(ge=1)] = 1
    size: Bytes | None = None
    density: float = 1.0
    gated: bool = True
    gating: Gating = Gating.IFMAP
    ports: Ports = Ports.ONE
    step: Literal[1, 2, 4] = 1
    batch: Literal["auto"] | int = "auto"
    shape: int | str | tuple[int, ...] = 1
    groups: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    counts: dict[Literal["read", "write"], int] = Field(default_factory=dict)
    parts: dict[str, Conv] = Field(default_factory=dict)
    tags: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def refuse_strides_beyond_four(self) -> Net:
        if self.name == "plain":
            raise ValueError("a plain sentence")
        for index, layer in enumerate(self.layers):
            if isinstance(layer, Conv) and layer.stride > 4:
                at = ("layers", index, "stride")
                raise FieldFault(f"stride {layer.stride}", "at most 4", at=at)
        return self


ALL_KEYS = "schema, name, layers, clock, size, density, gated, gating, ports, step, batch, shape, groups"
ALL_KEYS += ", counts, parts, tags"
GOOD = """\
schema: 1
name: net
layers:
  - &one {type: conv, stride: 2, pad: [1, 2]}
  - {type: fc}
  - *one
clock: 200 MHz
size: 108 KiB
density: 1e-1
gated: off
gating: "off"
ports: 2
step: 4
batch: 8
shape: [1, 2]
groups: [3]
counts: {read: 1}
parts: {first: {type: conv}}
tags: [a, 2017-01-01]
"""


def refusal(text: str, folder: Path) -> str:
    """Read a text as the file n.yaml and give the refusal."""
    (folder / "n.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_document("n.yaml", Net)
    return str(caught.value)


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "n.yaml"
    path.write_text(GOOD)
    net = read_document(path, Net)
    conv = Conv(type="conv", stride=2, pad=(1, 2))
    expected: dict[str, Any] = {"schema": 1, "name": "net", "layers": (conv, Fc(type="fc"), conv)}
    expected |= {"clock": "200 MHz", "size": "108 KiB", "density": 0.1, "gated": False, "gating": Gating.OFF}
    expected |= {"ports": Ports.TWO, "step": 4, "batch": 8, "shape": (1, 2), "groups": (3,)}
    expected |= {"counts": {"read": 1}, "parts": {"first": Conv(type="conv")}, "tags": {"a", "2017-01-01"}}
    assert net == Net.model_validate(expected)
    assert (net.clock, net.size) == (200_000_000, 110_592)


def test_documents_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Conv(type="conv").stride = 2  # type: ignore[misc]


HEAD = "schema: 1\nname: net\n"
LAYER = HEAD + "layers: "
STRIDE = "3:31: layers[0].stride:"
OUTPUTS = "3:30: layers[0].outputs:"
NO_TEXT = "expected text, so put it in quotes"
QUOTED = "expected a whole number, without quotes"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        # keys
        ("nmae: n\nschema: 1\n", "1:1: nmae: unknown key; did you mean 'name'?"),
        (HEAD + "xyz: 1\n", f"3:1: xyz: unknown key; allowed: {ALL_KEYS}"),
        (HEAD + "version: 1\n", f"3:1: version: unknown key; allowed: {ALL_KEYS}"),
        (HEAD + '"a\\nb": 1\n', f"3:1: ['a\\nb']: unknown key; allowed: {ALL_KEYS}"),
        (
            HEAD + "layers:\n  - {type: conv, strid: 2}\n",
            "4:18: layers[0].strid: unknown key; did you mean 'stride'?",
        ),
        (
            LAYER + "[{type: fc, xyz: 2}]\n",
            "3:21: layers[0].xyz: unknown key; allowed: type, outputs",
        ),
        (HEAD + "parts: {a: {type: conv, pda: 1}}\n", "3:25: parts.a.pda: unknown key; did you mean 'pad'?"),
        (HEAD + "counts: {raed: 1}\n", "3:10: counts.raed: unknown value 'raed'; did you mean 'read'?"),
        ("# a net\nschema: 1\n", "2:1: name: missing key; it is required"),
        (HEAD + "layers:\n  - stride: 1\n", "4:5: layers[0].type: missing key; it is required"),
        (HEAD + "parts: {a: {}}\n", "3:12: parts.a.type: missing key; it is required"),
        (HEAD + "layers:\n", "3:1: layers: got no value; expected a list"),
        (LAYER + "[null]\n", "3:10: layers[0]: got no value; expected a mapping"),
        (HEAD + "clock: ~\n", "3:1: clock: no value; write e.g. '200 MHz'"),
        # types
        ("schema: 1\nname: no\n", f"2:7: name: got 'no', which YAML reads as false; {NO_TEXT}"),
        ("schema: 1\nname: true\n", f"2:7: name: got true; {NO_TEXT}"),
        ("schema: 1\nname: 1.10\n", f"2:7: name: got the number 1.10; {NO_TEXT}"),
        ("schema: 1\nname: [a]\n", "2:7: name: got a list; expected text"),
        (HEAD + "density: '0.5'\n", "3:10: density: got the text '0.5'; expected a number, without quotes"),
        (HEAD + "density: '2'\n", "3:10: density: got the text '2'; expected a number, without quotes"),
        (HEAD + "density: half\n", "3:10: density: got the text 'half'; expected a number"),
        (HEAD + "density: yes\n", "3:10: density: got 'yes', which YAML reads as true; expected a number"),
        (HEAD + "gated: 1\n", "3:8: gated: got the number 1; expected true or false"),
        (HEAD + "gated: 'on'\n", "3:8: gated: got the text 'on'; expected true or false, without quotes"),
        (HEAD + "counts: {read: 3.0}\n", "3:16: counts.read: got the number 3.0; expected a whole number"),
        (HEAD + "counts: {read: true}\n", "3:16: counts.read: got true; expected a whole number"),
        (HEAD + "counts: {read: '3'}\n", f"3:16: counts.read: got the text '3'; {QUOTED}"),
        (HEAD + "counts: [1]\n", "3:9: counts: got a list; expected a mapping"),
        (HEAD + "groups: 3\n", "3:9: groups: got the number 3; expected a list"),
        (LAYER + "[conv]\n", "3:10: layers[0]: got the text 'conv'; expected a mapping"),
        (HEAD + "tags: [a, 1]\n", f"3:11: tags[1]: got the number 1; {NO_TEXT}"),
        (HEAD + "shape: {}\n", "3:8: shape: got a mapping; expected a whole number, text or a list"),
        (HEAD + "shape: [1, '2']\n", f"3:12: shape[1]: got the text '2'; {QUOTED}"),
        (HEAD + "batch: 1.5\n", "3:8: batch: got the number 1.5; expected auto or a whole number"),
        # units, ranges, lengths
        (HEAD + "clock: 200\n", "3:8: clock: a number without a unit; write e.g. '200 MHz'"),
        (HEAD + "clock: 200 Mhz\n", "3:8: clock: '200 Mhz' has the unknown unit 'Mhz'; did you mean 'MHz'?"),
        (HEAD + "clock: 0 Hz\n", "3:8: clock: got '0 Hz'; expected at least 1"),
        (
            HEAD + "size: 5 KB\n",
            "3:7: size: the unit 'KB' is ambiguous; write kB for 1000 B or KiB for 1024 B",
        ),
        (LAYER + "[{type: conv, stride: 0}]", f"{STRIDE} got the number 0; expected at least 1"),
        (LAYER + "[{type: conv, stride: 13}]", f"{STRIDE} got the number 13; expected at most 12"),
        (LAYER + "[{type: fc, outputs: 0}]", f"{OUTPUTS} got the number 0; expected more than 0"),
        (LAYER + "[{type: fc, outputs: 10}]", f"{OUTPUTS} got the number 10; expected less than 9"),
        (LAYER + "[{type: fc, outputs: 3}]", f"{OUTPUTS} got the number 3; expected a multiple of 2"),
        (LAYER + "[{type: conv, pad: [1]}]\n", "3:28: layers[0].pad[1]: missing item; it is required"),
        (LAYER + "[{type: conv, pad: [1, 2, 3]}]\n", "3:28: layers[0].pad: got 3 items; expected at most 2"),
        (HEAD + "groups: []\n", "3:9: groups: got 0 items; expected at least 1"),
        (HEAD + "density: .nan\n", "3:10: density: got the number .nan; expected a finite number"),
        (HEAD + "density: 1e999\n", "3:10: density: got the number 1e999; expected a finite number"),
        ("schema: 1\nname: ''\n", "2:7: name: got ''; expected at least 1 characters"),
        ("schema: 1\nname: abcdefghij\n", "2:7: name: got 'abcdefghij'; expected at most 9 characters"),
        ("schema: 1\nname: N\n", "2:7: name: got 'N'; expected text that matches ^[a-z]*$"),
        # choices
        (LAYER + "[{type: cnov}]\n", "3:17: layers[0].type: unknown value 'cnov'; did you mean 'conv'?"),
        (LAYER + "[{type: pool}]\n", "3:17: layers[0].type: unknown value 'pool'; allowed: conv, fc"),
        (LAYER + "[{type: }]\n", "3:11: layers[0].type: got no value; allowed: conv, fc"),
        (HEAD + "gating: ifmpa\n", "3:9: gating: unknown value 'ifmpa'; did you mean 'ifmap'?"),
        (HEAD + "gating: off\n", "3:9: gating: got 'off', which YAML reads as false; put it in quotes"),
        (HEAD + "gating: 3\n", "3:9: gating: got the number 3; allowed: ifmap, off"),
        (HEAD + "ports: 3\n", "3:8: ports: got the number 3; allowed: 1, 2"),
        (HEAD + "ports: '1'\n", "3:8: ports: got the text '1'; allowed: 1, 2"),
        (HEAD + "ports: true\n", "3:8: ports: got true; allowed: 1, 2"),
        (HEAD + "step: 3\n", "3:7: step: got the number 3; allowed: 1, 2, 4"),
        (HEAD + "step: 1.0\n", "3:7: step: got the number 1.0; allowed: 1, 2, 4"),
        (HEAD + "step: yes\n", "3:7: step: got 'yes', which YAML reads as true; allowed: 1, 2, 4"),
        (HEAD + "batch: atuo\n", "3:8: batch: unknown value 'atuo'; did you mean 'auto'?"),
        (HEAD + "batch: xyz\n", "3:8: batch: unknown value 'xyz'; expected auto or a whole number"),
        # rules between fields
        ("schema: 1\nname: plain\n", "1:1: a plain sentence"),
        (HEAD + "layers:\n  - type: conv\n    stride: 5\n", "5:13: layers[0].stride: stride 5; at most 4"),
        # the first in document order; a missing key after what its mapping holds
        ("name: 1\nxyz: 1\n", f"1:7: name: got the number 1; {NO_TEXT}"),
        ("xyz: 1\nname: 1\n", f"1:1: xyz: unknown key; allowed: {ALL_KEYS}"),
        (LAYER + "[{stride: a}]\ngated: 3\n", "3:10: layers[0].type: missing key; it is required"),
        # the document as a whole
        ("- a\n", f"1:1: got a list; expected a mapping with the keys {ALL_KEYS}"),
        ("text\n", f"1:1: got the text 'text'; expected a mapping with the keys {ALL_KEYS}"),
        ("", f"1:1: the file is empty; expected a mapping with the keys {ALL_KEYS}"),
        ("# nothing\n", f"1:1: the file is empty; expected a mapping with the keys {ALL_KEYS}"),
        ("--- ~\n", f"1:5: the file is empty; expected a mapping with the keys {ALL_KEYS}"),
    ],
)
def test_refuse(text: str, line: str, folder: Path) -> None:
    assert refusal(text, folder) == f"n.yaml:{line}"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"name": "n", "schema": True}, "schema: got true; allowed: 1"),
        ({"name": 1, "schema": 1}, "name: got the number 1; expected text"),
        ({"schema": 1}, "name: missing key; it is required"),
        ({"schema": 1, "name": "n", "layer": []}, "layer: unknown key; did you mean 'layers'?"),
        ({"schema": 1, "name": "n", "clock": "5"}, "clock: a number without a unit; write e.g. '200 MHz'"),
        ({"tags": b"x", "name": 1}, "tags: got a Python bytes; expected a list"),
        ({"name": 1, "tags": b"x"}, "name: got the number 1; expected text"),
        ([], f"got a list; expected a mapping with the keys {ALL_KEYS}"),
        (None, f"got no value; expected a mapping with the keys {ALL_KEYS}"),
    ],
)
def test_refuse_data(data: object, line: str) -> None:
    with pytest.raises(InputError) as caught:
        validate_data(data, Net, "--set")
    assert str(caught.value) == f"--set: {line}"


def test_read_data() -> None:
    net = validate_data({"schema": 1, "name": "n", "groups": [1, 2]}, Net, "--set")
    assert net.groups == (1, 2)
