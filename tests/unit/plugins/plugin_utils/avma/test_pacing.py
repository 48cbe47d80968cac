# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses after refusals that pass, alone and of many guests on one host."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.pacing import FIRST, concurrent_guests, pause_after

TOO_MANY = 0xC004FD00
BUSY = 0xC004E028
WAIT = 120.0
Policy = Callable[[int, float, float], float | None]


@given(
    refusals=st.integers(0, 10_000),
    code=st.sampled_from([TOO_MANY, BUSY]),
    concurrent_guests=st.integers(1, 100_000),
    remaining=st.floats(-1000, 10_000),
    chance=st.floats(0, 1),
)
def test_a_pause_is_neither_short_nor_beyond_the_end(
    refusals: int, code: int, concurrent_guests: int, remaining: float, chance: float
) -> None:
    pause = pause_after(refusals, code, concurrent_guests, remaining, chance)
    if remaining < 2 * FIRST:
        assert pause is None
    else:
        assert pause is not None
        assert FIRST <= pause <= min(remaining, 90)


@given(st.integers(0, 20), st.integers(1, 500), st.floats(0, 1))
def test_a_guest_that_is_alone_or_refused_by_its_own_service_waits_no_longer_for_others(
    refusals: int, concurrent_guests: int, chance: float
) -> None:
    alone = pause_after(refusals, BUSY, 1, 1000, chance)
    assert pause_after(refusals, BUSY, concurrent_guests, 1000, chance) == alone
    assert pause_after(refusals, TOO_MANY, 1, 1000, chance) == alone
    among_others = pause_after(refusals, TOO_MANY, concurrent_guests, 1000, chance)
    assert among_others is not None
    assert alone is not None
    assert among_others >= alone


class Reached(NamedTuple):
    refusals: int
    activated: int
    seconds: float


def on_one_host(policy: Policy, guests: int, at_once: int, seconds: float, seed: int) -> Reached:
    """Guests that ask one host, all within a moment; it takes ``at_once`` requests at a time, each of which lasts ``seconds``."""
    chance = random.Random(seed)
    numbers = count()
    asking = [(chance.random(), next(numbers), 0) for _guest in range(guests)]
    heapq.heapify(asking)
    taken: list[float] = []
    refusals = activated = 0
    now = 0.0
    while asking:
        now, _number, before = heapq.heappop(asking)
        taken = [since for since in taken if since > now - seconds]
        if len(taken) < at_once:
            taken.append(now)
            activated += 1
            continue
        refusals += 1
        pause = policy(before, WAIT - now, chance.random())
        if pause is not None:
            heapq.heappush(asking, (now + pause, next(numbers), before + 1))
    return Reached(refusals, activated, now)


@pytest.mark.parametrize(("guests", "at_once", "seconds"), [(50, 3, 1.0), (50, 5, 2.0), (50, 10, 2.0), (100, 4, 1.0)])
def test_many_guests_of_one_host_meet_less_often(guests: int, at_once: int, seconds: float) -> None:
    def as_if_alone(refusals: int, remaining: float, chance: float) -> float | None:
        return pause_after(refusals, TOO_MANY, 1, remaining, chance)

    def as_one_of_many(refusals: int, remaining: float, chance: float) -> float | None:
        return pause_after(refusals, TOO_MANY, guests, remaining, chance)

    alone = [on_one_host(as_if_alone, guests, at_once, seconds, seed) for seed in range(20)]
    many = [on_one_host(as_one_of_many, guests, at_once, seconds, seed) for seed in range(20)]
    assert all(reached.activated == guests for reached in many)
    assert sum(reached.refusals for reached in many) < 0.8 * sum(reached.refusals for reached in alone)
    assert sum(reached.seconds for reached in many) < 1.5 * sum(reached.seconds for reached in alone)


@pytest.mark.parametrize(
    ("limits", "hosts", "expected"),
    [
        ((None, None, 0), 0, 1),
        ((20, 50, 0), 0, 20),
        ((200, 50, 0), 1, 50),
        ((200, 50, 4), 1, 4),
        ((200, 50, 0), 8, 7),
        ((5, 50, 0), 64, 1),
        ((20, None, None), 0, 20),
        (("20", None, "4"), 2, 1),
    ],
)
def test_as_many_as_run_at_once_are_shared_out_among_the_hosts(limits: tuple[object, ...], hosts: int, expected: int) -> None:
    assert concurrent_guests(limits, hosts) == expected
