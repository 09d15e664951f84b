"""`glb.size`: the global buffer's capacity as one parameter; its banks stay as many, and get deeper or shallower."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from typing import Annotated, Any

from pydantic import Field

from sim.chips.eyeriss.machine import Machine
from sim.errors import InputError
from sim.files.schema import Document
from sim.units import Bytes, Dimension, format_quantity

GLB_SIZE, BANK_WORDS = "glb.size", "glb.bank_words"


class BufferSize(Document):
    """The capacity of all banks, fmap and filter, in bytes."""

    size: Annotated[Bytes, Field(ge=1, le=1 << 40)]


def with_bank_words(changes: Dict[str, Any], machine_with: Callable[[Dict[str, Any]], Machine]) -> Dict[str, Any]:
    """Put the depth of a bank in the place of the buffer's size.

    `machine_with` gives the machine with other changes. Raises InputError for a size that leaves part of a word.
    """
    others = {path: value for path, value in changes.items() if path != GLB_SIZE}
    glb = machine_with(others).glb
    size = BufferSize.model_validate({"size": changes[GLB_SIZE]}).size
    words, rest = divmod(8 * size, (glb.fmap_banks + glb.filter_banks) * glb.bank_width)
    if rest or not words:
        banks = glb.fmap_banks + glb.filter_banks
        step = format_quantity(banks * glb.bank_width // 8, Dimension.SIZE)
        wrong = f"{format_quantity(size, Dimension.SIZE)} gives {banks} banks no whole number of words"
        allowed = f"a multiple of {step}, or sweep glb.fmap_banks"
        raise InputError.located("machine", GLB_SIZE.split("."), wrong=wrong, allowed=allowed)
    return {**others, BANK_WORDS: words}
