# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounds: the largest honest host fits, and whatever goes beyond is named."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.bounds import (
    DEFAULT_BOUNDS,
    EnumerationBounds,
    EnumerationBudget,
    allowance_for,
    bounds_for,
    shell_allowance,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import EndlessAnswer

ENVELOPE = 512_000


def budget(bounds: EnumerationBounds, seconds: float = 60, clock: object = None) -> EnumerationBudget:
    return EnumerationBudget("SELECT", bounds, seconds, clock or (lambda: 0.0))  # type: ignore[arg-type]


def test_a_host_of_1024_machines_with_full_pools_fits() -> None:
    pairs = budget(bounds_for("SELECT * FROM Msvm_KvpExchangeComponent"))
    for _machine in range(1024):  # one a page, as large as an envelope may be, with 10,000 bytes around it
        pairs.take(1, ENVELOPE // 2 + 10_000)


@pytest.mark.parametrize("wql", ["select * from msvm_kvpexchangecomponentsettingdata", "Msvm_KvpExchangeComponent"])
def test_pairs_get_more_than_others(wql: str) -> None:
    assert bounds_for(wql).size > DEFAULT_BOUNDS.size
    assert bounds_for("SELECT * FROM Msvm_ComputerSystem") is DEFAULT_BOUNDS


@pytest.mark.parametrize(
    ("bounds", "what"),
    [(EnumerationBounds(pages=2), "2 pages"), (EnumerationBounds(items=20), "20 items"), (EnumerationBounds(size=200), "200 bytes")],
)
def test_what_goes_beyond_is_named(bounds: EnumerationBounds, what: str) -> None:
    left = budget(bounds)
    left.take(10, 100)
    left.take(10, 100)
    with pytest.raises(EndlessAnswer, match=f"SELECT: the answer has more than {what}"):
        left.take(10, 100)


def test_time_is_bounded_for_all_pages_together() -> None:
    now = [0.0]
    left = budget(DEFAULT_BOUNDS, 60, lambda: now[0])
    now[0] = 59.0
    assert left.seconds_left == 1.0
    now[0] = 60.0
    with pytest.raises(EndlessAnswer, match="still goes on after 60 seconds"):
        _unused = left.seconds_left


def test_an_exchange_gets_both_timeouts_and_the_largest_envelope() -> None:
    allowance = allowance_for(30, 20, ENVELOPE)
    assert allowance.seconds == 50
    assert allowance.size > 4 * ENVELOPE


def test_nobody_waits_long_to_say_goodbye() -> None:
    assert shell_allowance(30, ENVELOPE, closing=False).seconds == 60
    assert shell_allowance(30, ENVELOPE, closing=True).seconds == 5


def test_honest_progress_adds_time_and_single_items_do_not() -> None:
    now = [0.0]
    honest, hostile = (budget(DEFAULT_BOUNDS, 60, lambda: now[0]) for _unused in range(2))
    for page in range(1, 11):  # a host of 1,024 machines that takes 90 s for a hundred of them
        now[0] = page * 50.0
        honest.take(100, 100_000)
    assert honest.seconds_left > 0
    now[0] = 0.0
    for page in range(1, 60):
        now[0] = float(page)
        hostile.take(1, 1000)
    now[0] = 60.0
    with pytest.raises(EndlessAnswer, match="after 60 seconds"):
        _unused = hostile.seconds_left


def test_no_progress_lasts_for_ever() -> None:
    now = [0.0]
    left = budget(DEFAULT_BOUNDS, 60, lambda: now[0])
    while now[0] < 600.0:
        assert left.seconds_left > 0
        now[0] += 4.0
        left.take(10, 1000)
    with pytest.raises(EndlessAnswer, match="after 600 seconds"):
        _unused = left.seconds_left


def test_a_provider_that_says_that_it_works_on_gets_fewer_items_and_no_endless_time() -> None:
    now = [0.0]
    left = budget(DEFAULT_BOUNDS, 60, lambda: now[0])
    asked = [left.most]
    for _unused in range(5):
        now[0] += 20.0
        assert left.waits_on(20.0)
        asked.append(left.most)
    assert asked == [32_000, 50, 5, 5, 5, 5]
    now[0] += 20.0
    assert not left.waits_on(20.0)
    at_once = budget(DEFAULT_BOUNDS, 60)
    assert [at_once.waits_on(0.0) for _unused in range(7)] == [True] * 6 + [False]
