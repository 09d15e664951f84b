"""What people see of a mapper's findings: the best mappings, and what the second lost by."""

from __future__ import annotations

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.figures import DRAM, SYSTEM, TOTAL
from sim.studies.mapping import LayerFindings, Mappings
from sim.views.console import make_table, mapping_head, mapping_text, plain


def show_mappings(found: Mappings, console: Console) -> None:
    """Print a table for each layer, and how many mappings were looked at."""
    request = found.request
    heading = f"[bold]{plain(request.workload.name)}[/bold] on {plain(request.machine.name)}, batch {request.batch}"
    objective, costs = request.choices.objective, plain(request.table.name)
    console.print(f"{heading}: least {objective}, cost table {costs}, fmaps in {request.code}")
    for one in found.layers:
        console.print(Group("", _layer_table(one, found), *_notes(one)))
    console.print(f"\n{found.legal:,} legal mappings; {found.evaluated:,} evaluated, the others excluded by bounds")


def _layer_table(one: LayerFindings, found: Mappings) -> Table:
    request, candidates = found.request, one.findings.candidates
    table = make_table()
    table.add_column(plain(one.layer.name), no_wrap=True)
    table.add_column(mapping_head(candidates[0].plan.as_dict()), no_wrap=True)
    for head in (f"energy {SYSTEM.shown_unit(request.table.unit)}", "total ms", "DRAM MB", "behind %"):
        table.add_column(head, justify="right", no_wrap=True)
    for place, candidate in enumerate(candidates):
        table.add_row(
            str(place + 1),
            mapping_text(candidate.plan.as_dict()),
            SYSTEM.text(candidate.energy, digits=3),
            TOTAL.text(candidate.cycles / request.machine.core.clock, digits=3),
            DRAM.text(candidate.dram_bits, digits=3),
            f"{one.behind(place):.3f}" if candidates[0].score(one.goal.objective) else "0",
        )
    return table


def _notes(one: LayerFindings) -> list[str]:
    """State what was folded, and by what the second lost to the first."""
    notes = [f"folded: {note}" for note in one.findings.candidates[0].plan.notes]
    if len(one.energies) < 2:
        return [*notes, "there is no other legal mapping"]
    parts = [f"{level} {gap:+.3f} %" for level, gap in one.gaps().items()]
    return [*notes, f"the second differs by {', '.join(parts[:4])} of the winner's energy" if parts else "a tie"]
