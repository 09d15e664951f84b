"""`sim compress`: the run-length code on the streams that the chip moves, against the entropy limit."""

from __future__ import annotations

import argparse

from sim.cli.options import add_drawn, add_inputs
from sim.cli.parser import Commands, positive


def add_compress(commands: Commands) -> None:
    """Add `compress`."""
    compress = commands.add_parser(
        "compress",
        help="hold the run-length code against its entropy limit",
        description="Code the fmap streams that the chip moves and print, layer by layer, their bits, the ratio and "
        "the overhead over the limit: the entropy of the zero pattern and the raw non-zero values.",
    )
    add_inputs(compress)
    compress.add_argument(
        "--cluster", type=positive, metavar="L", help="show also zeros clustered in runs of mean length L"
    )
    add_drawn(compress, json_help="write the report")


def run(options: argparse.Namespace) -> int:
    """Run `compress`: ifmaps with their padding as the chip reads them, each tile once; ofmaps as it writes them."""
    from sim.cli.choices import choices_of, progress_of, show_notes
    from sim.cli.outputs import STDOUT, check_target, hand_over
    from sim.runs.provenance import provenance_of
    from sim.runs.request import read_request
    from sim.studies.compression import compress_network, report_dict
    from sim.views.compression_table import show_compression

    choices = choices_of(options)
    request, target = read_request(choices), check_target(options.json, "--json")
    reports = compress_network(request, seed=options.seed, cluster=options.cluster, progress=progress_of(options))
    own = {**choices.of_the_mapper(), "cluster": options.cluster}
    content = report_dict(reports, provenance_of(request, model="rlc", seed=options.seed, options=own))
    if not options.quiet:
        show_notes(request, to_stderr=target == STDOUT)
    hand_over(
        content,
        target,
        lambda console: show_compression(request, reports, console, cluster=options.cluster),
        quiet=options.quiet,
    )
    return 0
