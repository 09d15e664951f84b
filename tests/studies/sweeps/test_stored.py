"""Stores read without their spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.plotted_sweeps import store

from sim.errors import InputError
from sim.studies.sweeps.store.stored import StoredSweep


def test_stored_sweeps_are_read_without_their_spec(tmp_path: Path) -> None:
    stored = StoredSweep(str(store(tmp_path)))
    assert (stored.title, stored.arch, stored.workloads) == ("array & <buffer> ]]>", ("eyeriss",), ("alexnet",))
    assert [axis.path for axis in stored.axes] == ["glb.fmap_banks", "core.clock", "rlc.enabled"]
    assert stored.axes[1].shown(100_000_000) == "100 MHz"
    assert stored.axes[2].shown(0) == "false"
    assert (stored.counts().done, stored.counts().impossible, stored.counts().missing) == (10, 2, 0)
    assert [row["layer"] for row in stored.layers(2)] == ["one", "two"]
    assert stored.layers(99) == []
    with pytest.raises(InputError):
        StoredSweep(str(tmp_path / "none"))
