"""Small layers of every kind and a small machine, on which all legal mappings can be gone through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from sim.chips.contract import Job
from sim.chips.eyeriss.machine import Machine, read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import Gating
from sim.files.catalogue import find_machine
from sim.networks.layer import BitWidths, Layer, LayerKind, Padding, Shape

MOST_MAPPINGS = 300
# A prime stride keeps step with none of the loops that list the mappings.
STRIDES = (1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
Sections = dict[str, dict[str, Any]]


def vary(machine: Machine, sections: Sections) -> Machine:
    """Return a copy of a machine with some fields of some sections replaced."""
    changed = {name: getattr(machine, name).model_copy(update=fields) for name, fields in sections.items()}
    return machine.model_copy(update=changed)


@cache
def small_machine() -> Machine:
    """Return a machine of 4 x 5 PEs whose memories are so small that every rule forbids something; no codec."""
    eyeriss = read_machine(find_machine("eyeriss"))
    pe = eyeriss.pe
    return vary(
        eyeriss,
        {
            "pe_array": {"rows": 4, "columns": 5},
            "pe": {
                "filter_spad": pe.filter_spad.model_copy(update={"words": 12}),
                "ifmap_spad": pe.ifmap_spad.model_copy(update={"words": 6}),
                "psum_spad": pe.psum_spad.model_copy(update={"words": 3}),
            },
            "glb": {"bank_words": 16, "fmap_banks": 6, "filter_banks": 1},
            "limits": {"vertical_strides": (1, 2, 3, 4)},
            "rlc": {"enabled": False},
        },
    )


@dataclass(frozen=True)
class Small:
    """One layer by its stored ifmap, its batch, and what is changed on the machine for it."""

    name: str
    ifmap: tuple[int, int, int]  # channels in all, rows, columns
    filters: int  # in all groups
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pad: Padding = Padding()  # noqa: RUF009 - frozen
    groups: int = 1
    batch: int = 2
    bits: BitWidths = BitWidths()  # noqa: RUF009 - frozen
    sections: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()

    @property
    def machine(self) -> Machine:
        """The machine that it runs on."""
        return vary(small_machine(), {name: dict(fields) for name, fields in self.sections})

    @property
    def layer(self) -> Layer:
        """The layer, padded and trimmed as a workload file's would be."""
        channels, rows, columns = self.ifmap
        height = rows + self.pad.top + self.pad.bottom
        width = columns + self.pad.left + self.pad.right
        shape = Shape(
            G=self.groups,
            M=self.filters // self.groups,
            C=channels // self.groups,
            R=self.kernel[0],
            S=self.kernel[1],
            E=(height - self.kernel[0]) // self.stride[0] + 1,
            F=(width - self.kernel[1]) // self.stride[1] + 1,
            Uy=self.stride[0],
            Ux=self.stride[1],
        )
        return Layer(self.name, LayerKind.CONV, shape, rows, columns, padding=self.pad, bits=self.bits)


def limited(**limits: int) -> tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]:
    """Return sections with lower limits of the controller."""
    return (("limits", tuple(limits.items())),)


def with_pe(**parts: Any) -> tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]:
    """Return sections with other PEs."""
    return (("pe", tuple(parts.items())),)


ALL_ROUND = Padding(1, 1, 1, 1)
UNEVEN = Padding(0, 1, 0, 1)

