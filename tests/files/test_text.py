"""Text files: the exact line for each path that is no readable UTF-8 file, and that none of them hangs."""

import os
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.files.text import end_of, read_text
from sim.files.tree import Mark


def refusal(path: Path | str) -> str:
    """Return the refusal of a file."""
    with pytest.raises(InputError) as caught:
        read_text(path)
    return str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.yaml") == f"{tmp_path}/a.yaml: no such file; expected a YAML file"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("./nope.yaml", "./nope.yaml: no such file; expected a YAML file"),
        ("no\npe.yaml", "no\\npe.yaml: no such file; expected a YAML file"),
        ("\udc80", "\\udc80: no such file; expected a YAML file"),
        (".", ".: this is a directory; expected a YAML file"),
        ("", "'': this is a directory; expected a YAML file"),
        ("/dev/zero", "/dev/zero: this is not a regular file; expected a YAML file"),
        ("pipe", "pipe: this is not a regular file; expected a YAML file"),
        ("a\0b", "a\\x00b: cannot be read: embedded null byte; expected a YAML file"),
        ("n.yaml/x", "n.yaml/x: cannot be read: not a directory; expected a YAML file"),
        ("loop", "loop: cannot be read: too many levels of symbolic links; expected a YAML file"),
    ],
)
def test_refuse_what_is_no_file(path: str, line: str, folder: Path) -> None:
    os.mkfifo("pipe")
    Path("n.yaml").touch()
    Path("loop").symlink_to("loop")
    assert refusal(path) == line


def test_refuse_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "n.yaml"
    path.touch()

    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert refusal(path) == f"{path}: cannot be read: permission denied; expected a YAML file"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"#" * (1 << 20) + b"\n", ": the file is too large; at most 1 MiB"),
        (b"a: \xff\n", ":1:4: the byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"a: 1\r\n\xc3\xa9\xc3", ":2:2: the byte 0xc3 is not UTF-8; save the file as UTF-8"),
    ],
    ids=["large", "bytes", "cut"],
)
def test_refuse_content(content: bytes, line: str, tmp_path: Path) -> None:
    path = tmp_path / "n.yaml"
    path.write_bytes(content)
    assert refusal(path) == f"{path}{line}"


def test_a_byte_order_mark_at_the_start_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "n.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_text(path) == "a: 1\n"


@pytest.mark.parametrize(
    ("text", "mark"), [("", Mark(1, 1)), ("ab", Mark(1, 3)), ("a\r\n\nb", Mark(3, 2)), ("a\r", Mark(2, 1))]
)
def test_end_of(text: str, mark: Mark) -> None:
    assert end_of(text) == mark
