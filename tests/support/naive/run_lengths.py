"""The run-length code (JSSC 2017, Section IV-C)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


def rle_pairs(values: Sequence[int], longest_run: int) -> list[tuple[int, int]]:
    """Cut values into pairs: as many leading zeros as a run holds, and the value after them."""
    rest = deque(int(value) for value in values)
    pairs = []
    while rest:
        run = 0
        while rest[0] == 0 and run < longest_run and len(rest) > 1:
            rest.popleft()
            run += 1
        pairs.append((run, rest.popleft()))
    return pairs


def rlc_words(values: Sequence[int], *, run: int, level: int, pairs: int) -> tuple[list[int], list[int]]:
    """Write the code words bit by bit, the first pair lowest; give them and how many values each stands for."""
    coded = rle_pairs(values, 2**run - 1)
    words, covered = [], []
    for start in range(0, len(coded), pairs):
        inside = coded[start : start + pairs]
        text = "1" if start + pairs >= len(coded) else "0"
        text += "0" * ((pairs - len(inside)) * (run + level))
        for zeros, value in reversed(inside):
            text += f"{value % 2**level:0{level}b}{zeros:0{run}b}"
        words.append(int(text, 2))
        covered.append(sum(zeros + 1 for zeros, _ in inside))
    return words, covered


def rlc_values(words: Sequence[int], size: int, *, run: int, level: int, pairs: int) -> list[int]:
    """Expand code words, cut into fields as text, to at most `size` values."""
    values: list[int] = []
    for word in words:
        text = f"{word:0{1 + pairs * (run + level)}b}"
        for number in range(pairs):
            stop = len(text) - number * (run + level)
            coded = int(text[stop - run - level : stop - run], 2)
            values += [0] * int(text[stop - run : stop], 2)
            values.append(coded - 2**level if coded >= 2 ** (level - 1) else coded)
        if text[0] == "1":
            break
    return values[:size]


def pipeline_ticks(first: Sequence[int], second: Sequence[int]) -> int:
    """Find the time of jobs through two stages in order: the longest way through the grid of (job, stage)."""
    return max((sum(first[: turn + 1]) + sum(second[turn:]) for turn in range(len(first))), default=0)
