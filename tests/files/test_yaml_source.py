"""Files and YAML: the exact line for every fault of form, the same marks from both parsers, and noise."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.patience import patient

from sim.errors import InputError
from sim.files import yaml_source
from sim.files.schema import Document, read_document
from sim.files.tree import Mark
from sim.files.yaml_source import compose
from sim.units import Hertz

PARSERS = [yaml_source.BoundedLoader, *([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=PARSERS, ids=lambda parser: str(parser.__name__))
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    """Read with each of PyYAML's parsers."""
    monkeypatch.setattr(yaml_source, "LOADER", request.param)
    return request.param  # type: ignore[no-any-return]


INVALID = "not valid YAML:"
REMEDY = "check indentation, colons and quotes"
BAD_ESCAPE = f"f:1:7: {INVALID} found invalid Unicode character escape code while parsing a quoted scalar"
BAD_ESCAPE += f" from 1:4; {REMEDY}"
KEY = "expected text, so put it in quotes"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{last}'] * 9)}]\n" for last, name in pairwise("abcdefgh")
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1\nb: 2\n",
         f"2:2: {INVALID} expected ',' or ']', but got ':' while parsing a flow sequence from 1:4; {REMEDY}"),
        ("\tx: 1", f"1:1: {INVALID} found character '\\t' that cannot start any token; {REMEDY}"),
        ("a: b: c", f"1:5: {INVALID} mapping values are not allowed here; {REMEDY}"),
        ("a: 'x",
         f"1:6: {INVALID} found unexpected end of stream while scanning a quoted scalar from 1:4; {REMEDY}"),
        ("%YAML 3.0\n---\na",
         f"1:1: {INVALID} found incompatible YAML document (version 1.* is required); {REMEDY}"),
        ("a: 1\nb: \0\n", "2:4: the character '\\x00' is not allowed in YAML; remove it"),
        ("a\ufeffb: 1", "1:2: the character '\\ufeff' is not allowed in YAML; remove it"),
        ("a: 1\n---\nb: 1\n", "2:1: a second document starts here; one document per file"),
        ("a: 1\nb: 2\na: 3\n", "3:1: a: duplicate key; it already stands at 1:1"),
        ("x: [{a: 1, 'a': 2}]", "1:12: x[0].a: duplicate key; it already stands at 1:6"),
        ("x: &k a\ny: {*k : 1, a: 2}", "2:13: y.a: duplicate key; it already stands at 2:5"),
        ("1: n\n", f"1:1: for a key got the number 1; {KEY}"),
        ("x: {yes: 1}\n", f"1:5: x: for a key got 'yes', which YAML reads as true; {KEY}"),
        ("~: 1\n", f"1:1: for a key got no value; {KEY}"),
        ("? [a]\n: 1\n", "1:3: a list or a mapping as a key; expected text"),
        ("x: {<<: {a: 1}}\n", "1:5: x: the merge key '<<' is not supported; write the keys out"),
        ("a: &a [*a]\n", "1:8: a[0]: the alias '*a' stands inside its own anchor; write the value out"),
        ("a: *b\n", "1:4: a: the alias '*b' has no anchor before it; write the value out"),
        ("a: !!python/object/apply:os.system [x]\n",
         "1:4: a: the tag '!!python/object/apply:os.system' is not supported; remove the tag"),
        ("a: !!str 1\n", "1:4: a: the tag '!!str' is not supported; remove the tag"),
        ("a: !mine 1\n", "1:4: a: the tag '!mine' is not supported; remove the tag"),
        ("a: 010\n", "1:4: a: YAML reads 010 in base 8; write it in base 10, or in quotes"),
        ("a: 12:30\n", "1:4: a: YAML reads 12:30 in base 60; write it in base 10, or in quotes"),
        ("a: 0x_\n", "1:4: a: '0x_' is not a number; put it in quotes if it is text"),
        ("a: " + "9" * 5000, "1:4: a: a number of 5000 characters; at most 100"),
        (BOMB, "6:8: too many values, aliases expanded; at most 100000"),
        ("[" * 1_000_000, "1:33: nested too deeply; at most 32 levels"),
        ("{" * 60_000, "1:33: nested too deeply; at most 32 levels"),
        ("[" * 3_000 + "]" * 3_000, "1:33: nested too deeply; at most 32 levels"),
        ("{a: " * 500 + "]", "1:129: nested too deeply; at most 32 levels"),
        ("- " * 500_000, "1:65: nested too deeply; at most 32 levels"),
        ("".join(f"a{i}: &a{i} [{f'*a{i - 1}' if i else ''}]\n" for i in range(40)),
         "32:12: nested too deeply; at most 32 levels"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("parser")
def test_refuse_form(text: str, line: str) -> None:
    start = time.perf_counter()
    with pytest.raises(InputError) as caught:
        compose(text, "f")
    assert str(caught.value) == f"f:{line}"
    assert time.perf_counter() - start < patient(5)  # what is not bounded takes minutes


def test_escapes_of_half_characters(parser: type) -> None:
    with pytest.raises(InputError) as caught:
        compose('a: "\\ud800"', "f")
    composed = "f:1:4: a: the text holds half a character (a lone surrogate); write it in UTF-8"
    assert str(caught.value) == (composed if parser is yaml_source.BoundedLoader else BAD_ESCAPE)


def test_escapes_beyond_unicode(parser: type) -> None:
    with pytest.raises(InputError) as caught:
        compose('a: "\\Uffffffff"', "f")
    python = "f:1:7: not valid YAML: a number in an escape or a directive is too large; correct it"
    assert str(caught.value) == (python if parser is yaml_source.BoundedLoader else BAD_ESCAPE)


@pytest.mark.usefixtures("parser")
def test_values_and_marks() -> None:
    text = "a: [1, 0x1F, 1_000, 1e3, -.inf, yes, ~, 2017-01-01, '3', =]\n# é\nb: &b\n  é: x\nc: *b\n"
    root = compose(text, "f")
    assert root is not None
    values = [1, 31, 1000, 1000.0, float("-inf"), True, None, "2017-01-01", "3", "="]
    assert root.value == {"a": values, "b": {"é": "x"}, "c": {"é": "x"}}
    assert dict(root.keys) == {"a": Mark(1, 1), "b": Mark(3, 1), "c": Mark(5, 1)}
    assert [node.mark.column for node in root.children["a"].children.values()][:4] == [5, 8, 14, 21]
    assert root.children["c"].children["é"].mark == Mark(4, 6)
    assert (root.size, root.height, root.last) == (16, 3, Mark(5, 1))


class _Layer(Document):
    name: str
    stride: int | tuple[int, int] = 1


class _Net(Document):
    clock: Hertz
    layers: tuple[_Layer, ...]


GOOD = b"""\
clock: 200 MHz   # core
layers:
  - &one {name: "conv1", stride: 4}
  - name: 'conv2'
    stride: [1, 2]
  - *one
"""
FRAGMENTS = [b"\n", b"\t", b"  ", b"- ", b": ", b"? ", b"\r", b"---\n", b"...\n", b"\\U", b"\xff", b"\0", b""]
WORDS = b"' \" [ ] { } &a *a *one !!str <<: # | > % ~ 0b_ 1e99 .nan yes"
FRAGMENTS += [word + b" " for word in WORDS.split()]
FRAGMENTS += [character.encode() for character in "\ufeff\u2028\x85é"]
NOISE = st.sampled_from(FRAGMENTS) | st.binary(max_size=3)
EDIT = st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), NOISE)


def test_the_document_without_noise_is_read(tmp_path: Path) -> None:
    path = tmp_path / "n.yaml"
    path.write_bytes(GOOD)
    net = read_document(path, _Net)
    strides = [(layer.name, layer.stride) for layer in net.layers]
    assert strides == [("conv1", 4), ("conv2", (1, 2)), ("conv1", 4)]


@given(edits=st.lists(EDIT, min_size=1, max_size=6))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("parser")
def test_noise_is_read_or_refused_in_one_line(edits: list[tuple[int, int, bytes]], tmp_path: Path) -> None:
    content = GOOD
    for start, cut, fragment in edits:
        content = content[:start] + fragment + content[start + cut :]
    path = tmp_path / "n.yaml"
    path.write_bytes(content)
    try:
        net = read_document(path, _Net)
    except InputError as error:
        assert str(error).startswith(f"{path}:")
        assert str(error).isprintable()
    else:
        assert isinstance(net, _Net)


@given(content=st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "n.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_document(path, _Net)
    assert str(caught.value).isprintable()
