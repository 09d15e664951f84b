"""Errors: their one-line messages, and the words that these share."""

import pickle

import pytest

from sim.errors import (
    FieldFault,
    InputError,
    ModelError,
    SimError,
    did_you_mean,
    dotted,
    listed,
    nearest,
    printable,
    quoted,
)


def test_input_error_is_its_line() -> None:
    line = "arch/eyeriss.yaml:4:3: pe_array.widht: unknown key; did you mean 'width'?"
    assert str(InputError(line)) == line


def test_input_error_stays_on_one_line() -> None:
    assert str(InputError("a\nb\x1b[31m\udc80")) == "a\\nb\\x1b[31m\\udc80"


def test_input_error_from_its_parts() -> None:
    error = InputError.located("net.yaml:3:5", ("layers", 3, "stride"), wrong="got 0", allowed="expected 1")
    assert str(error) == "net.yaml:3:5: layers[3].stride: got 0; expected 1"


@pytest.mark.parametrize(
    ("place", "path", "wrong", "allowed", "line"),
    [
        ("f", (), "wrong", "allowed", "f: wrong; allowed"),
        ("", ("a",), "wrong", "", "a: wrong"),
        ("f", ("a",), "", "allowed", "f: a: allowed"),
    ],
)
def test_input_error_leaves_out_empty_parts(
    place: str, path: tuple[str, ...], wrong: str, allowed: str, line: str
) -> None:
    assert str(InputError.located(place, path, wrong=wrong, allowed=allowed)) == line


def test_model_error_names_the_law() -> None:
    error = ModelError("MAC conservation", "counted 10, expected 12")
    assert str(error) == "MAC conservation: counted 10, expected 12"
    assert (error.law, error.detail) == ("MAC conservation", "counted 10, expected 12")


def test_field_fault_keeps_its_parts() -> None:
    fault = FieldFault("stride is 5", "at most 4", at=["layers", 0, "stride"])
    assert (fault.wrong, fault.allowed, fault.at) == ("stride is 5", "at most 4", ("layers", 0, "stride"))
    assert str(fault) == "stride is 5; at most 4"
    assert str(FieldFault("stride is 5", "")) == "stride is 5"


def test_families() -> None:
    assert issubclass(InputError, SimError)
    assert issubclass(ModelError, SimError)
    assert issubclass(FieldFault, ValueError)  # pydantic collects only these from validators


@pytest.mark.parametrize(
    "error", [InputError("f: a\nb"), ModelError("law", "detail"), FieldFault("wrong", "allowed", at=("a", 1))]
)
def test_errors_survive_the_way_between_processes(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize(
    ("word", "allowed", "remedy"),
    [
        ("widht", ["width", "height"], "did you mean 'width'?"),
        ("WIDTH", ["depth", "width"], "did you mean 'width'?"),
        ("kb", ["B", "kB"], "did you mean 'kB'?"),
        ("xyz", ["width", "height"], "allowed: width, height"),
        ("", ["width"], "allowed: width"),
        ("w" * 1_000_000, ["width"], "allowed: width"),
        ("width", [], "allowed: nothing"),
    ],
)
def test_did_you_mean(word: str, allowed: list[str], remedy: str) -> None:
    assert did_you_mean(word, allowed) == remedy


def test_nearest_may_be_nothing() -> None:
    assert nearest("xyz", ["width"]) is None


def test_long_lists_are_cut() -> None:
    text = listed(f"key_number_{index}" for index in range(1000))
    assert text.startswith("key_number_0, key_number_1, ")
    assert text.endswith(", key_number_10, ... (1000 in all)")


def test_the_first_word_is_always_listed() -> None:
    assert listed(["w" * 500]) == "w" * 500


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv", "'conv'"),
        ("it's", '"it\'s"'),
        ("a\nb", "'a\\nb'"),
        ("x" * 41, "'" + "x" * 40 + "'..."),
    ],
)
def test_quoted(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_printable_leaves_letters_alone() -> None:
    assert printable("größe 12 \N{GREEK SMALL LETTER MU}s") == "größe 12 \N{GREEK SMALL LETTER MU}s"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("layers", 3, "stride"), "layers[3].stride"),
        ((0, "name"), "[0].name"),
        (("a b", "c"), "['a b'].c"),
        (("a", "x.y"), "a['x.y']"),
        (("a", "\n"), "a['\\n']"),
    ],
)
def test_dotted(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text
