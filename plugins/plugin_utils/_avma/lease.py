# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How long an activation by AVMA lasts, and when it should have been renewed.

Microsoft says that a guest asks again from time to time, but neither how often nor how long an answer is good for. One report from the
field has seven days for both. So the numbers are a site's to set, and what rests on them says so (``basis``). Where the guest states its
remaining minutes, those count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from .findings import Finding, finding
from .times import iso

ASSUMED = timedelta(days=7)


class LeaseState(str, Enum):
    CURRENT = "current"
    WILL_LAPSE = "will_lapse"
    LAPSED = "lapsed"  # and it is known that nothing came after
    NOT_RENEWED = "not_renewed"  # no renewal is known since, which may be for many reasons
    UNKNOWN = "unknown"


class LeaseBasis(str, Enum):
    GUEST = "guest"  # GracePeriodRemaining, as the guest told it
    ASSUMED = "assumed"  # the last success and the rule
    NONE = "none"


@dataclass(frozen=True)
class LeaseRule:
    """``interval``: how often guests renew; ``validity``: how long without renewal; ``warning``: how long before the end it is said."""

    interval: timedelta = ASSUMED
    validity: timedelta = ASSUMED
    warning: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Lease:
    """Times in UTC, None where they are unknown."""

    state: LeaseState
    last: datetime | None = None
    expected: datetime | None = None  # when the next renewal is due
    lapses: datetime | None = None
    basis: LeaseBasis = LeaseBasis.NONE

    def as_dict(self) -> dict[str, str | None]:
        def shown(time: datetime | None) -> str | None:
            return None if time is None else iso(time)

        return {
            "state": self.state.value,
            "last": shown(self.last),
            "expected": shown(self.expected),
            "lapses": shown(self.lapses),
            "basis": self.basis.value,
        }


def lease_of(
    last: datetime | None,
    now: datetime,
    rule: LeaseRule = LeaseRule(),
    *,
    minutes_remaining: int | None = None,
    observed: datetime | None = None,
    own: datetime | None = None,
    lapsed: bool = False,
) -> Lease:
    """The lease after the last known success. ``minutes_remaining`` were reported by the guest at ``observed``; 0 is "not limited in time".

    A success that is newer than the guest's word counts instead of it. ``own``: the guest's own last activation, by its own clock.
    ``lapsed``: that it was not renewed is known, and not only that no source reports a renewal.
    """
    latest = max((one for one in (last, own) if one is not None), default=None)
    expected = None if latest is None else latest + rule.interval
    if minutes_remaining and observed is not None and (last is None or last <= observed):
        lapses, basis = observed + timedelta(minutes=minutes_remaining), LeaseBasis.GUEST
    elif latest is not None:
        lapses, basis = latest + rule.validity, LeaseBasis.ASSUMED
    else:
        return Lease(LeaseState.UNKNOWN)
    if lapsed:
        state = LeaseState.LAPSED
    elif now >= lapses:
        state = LeaseState.NOT_RENEWED
    elif now >= lapses - rule.warning:
        state = LeaseState.WILL_LAPSE
    else:
        state = LeaseState.CURRENT
    return Lease(state, latest, expected, lapses, basis)


def lease_finding(lease: Lease, name: str | None) -> Finding | None:
    """What a user should know of the lease; None while it is current or unknown."""
    if lease.lapses is None:
        return None
    last = None if lease.last is None else iso(lease.last)
    basis = {
        LeaseBasis.GUEST: "as the guest counts the minutes",
        LeaseBasis.ASSUMED: "if an activation lasts as long as is set here; Microsoft states no interval",
    }[lease.basis]
    if lease.state in (LeaseState.LAPSED, LeaseState.NOT_RENEWED):
        code = "LEASE_LAPSED" if lease.state is LeaseState.LAPSED else "NO_RENEWAL_SEEN"
        return finding(code, name, last=last, lapses=iso(lease.lapses), basis=basis)
    if lease.state is LeaseState.WILL_LAPSE:
        expected = None if lease.expected is None else iso(lease.expected)
        return finding("LEASE_WILL_LAPSE", name, last=last, expected=expected, lapses=iso(lease.lapses), basis=basis)
    return None
