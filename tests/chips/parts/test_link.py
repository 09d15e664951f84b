"""The DRAM link: who is served when, as whole logs of (name, tick). A core cycle is 3 ticks, a link cycle 10."""

from __future__ import annotations

from collections.abc import Generator
from itertools import permutations
from typing import Any

import pytest
import simpy

from sim.chips.parts.clock import make_clocks
from sim.chips.parts.description import LinkDomain
from sim.chips.parts.link import Link, Purpose
from sim.chips.parts.probes import Activity, Observer, Probes

STORE, LOAD, PRELOAD = Purpose.OFMAP_STORE, Purpose.IFMAP_LOAD, Purpose.FILTER_PRELOAD
Log = list[tuple[str, int]]
Request = tuple[str, int, Purpose, int]  # name, tick of the request, purpose, link words


def make_link(env: simpy.Environment, *observers: Observer, burst_words: int = 2, turnaround_cycles: int = 0) -> Link:
    """Make a link of 64 bits at 60 MHz beside a core at 200 MHz."""
    settings = {"burst_words": burst_words, "turnaround_cycles": turnaround_cycles, "fifo_sync_cycles": 0}
    domain = LinkDomain.model_validate({"width": "64 b", "clock": "60 MHz", **settings})
    return Link(env, domain, make_clocks(200_000_000, 60_000_000), Probes(list(observers)))


def ask(env: simpy.Environment, link: Link, log: Log, request: Request, stream_ticks: int) -> Generator[Any, Any, None]:
    """Make one request at its time and log its end."""
    name, start, purpose, words = request
    yield env.timeout(start)
    yield link.request(purpose, words, stream_ticks=stream_ticks)
    log.append((name, env.now))


def serve(*requests: Request, stream_ticks: int = 0, link_first: bool = True, **settings: int) -> Log:
    """Run requests through a link and give the log of their ends."""
    env, log = simpy.Environment(), Log()
    link = make_link(env, **settings)
    if link_first:
        env.process(link.serve())
    for request in requests:
        env.process(ask(env, link, log, request, stream_ticks))
    if not link_first:
        env.process(link.serve())
    env.run()
    return log


def serve_in_any_order(*requests: Request, **settings: int) -> Log:
    """Start the link and the requests in every order; the log must be one and the same."""
    logs = [
        serve(*order, link_first=link_first, **settings)
        for order in permutations(requests)
        for link_first in (True, False)
    ]
    assert all(log == logs[0] for log in logs)
    return logs[0]


def test_a_word_takes_a_link_cycle() -> None:
    assert serve(("load", 0, LOAD, 4)) == [("load", 40)]


@pytest.mark.parametrize(("asked", "done"), [(1, 20), (9, 20), (10, 20), (11, 30)])
def test_a_transfer_starts_on_an_edge_of_the_link_clock(asked: int, done: int) -> None:
    assert serve(("load", asked, LOAD, 1)) == [("load", done)]


@pytest.mark.parametrize(("bits", "words"), [(0, 0), (1, 1), (64, 1), (65, 2)])
def test_a_begun_link_word_is_a_whole_one(bits: int, words: int) -> None:
    assert make_link(simpy.Environment()).words_for(bits) == words


def test_an_idle_link_wakes_up_again() -> None:
    assert serve(("first", 0, LOAD, 1), ("second", 95, STORE, 2)) == [("first", 10), ("second", 120)]


def test_fmaps_go_between_the_bursts_of_a_preload() -> None:
    log = serve_in_any_order(("filters", 0, PRELOAD, 6), ("load", 15, LOAD, 3))
    assert log == [("load", 50), ("filters", 90)]


def test_a_request_at_the_end_of_a_burst_is_in_time_for_the_next() -> None:
    log = serve_in_any_order(("filters", 0, PRELOAD, 6), ("load", 20, LOAD, 3))
    assert log == [("load", 50), ("filters", 90)]


