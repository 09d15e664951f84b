"""What people see of a code's lengths beside the entropy limit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table

from sim.runs.request import Request
from sim.studies.compression import (
    StreamTally,
    TensorReport,
    total_of,
)
from sim.views.console import make_table, plain

_NOTE = (
    "limit: entropy of the zero pattern, and the raw values that are not zero; the paper is 5 to 10 % above it "
    "(JSSC 2017, IV-C). chain: the same, given the value before."
)


def show_compression(
    request: Request, reports: Sequence[TensorReport], console: Console, *, cluster: int | None
) -> None:
    """Print a title, the table, and what its columns mean."""
    title = f"[bold]{plain(request.workload.name)}[/bold] on {plain(request.machine.name)}, batch {request.batch}"
    console.print(Group(title, _table(reports, cluster), "", _NOTE))


def _table(reports: Sequence[TensorReport], cluster: int | None) -> Table:
    """Make the table; those that the chip leaves raw are marked, and not in the total."""
    table = make_table()
    table.add_column("layer", no_wrap=True)
    table.add_column("", no_wrap=True)
    heads = ["zeros\n%", "raw\nMb", "run of\nzeros", "RLC\nMb", "ratio", "over the\nlimit %"]
    if cluster is not None:
        heads += ["clustered\nrun", "RLC\nMb", "ratio", "over the\nlimit %", "over the\nchain %"]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    coded = [report for report in reports if report.coded]
    for report in [*reports, *([total_of(coded)] if coded else [])]:
        mark = "" if report.coded else " (raw in DRAM)"
        table.add_row(plain(report.layer), report.tensor + mark, *_cells(report))
    return table


def _cells(report: TensorReport) -> list[str]:
    one, other = report.random, report.clustered
    cells = [f"{100 * one.zero_fraction:.1f}", f"{one.raw_bits / 1e6:.2f}", *_coding(one)]
    if other is not None:
        cells += [*_coding(other), f"{other.overhead_pct(other.chain_limit_bits):.1f}"]
    return cells


def _coding(one: StreamTally) -> list[str]:
    return [
        f"{one.mean_run:.1f}",
        f"{one.coded_bits / 1e6:.2f}",
        f"{one.ratio:.2f}",
        f"{one.overhead_pct(one.limit_bits):.1f}",
    ]
