"""The code's version: what computes changes it, what is said about it does not."""

from __future__ import annotations

import threading

import pytest

from sim import __version__
from sim.studies.sweeps.evaluation import code_version as module
from sim.studies.sweeps.evaluation.code_version import code_version, statements

SOURCE = '''"""A module."""

LIMIT = 12  # words


class Spad:
    """A spad."""


def read(words: int) -> int:
    """Read words."""
    # as many as fit
    return min(words, LIMIT)
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A module.", "What it is."),
        ('"""A module."""\n\n', ""),
        ("  # words", ""),
        ('    """A spad."""', "    pass"),
        ("Read words.", "Read them."),
        ("    # as many as fit\n", ""),
        ("min(words, LIMIT)", "min(\n        words,\n        LIMIT,\n    )"),
    ],
)
def test_words_and_layout_change_nothing(old: str, new: str) -> None:
    assert SOURCE.count(old) == 1
    assert statements(SOURCE.replace(old, new)) == statements(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"), [("= 12", "= 13"), ("min(", "max("), ("LIMIT)", "2 * LIMIT)"), ("def read", "def reads")]
)
def test_a_constant_or_a_statement_changes_it(old: str, new: str) -> None:
    assert statements(SOURCE.replace(old, new)) != statements(SOURCE)


def test_it_names_the_package_and_a_digest() -> None:
    version, _, digest = code_version().partition("+")
    assert version == __version__
    assert len(digest) == 12
    assert int(digest, 16) >= 0


def test_what_computes_is_there() -> None:
    """A folder that is renamed must not drop out of the digest."""
    root = module.ROOT
    assert all((root / place).exists() for place in module._COMPUTING)
    there = {path.relative_to(root).as_posix() for path in module._sources(root)}
    assert {"chips/eyeriss/analytic/model.py", "chips/eyeriss/mapping/search.py", "ledger/energy.py"} <= there
    assert "runs/parameters.py" in there
    assert not any(path.startswith(("views/", "cli/", "api/")) for path in there)


def test_threads_that_ask_at_once_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's trees are made by one thread at a time, or it miscounts their depth."""
    inside, most, lock = 0, 0, threading.Lock()
    honest = module.statements

    def watched(text: str) -> str:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        try:
            return honest(text)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr(module, "statements", watched)
    module._found.cache_clear()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(code_version())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert most == 1
