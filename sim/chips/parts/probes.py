"""Probes: what happens in the engine, for whoever wants to watch. A component tells; it never prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that a component did: `start` and `end` in ticks, `what` in a few words.

    `first` and `last` number the filters, rows, or link words of a transfer that it was about; -1 where there are none.
    `counts` are further numbers by name. Tick 0 is when the layer is configured; the scan chain works before it.
    """

    component: str
    start: int
    end: int
    what: str
    first: int = -1
    last: int = -1
    counts: Mapping[str, int] = field(default_factory=dict)


Observer = Callable[[Activity], None]


@dataclass(slots=True)
class Probes:
    """The observers of one chip; where there are none, what takes work to tell need not be told."""

    observers: list[Observer] = field(default_factory=list)

    def subscribe(self, observer: Observer) -> None:
        """Call `observer` with every activity from now on."""
        self.observers.append(observer)

    def tell(
        self,
        component: str,
        start: int,
        end: int,
        what: str,
        *,
        first: int = -1,
        last: int = -1,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Hand an activity to the observers."""
        for observer in self.observers:
            observer(Activity(component, start, end, what, first, last, counts or {}))