def test_a_request_a_tick_later_waits_for_a_burst() -> None:
    log = serve_in_any_order(("filters", 0, PRELOAD, 6), ("load", 21, LOAD, 3))
    assert log == [("load", 70), ("filters", 90)]


@pytest.mark.parametrize("asked", [4, 9, 10, 11])
def test_a_preload_that_waits_for_its_edge_has_its_first_burst(asked: int) -> None:
    """Ask for a load once the link has settled on a preload that is to start at tick 10."""
    log = serve_in_any_order(("filters", 3, PRELOAD, 6), ("load", asked, LOAD, 3))
    assert log == [("load", 60), ("filters", 100)]


def test_the_last_burst_is_as_short_as_what_is_left() -> None:
    log = serve_in_any_order(("filters", 0, PRELOAD, 5), ("load", 41, LOAD, 1), burst_words=4)
    assert log == [("filters", 50), ("load", 60)]


def test_the_array_waits_least_for_what_it_needs_first() -> None:
    """Ask for everything in one instant, in every order."""
    requests = (("filters", 5, PRELOAD, 1), ("load", 5, LOAD, 1), ("store", 5, STORE, 1))
    assert serve_in_any_order(*requests) == [("store", 20), ("load", 30), ("filters", 40)]


def test_an_fmap_transfer_is_never_cut() -> None:
    log = serve_in_any_order(("load", 0, LOAD, 5), ("store", 5, STORE, 1), ("filters", 0, PRELOAD, 1))
    assert log == [("load", 50), ("store", 60), ("filters", 70)]


def test_a_change_of_direction_costs_its_cycles() -> None:
    """Turn the link towards DRAM and back; it starts out reading."""
    requests = (("filters", 0, PRELOAD, 1), ("load", 0, LOAD, 1), ("store", 0, STORE, 1))
    assert serve_in_any_order(*requests, turnaround_cycles=3) == [("store", 40), ("load", 80), ("filters", 90)]


def test_the_link_waits_for_a_slower_codec() -> None:
    """Keep the link for a stream that its codec finishes late; the next starts on the edge after."""
    log = serve(("first", 0, LOAD, 4), ("second", 1, STORE, 6), stream_ticks=55)
    assert log == [("first", 55), ("second", 120)]


def follow_up(env: simpy.Environment, link: Link, log: Log) -> Generator[Any, Any, None]:
    """Ask for a second load in the instant in which the first ends, a few events later."""
    yield link.request(LOAD, 2)
    log.append(("first", env.now))
    for _ in range(3):
        yield env.timeout(0)
    yield link.request(LOAD, 2)
    log.append(("second", env.now))


@pytest.mark.parametrize("preload_first", [True, False])
def test_a_follow_up_in_the_same_instant_still_goes_first(preload_first: bool) -> None:
    """Hold a preload waiting while loads follow one another."""
    env, log = simpy.Environment(), Log()
    link = make_link(env)
    env.process(link.serve())
    clients = [ask(env, link, log, ("filters", 0, PRELOAD, 2), 0), follow_up(env, link, log)]
    for client in clients if preload_first else reversed(clients):
        env.process(client)
    env.run()
    assert log == [("first", 20), ("second", 40), ("filters", 60)]


def test_words_and_turns_are_counted_and_told() -> None:
    """Watch a store cut a preload in two."""
    env, seen = simpy.Environment(), list[Activity]()
    link = make_link(env, seen.append, turnaround_cycles=1)
    env.process(link.serve())
    env.process(ask(env, link, Log(), ("filters", 0, PRELOAD, 4), 0))
    env.process(ask(env, link, Log(), ("store", 12, STORE, 3), 0))
    env.run()
    assert seen == [
        Activity("link", 0, 20, "filter_preload", 0, 1),
        Activity("link", 30, 60, "ofmap_store", 0, 2),
        Activity("link", 70, 90, "filter_preload", 2, 3),
    ]
    assert (link.words_moved, link.turnarounds) == (7, 2)
