"""How a mapping cuts the loops of a layer: how many groups, passes, PE sets and strips there are of each kind."""

from typing import NamedTuple

from sim.kernels import compiled


class FilterCuts(NamedTuple):
    """M in groups that the GLB holds, in passes of p t, and in PE sets at work, summed over the passes."""

    groups: int
    passes: int
    sets: int


class ChannelCuts(NamedTuple):
    """C in passes of q r; the PE sets at work and the largest shares of a set, summed over the passes."""

    passes: int
    sets: int
    shares: int


class Strips(NamedTuple):
    """What e and n alone decide: strips of `e` ofmap rows, groups of images, and a channel's stored values."""

    e: int
    number: int
    image_groups: int
    stored: float  # rows x columns, in all strips; padding is not stored


@compiled(inline="always")
def ceil_div(total, most):
    """Divide, rounding up."""
    return -(-total // most)


@compiled(inline="always")
def piece(total, most, which):
    """Return (size, count) of a loop's full pieces (`which` 0) or of its rest (1); the count may be 0."""
    if which == 0:
        return most, total // most
    return total % most, 1 if total % most else 0


@compiled
def cut_rows_and_images(facts, e, n, stored):
    """Cut E into strips of `e` rows, and the batch into groups of `n` images."""
    return Strips(e, ceil_div(facts.E, e), ceil_div(facts.N, n), stored)


@compiled
def cut_channels(facts, q, r):
    """Cut C into passes of q r."""
    full, rest = facts.C // (q * r), facts.C % (q * r)
    passes, at_work, shares = full, full * r, full * q
    if rest > 0:
        sets = ceil_div(rest, q)
        passes, at_work, shares = passes + 1, at_work + sets, shares + ceil_div(rest, sets)
    return ChannelCuts(passes, at_work, shares)


@compiled
def cut_filters(facts, m, p, t):
    """Cut M into runs, groups of m and passes of p t."""
    groups, passes, at_work = 0, 0, 0
    for run_kind in range(2):
        run, runs = piece(facts.M, facts.run_filters, run_kind)
        if runs == 0:
            continue
        for group_kind in range(2):
            group, held = piece(run, m, group_kind)
            if held == 0:
                continue
            groups += runs * held
            for pass_kind in range(2):
                size, count = piece(group, p * t, pass_kind)
                passes += runs * held * count
                at_work += runs * held * count * ceil_div(size, p)
    return FilterCuts(groups, passes, at_work)


@compiled
def least_cuts(facts, held, a_pass, p):
    """Return the fewest groups, passes and sets where groups of filters are at most `held`, passes `a_pass`."""
    run = facts.run_filters
    whole, rest = facts.M // run, facts.M % run
    groups, passes, at_work = whole * ceil_div(run, held), whole * ceil_div(run, a_pass), whole * ceil_div(run, p)
    if rest:
        groups += ceil_div(rest, held)
        passes += ceil_div(rest, a_pass)
        at_work += ceil_div(rest, p)
    return FilterCuts(groups, passes, at_work)
