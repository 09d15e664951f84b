"""Layers by name and by pattern."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.errors import InputError
from sim.files.catalogue import find_workload
from sim.networks.layer_choice import choose_layers
from sim.networks.workload import Workload, read_workload

ALEXNET = read_workload(find_workload("alexnet"))


def named(*names: str) -> Workload:
    return replace(
        ALEXNET, layers=tuple(replace(layer, name=name) for layer, name in zip(ALEXNET.layers, names, strict=False))
    )


@pytest.mark.parametrize(
    ("names", "patterns", "chosen"),
    [
        (("a1", "a2", "b"), ["a*"], ["a1", "a2"]),
        (("a1", "a2", "b"), ["b", " a1 "], ["a1", "b"]),
        (("[/]", "/"), ["[/]"], ["[/]"]),  # as a pattern it is the other
        (("a", "/"), ["[/]"], ["/"]),
        (("a*", "ab"), ["a*"], ["a*"]),
    ],
)
def test_a_name_comes_before_a_pattern(names: tuple[str, ...], patterns: list[str], chosen: list[str]) -> None:
    assert [layer.name for layer in choose_layers(named(*names), patterns, "--layers")] == chosen


def test_refuse_what_names_none() -> None:
    with pytest.raises(InputError) as caught:
        choose_layers(named("a1", "b"), ["b", "c*"], "--layers")
    assert str(caught.value) == "--layers: no layer 'c*' in alexnet; allowed: a1, b"
