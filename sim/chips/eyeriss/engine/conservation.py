"""Conservation laws of a whole layer: what must hold whatever the timing was. Each raises ModelError by name."""

from __future__ import annotations

from sim.chips.eyeriss.levels import Level
from sim.errors import ModelError
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.networks.layer import Shape

READ, WRITE = Direction.READ, Direction.WRITE


def check_layer(ledger: Ledger, shape: Shape, *, batch: int) -> None:
    """Check a finished layer's ledger against the laws that shape and batch alone impose."""
    count = ledger.count
    outputs = batch * shape.G * shape.M * shape.E * shape.F
    products = shape.C * shape.R * shape.S
    _equal("MACs are N G M C R S E F", ledger.macs, outputs * products)
    _at_most("gating only saves MACs", ledger.macs_performed, ledger.macs)
    _equal("every ofmap value is stored once", count(Level.DRAM, Tensor.OFMAP, WRITE), outputs)
    _equal("every ofmap value is completed once", count(Level.GLB, Tensor.OFMAP, WRITE), outputs)
    _equal("what is completed is read out", count(Level.GLB, Tensor.OFMAP, READ), outputs)
    _equal("psums come back once", count(Level.GLB, Tensor.PSUM, READ), count(Level.GLB, Tensor.PSUM, WRITE))
    _equal("fills equal fetches", count(Level.GLB, Tensor.IFMAP, WRITE), count(Level.DRAM, Tensor.IFMAP, READ))
    _equal(
        "preloads equal fetches",
        count(Level.GLB, Tensor.FILTER, WRITE),
        count(Level.DRAM, Tensor.FILTER, READ),
    )
    _at_most("preloads are used", count(Level.GLB, Tensor.FILTER, WRITE), count(Level.GLB, Tensor.FILTER, READ))
    _equal(
        "psums reach the bottom PEs",
        count(Level.GIN, Tensor.PSUM, WRITE),
        count(Level.GLB, Tensor.PSUM, READ),
    )
    stored = count(Level.GLB, Tensor.PSUM, WRITE) + count(Level.GLB, Tensor.OFMAP, WRITE)
    _equal("psums leave over the GON", count(Level.GON, Tensor.PSUM, WRITE), stored)
    for tensor in (Tensor.IFMAP, Tensor.FILTER):
        delivered = count(Level.GIN, tensor, WRITE)
        _equal(
            f"{tensor.name.lower()} words sent are read",
            count(Level.GIN, tensor, READ),
            count(Level.GLB, tensor, READ),
        )
        _equal(f"{tensor.name.lower()} spad fills equal deliveries", count(Level.SPAD, tensor, WRITE), delivered)
        _at_most(f"{tensor.name.lower()} multicast reaches someone", count(Level.GIN, tensor, READ), delivered)


def _equal(law: str, found: int, due: int) -> None:
    if found != due:
        raise ModelError(law, f"{found} counted, {due} due")


def _at_most(law: str, found: int, most: int) -> None:
    if found > most:
        raise ModelError(law, f"{found} counted, at most {most} due")
