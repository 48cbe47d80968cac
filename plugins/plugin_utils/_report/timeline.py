# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What the hosts logged day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from .._avma.event_text import Notification
from .material import Result
from .model import Day
from .sightings import time_of

# More days than this are not readable in a chart; older events still count elsewhere.
MOST_DAYS = 92
_OTHER = Notification.UNKNOWN.value


def timeline(events: Iterable[Result], since: datetime, until: datetime) -> tuple[Day, ...]:
    """One for each day (UTC) from the first event after ``since`` on, so that days on which nothing was logged show."""
    counted: Counter[tuple[date, str]] = Counter()
    for event in events:
        time = time_of(event.get("time"))
        if time is None or not since <= time <= until:
            continue
        notification = str(event.get("notification") or _OTHER)
        kind = notification if notification in (Notification.SUCCESS.value, _OTHER) else "refused"
        counted[time.date(), kind] += 1
    if not counted:
        return ()
    last = until.date()
    first = max(min(day for day, _kind in counted), last - timedelta(days=MOST_DAYS - 1))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple(Day(day, counted[day, Notification.SUCCESS.value], counted[day, "refused"], counted[day, _OTHER]) for day in days)