SMALL = (
    Small("plain", (3, 5, 5), 4, (3, 3)),
    Small("plain, one image", (4, 4, 5), 5, (2, 2), batch=1),
    Small("plain, three images", (2, 5, 4), 3, (2, 3), batch=3),
    Small("tall filter", (3, 6, 4), 3, (4, 1)),
    Small("wide filter", (3, 3, 8), 3, (1, 5)),
    Small("padded", (3, 4, 4), 4, (3, 3), pad=ALL_ROUND),
    Small("padded wider than its filter", (2, 2, 3), 3, (2, 2), pad=Padding(3, 3, 3, 3)),
    Small("uneven padding", (3, 5, 5), 4, (3, 3), pad=UNEVEN),
    Small("padded at the top", (2, 4, 4), 3, (3, 3), pad=Padding(2, 0, 0, 0)),
    Small("padded at the left", (2, 4, 4), 3, (2, 3), pad=Padding(0, 0, 2, 0)),
    Small("grouped", (4, 4, 4), 6, (2, 2), groups=2),
    Small("three groups, padded", (6, 4, 4), 6, (3, 3), groups=3, pad=ALL_ROUND),
    Small("grouped, strided", (4, 7, 7), 4, (3, 3), stride=(2, 2), groups=2),
    Small("depthwise", (4, 6, 6), 4, (3, 3), groups=4, batch=3),
    Small("depthwise, strided, uneven padding", (3, 8, 8), 3, (3, 3), stride=(2, 2), pad=UNEVEN, groups=3, batch=3),
    Small("depthwise, two filters a channel", (3, 5, 5), 6, (2, 2), groups=3),
    Small("strided", (3, 7, 7), 4, (3, 3), stride=(2, 2)),
    Small("strided by four", (2, 12, 12), 3, (4, 4), stride=(4, 4)),
    Small("strided up and down", (3, 8, 4), 4, (3, 2), stride=(3, 1)),
    Small("strided across", (3, 4, 8), 4, (2, 3), stride=(1, 3)),
    Small("strided, padded, trimmed", (2, 6, 6), 3, (3, 3), stride=(2, 2), pad=ALL_ROUND),
    Small("gaps between windows", (3, 8, 8), 4, (1, 1), stride=(2, 3)),
    Small("gaps between rows", (3, 9, 5), 3, (2, 2), stride=(4, 1)),
    Small("gaps, padded", (2, 7, 7), 3, (2, 2), stride=(3, 3), pad=ALL_ROUND),
    Small("1x1", (5, 3, 3), 6, (1, 1)),
    Small("1x1, many rows", (3, 8, 2), 4, (1, 1)),
    Small("1x1, grouped", (6, 3, 3), 6, (1, 1), groups=2),
    Small("FC", (6, 1, 1), 7, (1, 1), batch=3),
    Small("FC of a window", (3, 3, 3), 5, (3, 3), batch=3),
    Small("wider than the array", (2, 10, 4), 3, (2, 2)),
    Small("folded C", (6, 4, 4), 3, (2, 2), sections=limited(channels=3)),
    Small("folded C, padded", (4, 4, 4), 3, (2, 2), pad=ALL_ROUND, sections=limited(channels=2)),
    Small("folded C, strided", (6, 5, 5), 3, (1, 1), stride=(2, 2), sections=limited(channels=2)),
    Small("folded C of a 1x1", (12, 3, 3), 4, (1, 1), sections=limited(channels=4)),
    Small("folded M", (3, 4, 4), 7, (2, 2), sections=limited(filters=3)),
    Small("folded M, grouped", (4, 4, 4), 10, (2, 2), groups=2, sections=limited(filters=3)),
    Small("folded inner product", (2, 5, 5), 5, (5, 5), sections=limited(filter_height=4, channels=8)),
    Small("folded inner product and M", (8, 3, 3), 5, (3, 3), sections=limited(filter_height=2, filters=2)),
    Small("narrow words", (3, 5, 5), 4, (3, 3), pad=ALL_ROUND, bits=BitWidths(8, 8, 16)),
    Small("ofmaps of their own width", (3, 5, 5), 4, (3, 3), pad=ALL_ROUND, bits=BitWidths(8, 8, 16, 6)),
    Small("odd words", (3, 5, 5), 4, (2, 2), bits=BitWidths(4, 12, 12)),
    Small("gating off", (3, 4, 4), 4, (3, 3), pad=ALL_ROUND, sections=with_pe(gating=Gating.OFF)),
    Small("gating on either", (3, 4, 4), 4, (3, 3), pad=ALL_ROUND, sections=with_pe(gating=Gating.EITHER_ZERO)),
    Small(
        "gated MACs leave the ifmap spad alone",
        (3, 4, 4),
        4,
        (3, 3),
        pad=ALL_ROUND,
        sections=with_pe(gated_mac_reads_ifmap_spad=False),
    ),
    Small("fmaps overlap", (3, 5, 5), 4, (3, 3), sections=(("overlap", (("fmaps", True),)),)),
)


def every_mapping(small: Small) -> Iterator[Mapping]:
    """Go through all parameters within their loops' bounds."""
    shape = fold(small.layer.shape, small.machine).shape
    for m, n, e, q in product(*(range(1, most + 1) for most in (shape.M, small.batch, shape.E, shape.C))):
        for p, r in product(range(1, m + 1), range(1, -(-shape.C // q) + 1)):
            for t in range(1, -(-m // p) + 1):
                yield Mapping(m=m, n=n, e=e, p=p, q=q, r=r, t=t)


@cache
def legal_mappings(small: Small) -> tuple[Mapping, ...]:
    """Return all legal mappings."""
    layer, machine = small.layer, small.machine
    folded = fold(layer.shape, machine)
    cases = (Case(folded, small.batch, layer.bits, mapping, machine) for mapping in every_mapping(small))
    return tuple(case.mapping for case in cases if not violations(case))


def chosen_mappings(small: Small) -> tuple[Mapping, ...]:
    """Return all legal mappings, or every k-th (k prime) where there are more than MOST_MAPPINGS."""
    legal = legal_mappings(small)
    return legal[:: next(stride for stride in STRIDES if stride * MOST_MAPPINGS >= len(legal))]


def jobs(small: Small) -> Iterator[Job[MappedLayer]]:
    """Hand a job without tensors for each chosen mapping."""
    folded = fold(small.layer.shape, small.machine)
    for mapping in chosen_mappings(small):
        yield Job(small.layer, MappedLayer(folded, mapping), small.batch)
