# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Times and lengths of time as options, results and files write them: ISO 8601 in UTC, and "36h" or "7d"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_SPAN = re.compile(r"\s*([0-9]{1,6})\s*([mhdw])\s*\Z", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class InvalidTime(ValueError):
    """A time or a length of time that cannot be read."""


def iso(time: datetime) -> str:
    """In UTC with Z, seconds or finer: "2026-11-02T04:12:09Z"."""
    return time.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def parse_duration(text: str) -> timedelta:
    """ "7d", "36h", "90m", "2w". Raises InvalidTime."""
    match = _SPAN.match(text)
    if match is None:
        raise InvalidTime("it is not a length of time: give a number and one of m, h, d, w, such as 36h or 7d")
    return int(match.group(1)) * _UNITS[match.group(2).lower()]


def parse_time(text: str) -> datetime:
    """An ISO 8601 time in UTC; UTC is meant where it names no zone. Raises InvalidTime."""
    try:
        time = datetime.fromisoformat(re.sub(r"[zZ]\s*\Z", "+00:00", text.strip()))
        # years 1 and 9999 overflow when a zone moves them
        return time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        raise InvalidTime("it is not an ISO 8601 time such as 2026-11-02T04:12:09Z") from None


def parse_time_or_age(text: str, now: datetime) -> datetime:
    """An ISO 8601 time, or a length of time before ``now``. Raises InvalidTime."""
    if _SPAN.match(text):
        try:
            return now - parse_duration(text)
        except OverflowError:
            raise InvalidTime("it reaches back further than the calendar does") from None
    try:
        return parse_time(text)
    except InvalidTime:
        raise InvalidTime("it is neither an ISO 8601 time such as 2026-11-02T04:12:09Z nor a length of time such as 36h or 7d") from None
