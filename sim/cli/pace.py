"""How fast a long run goes and how long the rest will take, in words that hold still long enough to be read."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_BETWEEN_MARKS_S = 1.0
_SURE_AFTER_S = 3.0
_WINDOW_S = 30.0


@dataclass(slots=True)
class Pace:
    """The rate of the last half minute. Nothing is said in the first seconds, while workers start."""

    total: int
    clock: Callable[[], float] = time.monotonic
    _finished: int = 0
    _marks: deque[tuple[float, int]] = field(default_factory=deque)
    _text: str = ""

    def step(self) -> str:
        """Count one point, and give what is to be said: it changes once a second at most."""
        self._finished += 1
        now = self.clock()
        if not self._marks or now - self._marks[-1][0] >= _BETWEEN_MARKS_S:
            self._marks.append((now, self._finished))
            while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW_S:
                self._marks.popleft()
            self._text = self._said()
        return self._text

    def _said(self) -> str:
        (since, before), (now, finished) = self._marks[0], self._marks[-1]
        if now - since < _SURE_AFTER_S:
            return ""
        rate = (finished - before) / (now - since)
        minutes, seconds = divmod(round((self.total - finished) / rate), 60)
        hours, minutes = divmod(minutes, 60)
        left = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
        return f"{rate:.3g} points/s, {left} left"
