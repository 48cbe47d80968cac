# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Clocks that differ. Two of them do not show which one is wrong, so both are named."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from .findings import Finding, finding
from .times import iso

# Kerberos bears five minutes, so less than that is common; what a question takes on its way is less than this.
TOLERANCE = timedelta(minutes=2)


def utc_now() -> datetime:
    """The controller's clock."""
    return datetime.now(timezone.utc)


def difference(machine: datetime | None, controller: datetime) -> timedelta | None:
    """By how much the machine's clock is ahead of the controller's; None: it did not say, zero: by no more than goes without a word."""
    if machine is None:
        return None
    found = machine - controller
    return found if abs(found) >= TOLERANCE else timedelta()


def clock_finding(computer: str | None, machine: datetime | None, controller: datetime) -> Finding | None:
    found = difference(machine, controller)
    if machine is None or not found:
        return None
    return finding(
        "CLOCK_DIFFERS",
        computer,
        difference=in_words(abs(found)),
        direction="ahead of" if found > timedelta() else "behind",
        time=iso(controller.replace(microsecond=0)),
    )


def in_words(span: timedelta) -> str:
    """ "2 minutes", "3 hours", "10 days": the largest unit that counts to two or more, else minutes."""
    minutes = int(span.total_seconds() // 60)
    for size, unit in ((1440, "days"), (60, "hours")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}"
    return f"{minutes} minutes"
