"""What a command line chooses, in the words of `sim.runs`; everything heavy is imported here, not at `--help`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any

from sim.chips.goals import Objective
from sim.codes.expected import FmapCode
from sim.errors import InputError, quoted
from sim.files.yaml_source import compose
from sim.runs.progress import Progress
from sim.runs.request import Choices, Request, read_pairs, whole_number
from sim.views.console import make_console, plain

_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})")
_BITS_EXAMPLE = "write e.g. ifmap=8,filter=8,psum=16"
_ZEROS_EXAMPLE = "write e.g. ifmap=0.5,filter=0.3,ofmap=0.4"
_SET_EXAMPLE = "write e.g. --set glb.fmap_banks=50"


def choices_of(options: argparse.Namespace, *, methodology: bool = False) -> Choices:
    """Return what the options say; those that a command lacks are left as the files have them."""

    def given(name: str, default: Any = None) -> Any:
        return getattr(options, name, default)

    layers, code = given("layers"), given("code")
    return Choices(
        network=given("workload", ""),
        arch=options.arch if isinstance(options.arch, str) else options.arch[0],
        edits=read_edits(given("set", [])),
        cost_table=given("cost_table"),
        batch=given("batch"),
        shape=tuple(given("shape", ())),
        layers=None if layers is None else tuple(layers.split(",")),
        mapping=tuple(given("mapping", ())),
        objective=Objective(given("objective", "energy")),
        constrain=tuple(given("constrain", ())),
        bits=read_bits(given("bits")),
        zeros=read_zeros(given("zeros")),
        voltage=given("voltage"),
        clock=given("clock"),
        link_clock=given("link_clock"),
        skip=given("skip"),
        code=None if code is None else FmapCode(code),
        methodology=methodology,
        images=given("inputs"),
    )


def read_edits(texts: list[str]) -> dict[str, Any]:
    """Read `path=value` texts, their values as YAML has them."""
    edits: dict[str, Any] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            raise InputError.located("--set", wrong=f"{quoted(text)} gives no value", allowed=_SET_EXAMPLE)
        node = compose(value, f"--set {path.strip()}")
        if node is None or node.value is None or isinstance(node.value, Mapping):
            raise InputError.located(f"--set {path.strip()}", wrong="no value", allowed=_SET_EXAMPLE)
        if path.strip() in edits:
            raise InputError.located(f"--set {path.strip()}", wrong="given twice", allowed="give it once")
        edits[path.strip()] = node.value
    return edits


def read_bits(text: str | None) -> dict[str, int]:
    """Read `ifmap=8,filter=8,psum=16`; what is not named is left out."""
    if text is None:
        return {}
    return read_pairs(text, "--bits", whole_number, allowed=_BITS_EXAMPLE, what="bitwidth")


def read_zeros(text: str | None) -> dict[str, float]:
    """Read `ifmap=0.5,filter=0.3,ofmap=0.4`; what is not named is left out."""
    if text is None:
        return {}
    return read_pairs(text, "--zeros", _decimal, allowed=_ZEROS_EXAMPLE, what="zero fraction")


def _decimal(text: str) -> float | None:
    return float(text) if _DECIMAL.fullmatch(text) else None


def show_notes(request: Request, *, to_stderr: bool, drawn_with: int | None = None) -> None:
    """Print what is to be known of an imported network before its results; `drawn_with` seeded its tensors, if any."""
    lines = request.notes
    if lines and drawn_with is not None and request.values is None:
        lines.append(f"tensors: drawn with seed {drawn_with} at these zeros; --inputs takes the network's own values")
    if lines:
        make_console(to_stderr=to_stderr).print(*map(plain, lines), "", sep="\n")


def progress_of(options: argparse.Namespace) -> Progress:
    """Return the bar over layers, hidden where nobody looks."""
    from sim.cli.progress import layer_bar

    return layer_bar(quiet=options.quiet)
