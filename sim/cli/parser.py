"""The parser of all commands, and readers of single values; a wrong one is refused on a single line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from sim.cli.exit_status import INPUT_ERROR
from sim.errors import did_you_mean, printable, quoted


class Parser(argparse.ArgumentParser):
    """A parser that refuses a wrong command line on a single line."""

    def error(self, message: str) -> NoReturn:
        self.exit(INPUT_ERROR, f"{self.prog}: {printable(message)}; see {self.prog} --help\n")


class Several(argparse.Action):
    """An option that gives one value where it stands once, and a list of them where it stands more often."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Take a value."""
        seen = [*getattr(namespace, f"_{self.dest}", []), values]
        setattr(namespace, f"_{self.dest}", seen)
        setattr(namespace, self.dest, seen[0] if len(seen) == 1 else seen)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 1 to 4096")
    return int(text)


def workers(text: str) -> int | str:
    return text if text == "all" else positive(text)


def seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 0 to 10**18 - 1")
    return int(text)


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"no choice {quoted(text)}; {did_you_mean(text, words)}")
        return text

    return read
