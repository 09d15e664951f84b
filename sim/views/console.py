"""The console that all tables are printed to, and how they write names, mappings and units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.errors import printable
from sim.ledger.results import OperatingPoint
from sim.units import Dimension, format_quantity

_PIPE_WIDTH = 200


POINT_OPTIONS = frozenset({"voltage", "clock", "link_clock"})  # in the provenance where they were given


def make_console(*, to_stderr: bool = False) -> Console:
    """Open a console: as wide as the terminal, or wide enough for every column in a pipe."""
    console = Console(stderr=to_stderr, highlight=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(stderr=to_stderr, highlight=False, emoji=False, width=_PIPE_WIDTH)
    return console


def make_table(**own: Any) -> Table:
    """Make a table in the one style that all have; `own` are more of rich's options."""
    return Table(box=None, pad_edge=False, header_style="bold", **own)


def plain(text: object) -> str:
    """Keep what people wrote in files from being taken for markup or for control characters."""
    return escape(printable(str(text)))


def operating_point_text(point: OperatingPoint) -> str:
    """Write the core's supply and both clocks in units."""
    core, link = (format_quantity(clock, Dimension.FREQUENCY) for clock in (point.clock_hz, point.link_clock_hz))
    return f"{point.voltage_v:g} V, core {core}, link {link}"


def mapping_head(mapping: Mapping[str, Any]) -> str:
    """Return the names of a mapping's parameters, in their order, split by blanks."""
    return " ".join(mapping)


def mapping_text(mapping: Mapping[str, Any]) -> str:
    """Return the values of a mapping's parameters, in the same way."""
    return " ".join(map(str, mapping.values()))
