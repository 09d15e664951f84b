"""Errors of the simulator, and the words that their messages share.

A message is specification: one line with place, value, rule and remedy.
"""

import re
from collections.abc import Iterable, Sequence

PathStep = str | int

_QUOTED_CHARACTERS = 40
_LISTED_CHARACTERS = 160
_COMPARED_CHARACTERS = 64
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")


class SimError(Exception):
    """The base of every error that the simulator raises on purpose."""


class InputError(SimError):
    """Bad user input, reported on one line: `place: path: what is wrong; what is allowed`.

    Characters that would break the line or the terminal are escaped.
    """

    def __init__(self, line: str) -> None:
        super().__init__(printable(line))

    @classmethod
    def located(cls, place: str, path: Sequence[PathStep] = (), *, wrong: str, allowed: str) -> "InputError":
        """Build the line from its parts; those that are empty are left out."""
        rule = "; ".join(part for part in (wrong, allowed) if part)
        return cls(": ".join(part for part in (place, dotted(path), rule) if part))


class ModelError(SimError):
    """A conservation law of the simulator that broke: a fault of the program, not of its input."""

    def __init__(self, law: str, detail: str) -> None:
        super().__init__(law, detail)
        self.law = law
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.law}: {self.detail}"


class FieldFault(ValueError):  # noqa: N818 - a fault becomes an error once its place is known
    """What is wrong with a value and what is allowed, raised inside a validator.

    `at` leads from the place where the fault is raised to the field at fault: keys and indices.
    """

    def __init__(self, wrong: str, allowed: str, at: Sequence[PathStep] = ()) -> None:
        super().__init__(wrong, allowed, tuple(at))
        self.wrong = wrong
        self.allowed = allowed
        self.at = tuple(at)

    def __str__(self) -> str:
        return "; ".join(part for part in (self.wrong, self.allowed) if part)


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Suggest the allowed word nearest to `word`, or list the allowed words."""
    words = list(allowed)
    near = nearest(word, words)
    return f"did you mean '{near}'?" if near else f"allowed: {listed(words)}"


def nearest(word: str, words: Sequence[str]) -> str | None:
    """Find the word that `word` was most likely meant to be."""
    import difflib  # here because it costs every start 10 ms and only failing ones need it

    if len(word) > _COMPARED_CHARACTERS:
        return None
    for candidate in words:
        if candidate.casefold() == word.casefold():
            return candidate
    near = difflib.get_close_matches(word, words, n=1)
    return near[0] if near else None


def listed(words: Iterable[str]) -> str:
    """Join words with commas, leaving out those that would make the list too long to read."""
    every = list(words)
    shown: list[str] = []
    for word in every:
        if shown and sum(len(known) + 2 for known in shown) + len(word) > _LISTED_CHARACTERS:
            return f"{', '.join(shown)}, ... ({len(every)} in all)"
        shown.append(word)
    return ", ".join(shown) or "nothing"


def reason_of(error: Exception) -> str:
    """Say why a file could not be used: the system's words, or those of what refused its name."""
    return str(getattr(error, "strerror", None) or error).lower()


def quoted(text: str) -> str:
    """Put text in quotes, with escapes for what cannot be printed, and cut it when it is long."""
    return repr(text) if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]!r}..."


def printable(text: str) -> str:
    """Escape line breaks, control characters and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def dotted(path: Sequence[PathStep]) -> str:
    """Write a path into a document as `layers[3].stride`; odd keys stand in brackets and quotes."""
    text = ""
    for step in path:
        if isinstance(step, str) and _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{quoted(step) if isinstance(step, str) else step}]"
    return text
