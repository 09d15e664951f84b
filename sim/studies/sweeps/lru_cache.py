"""A bounded memory of what was made by key: it saves work and changes no result."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


@dataclass(slots=True)
class LruCache(Generic[Made]):
    """What was made, by key; what was asked for longest ago goes when there are too many. Pickled, it is empty."""

    most: int
    _found: OrderedDict[Any, Made] = field(default_factory=OrderedDict, repr=False)

    def get(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return the very same object that is kept under a key, made where it isn't there."""
        if key in self._found:
            self._found.move_to_end(key)
            return self._found[key]
        made = make()  # first, because it may raise
        if len(self._found) >= self.most:
            self._found.popitem(last=False)
        self._found[key] = made
        return made

    def __reduce__(self) -> tuple[type[LruCache[Made]], tuple[int]]:
        """Leave out what is kept: whoever unpickles it makes it again."""
        return type(self), (self.most,)
