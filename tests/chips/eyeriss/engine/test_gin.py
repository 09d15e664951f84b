"""Multicast: the published IDs (JSSC 2017, Fig. 11), and tags that reach the PEs which need a row and no others."""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from support.paths import DATA

from sim.chips.eyeriss.engine.gin import GlobalInputNetworks, configure_gins
from sim.chips.eyeriss.machine import FilterMulticast, Machine, Networks, read_machine
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.placement import Placement, place
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.parts.description import ArraySize
from sim.files.catalogue import find_machine, find_workload
from sim.networks.layer import BitWidths, Shape
from sim.networks.workload import read_workload

FIGURE = DATA / "jssc2017_fig11_gin_ifmap_ids.csv"
UNUSED_ROW, UNUSED_COL = 15, 31
TABLE_III = {
    "CONV1": Mapping(m=96, n=1, e=7, p=16, q=1, r=1, t=2),
    "CONV2": Mapping(m=64, n=1, e=27, p=16, q=2, r=1, t=1),
    "CONV3": Mapping(m=64, n=4, e=13, p=16, q=4, r=1, t=4),
    "CONV4": Mapping(m=64, n=4, e=13, p=16, q=3, r=2, t=2),
    "CONV5": Mapping(m=64, n=4, e=13, p=16, q=3, r=2, t=2),
}


@cache
def eyeriss() -> Machine:
    """Read the published chip."""
    return read_machine(find_machine("eyeriss"))


@cache
def alexnet() -> dict[str, Shape]:
    """Read the shapes of the measured layers."""
    workload = read_workload(find_workload("alexnet_jssc2017"))
    return {layer.name: layer.shape for layer in workload.layers}


def published(layer: str) -> list[tuple[int, list[int]]]:
    """Read a layer's rows from the figure, top first: row ID and column IDs; CONV5 is as CONV4."""
    with FIGURE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["layer"] == layer.replace("CONV5", "CONV4")]
    assert [int(row["row"]) for row in rows] == list(range(12))
    return [(int(row["x_bus_row_id"]), columns_of(row["col_ids_left_to_right"])) for row in rows]


def columns_of(text: str) -> list[int]:
    """Read one row's column IDs; the figure leaves those of an unused row out."""
    return [UNUSED_COL] * 14 if text == "unused" else [int(number) for number in text.split()]


@pytest.mark.parametrize("layer", TABLE_III)
def test_ids_are_those_of_the_published_figure(layer: str) -> None:
    shape, mapping, machine = alexnet()[layer], TABLE_III[layer], eyeriss()
    gins = configure_gins(shape, place(shape.R, mapping, machine.pe_array), machine.noc, BitWidths())
    rows = [int(row) for row in gins.ifmap.row_ids]
    assert list(zip(rows, gins.ifmap.col_ids.tolist(), strict=True)) == published(layer)
    assert (gins.ifmap.unused_row, gins.ifmap.unused_col) == (UNUSED_ROW, UNUSED_COL)


def test_the_workload_states_table_iii_but_for_conv3() -> None:
    workload = read_workload(find_workload("alexnet_jssc2017"))
    stated = {layer.name: Mapping(**dict(layer.mapping or ())) for layer in workload.layers}
    assert stated == TABLE_III | {"CONV3": replace(TABLE_III["CONV3"], q=3, r=2, t=2)}


# Tags.

Places = set[tuple[int, int]]


def reached(matches: np.ndarray) -> Places:
    """List the PEs that take a word."""
    return {(int(row), int(column)) for row, column in np.argwhere(matches)}


def ifmap_places(placement: Placement, shape: Shape, channel_set: int, row: int) -> Places:
    """List the PEs of a channel set, in all filter sets, that multiply an ifmap row of the strip."""
    return {
        placement.position(filter_set=t, column=column, channel_set=channel_set, filter_row=filter_row)
        for t in range(placement.filter_sets)
        for column in range(placement.width)
        for filter_row in range(shape.R)
        if column * shape.Uy + filter_row == row
    }


def filter_places(placement: Placement, filter_set: int, channel_set: int, filter_row: int) -> Places:
    """List the PEs of one row of one set."""
    return {
        placement.position(filter_set=filter_set, column=column, channel_set=channel_set, filter_row=filter_row)
        for column in range(placement.width)
    }


def filter_tags(gins: GlobalInputNetworks, filter_set: int, channel_set: int, row: int) -> list[tuple[int, int]]:
    """List the tags with which a filter row is sent, one for each time."""
    tags = gins.filter_tags
    return [
        tags.of(filter_set=filter_set, channel_set=channel_set, filter_row=row, again=again)
        for again in range(tags.times_sent)
    ]


