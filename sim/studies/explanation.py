"""What the shown figures mean: those of every result, and the entries of each chip's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.chips.contract import AnyChip
from sim.chips.registry import chip_of, kinds
from sim.errors import InputError, did_you_mean, quoted
from sim.ledger.figures import ENERGY, FIGURES, Figure


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is explained: what it is called, its unit or place, what it means, where it is worked out."""

    name: str
    unit: str
    sentence: str
    formula: str


def explain(name: str | None) -> list[Entry]:
    """Return what is to be said of a figure or of a chip's level; all figures without a name.

    Raises InputError for an unknown name.
    """
    if name is None:
        return [_of_figure(figure) for figure in FIGURES]
    word = name.strip().lower().replace(" ", "_")
    found = [_of_figure(figure) for figure in FIGURES if word in _names(figure)]
    chips = [chip for kind in kinds() if (chip := chip_of(kind)) is not None]
    found += [entry for chip in chips for entry in (*_of_level(chip, word), *_of_publication(chip, word))]
    if not found:
        raise InputError.located(
            "explain", wrong=f"no figure {quoted(name)}", allowed=did_you_mean(word, _known(chips))
        )
    return found


def _names(figure: Figure) -> set[str]:
    return {figure.key, figure.head.lower().replace(" ", "_"), figure.column, figure.column.removeprefix("energy_")}


def _of_figure(figure: Figure) -> Entry:
    unit = "the cost table's" if figure.unit == ENERGY else figure.unit or "a number"
    shown = f"{unit}, shown in {figure.shown}" if figure.shown not in ("", figure.unit) else unit
    return Entry(figure.key, shown, figure.sentence, figure.formula)


def _of_level(chip: AnyChip, word: str) -> list[Entry]:
    return [
        Entry(
            f"{chip.kind}: {one.level} {one.tensor.name.lower()} {one.direction.name.lower()}",
            "words",
            f"{one.meaning[0].upper()}{one.meaning[1:]}.",
            "the result file's accesses and bits",
        )
        for one in chip.statistics
        if one.level == word
    ]


def _of_publication(chip: AnyChip, word: str) -> list[Entry]:
    meanings = chip.published.meanings if chip.published else {}
    if word not in meanings or chip.published is None:
        return []
    return [Entry(f"{chip.kind}: {chip.published.names[word]}", "as published", meanings[word], "validate")]


def _known(chips: Sequence[AnyChip]) -> list[str]:
    levels = [level.name for chip in chips for level in chip.levels]
    meanings = [name for chip in chips if chip.published for name in chip.published.meanings]
    return list(dict.fromkeys([*(figure.key for figure in FIGURES), *levels, *meanings]))
