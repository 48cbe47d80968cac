# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an activation should have been renewed, and what of that is only assumed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.lease import LeaseBasis, LeaseRule, LeaseState, lease_finding, lease_of

LAST = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("passed", "state"),
    [
        (-DAY, LeaseState.CURRENT),  # clocks differ
        (5 * DAY, LeaseState.CURRENT),
        (6 * DAY, LeaseState.WILL_LAPSE),
        (7 * DAY - timedelta(seconds=1), LeaseState.WILL_LAPSE),
        (7 * DAY, LeaseState.NOT_RENEWED),
    ],
)
def test_seven_days_are_assumed(passed: timedelta, state: LeaseState) -> None:
    lease = lease_of(LAST, LAST + passed)
    assert (lease.state, lease.expected, lease.lapses, lease.basis) == (state, LAST + 7 * DAY, LAST + 7 * DAY, LeaseBasis.ASSUMED)


def test_a_site_may_know_better() -> None:
    lease = lease_of(LAST, LAST + 8 * DAY, LeaseRule(interval=7 * DAY, validity=14 * DAY, warning=2 * DAY))
    assert (lease.state, lease.expected, lease.lapses) == (LeaseState.CURRENT, LAST + 7 * DAY, LAST + 14 * DAY)


def test_the_guests_own_minutes_count_more() -> None:
    lease = lease_of(LAST, LAST + 10 * DAY, minutes_remaining=10 * 1440, observed=LAST + 2 * DAY)
    assert (lease.state, lease.lapses, lease.basis) == (LeaseState.CURRENT, LAST + 12 * DAY, LeaseBasis.GUEST)


def test_a_success_that_is_newer_than_the_guests_word_counts() -> None:
    lease = lease_of(LAST + 5 * DAY, LAST + 8 * DAY, minutes_remaining=1440, observed=LAST)
    assert (lease.state, lease.basis) == (LeaseState.CURRENT, LeaseBasis.ASSUMED)


def test_minutes_alone_are_enough_and_zero_is_no_limit() -> None:
    assert lease_of(None, LAST, minutes_remaining=60, observed=LAST).state is LeaseState.WILL_LAPSE
    assert lease_of(None, LAST, minutes_remaining=0, observed=LAST).state is LeaseState.UNKNOWN


def test_findings_say_what_they_rest_on() -> None:
    assert lease_finding(lease_of(LAST, LAST), "web01") is None
    assert lease_finding(lease_of(None, LAST), "web01") is None
    soon = lease_finding(lease_of(LAST, LAST + 6 * DAY), "web01")
    assert soon is not None
    assert (soon.code, soon.object) == ("LEASE_WILL_LAPSE", "web01")
    assert "Microsoft states no interval" in soon.cause
    over = lease_finding(lease_of(None, LAST + 2 * DAY, minutes_remaining=60, observed=LAST), "web01")
    assert over is not None
    assert over.code == "NO_RENEWAL_SEEN"
    assert "as the guest counts" in over.cause


def test_the_result_is_plain() -> None:
    assert lease_of(LAST, LAST).as_dict() == {
        "state": "current",
        "last": "2026-11-01T00:00:00Z",
        "expected": "2026-11-08T00:00:00Z",
        "lapses": "2026-11-08T00:00:00Z",
        "basis": "assumed",
    }