def assert_tags_select(gins: GlobalInputNetworks, placement: Placement, shape: Shape) -> None:
    """Send every row that some PE needs, and every filter row, and see who takes it."""
    needed = {column * shape.Uy + i for column in range(placement.width) for i in range(shape.R)}
    for channel_set in range(placement.channel_sets):
        for row in needed:
            tag = gins.ifmap_tags.of(channel_set=channel_set, row=row)
            assert reached(gins.ifmap.matches(*tag)) == ifmap_places(placement, shape, channel_set, row)
        for filter_set in range(placement.filter_sets):
            for i in range(shape.R):
                sent = [reached(gins.filter.matches(*tag)) for tag in filter_tags(gins, filter_set, channel_set, i)]
                assert sorted(at for places in sent for at in places) == sorted(
                    filter_places(placement, filter_set, channel_set, i)
                )
                if gins.noc.filter_multicast == FilterMulticast.ROW:
                    assert all(len({row for row, _ in places}) == 1 for places in sent)
                else:
                    assert len(sent) == 1


@pytest.mark.parametrize("layer", TABLE_III)
def test_published_tags_reach_the_pes_that_need_the_row(layer: str) -> None:
    shape, machine = alexnet()[layer], eyeriss()
    placement = place(shape.R, TABLE_III[layer], machine.pe_array)
    assert_tags_select(configure_gins(shape, placement, machine.noc, BitWidths()), placement, shape)


def draw(rng: random.Random) -> tuple[Shape, Mapping, Machine]:
    """Draw PE sets for an array; whether they fit it is for the legality rules to say."""
    machine = eyeriss()
    size = ArraySize(rows=rng.randint(4, 14), columns=rng.randint(2, 16))
    e, q = rng.randint(1, 14), rng.randint(1, 2)
    shape = Shape(G=1, M=40, C=12, R=rng.randint(1, 5), S=1, E=e, F=2, Uy=rng.choice((1, 2, 4)))
    sets = max(1, size.rows // shape.R)
    mapping = Mapping(m=40, n=1, e=e, p=1, q=q, r=rng.randint(1, min(sets, 4)), t=rng.randint(1, sets * 2))
    noc = machine.noc.model_copy(update={"filter_multicast": rng.choice(tuple(FilterMulticast))})
    return shape, mapping, machine.model_copy(update={"pe_array": size, "noc": noc})


def test_tags_reach_the_pes_that_need_the_row_under_any_legal_mapping() -> None:
    rng = random.Random(11)
    compared = 0
    for _ in range(400):
        shape, mapping, machine = draw(rng)
        case = Case(fold(shape, machine), 1, BitWidths(), mapping, machine)
        if violations(case):
            continue
        shape = case.folded.shape
        gins = configure_gins(shape, case.placement, machine.noc, BitWidths())
        assert_tags_select(gins, case.placement, shape)
        compared += 1
    assert compared >= 100


def test_row_ids_close_up_where_the_published_pitch_does_not_fit() -> None:
    """Set channel sets apart by 4 row IDs as published, or by the stride where 4 bits have no room for that."""
    networks: Networks = eyeriss().noc
    pitches = {}
    for channel_sets in (3, 4, 5, 7):
        shape = Shape(G=1, M=1, C=8, R=2, S=1, E=2, F=1, Uy=2)
        mapping = Mapping(m=1, n=1, e=2, p=1, q=1, r=channel_sets, t=1)
        placement = place(2, mapping, ArraySize(rows=14, columns=4))
        gins = configure_gins(shape, placement, networks, BitWidths())
        assert_tags_select(gins, placement, shape)
        pitches[channel_sets] = gins.ifmap_tags.row_pitch
    assert pitches == {3: 4, 4: 4, 5: 2, 7: 2}


@pytest.mark.parametrize(("rows", "columns", "filter_sets"), [(12, 40, 33), (24, 1, 20)])
def test_filter_tags_of_a_legal_mapping_fit_their_ids(rows: int, columns: int, filter_sets: int) -> None:
    """Put more sets side by side, or on each other, than column or row IDs can tell apart; then as many as they can."""
    machine = eyeriss().model_copy(update={"pe_array": ArraySize(rows=rows, columns=columns)})
    shape = Shape(G=1, M=40, C=1, R=1, S=1, E=1, F=4)

    def case_of(sets: int) -> Case:
        mapping = Mapping(m=40, n=1, e=1, p=1, q=1, r=1, t=sets)
        return Case(fold(shape, machine), 1, BitWidths(), mapping, machine)

    assert [found.rule for found in violations(case_of(filter_sets))] == ["multicast_tags"]
    most = UNUSED_ROW if columns == 1 else UNUSED_COL
    assert violations(case_of(most + 1)) != ()
    assert violations(case_of(most)) == ()
    tags = configure_gins(shape, case_of(most).placement, machine.noc, BitWidths()).filter_tags
    found = [tags.of(filter_set=number, channel_set=0, filter_row=0, again=0) for number in range(most)]
    assert all(row_tag < UNUSED_ROW and col_tag < UNUSED_COL for row_tag, col_tag in found)
    assert len(set(found)) == most
