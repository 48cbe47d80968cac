# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""AVMA events of a log, and the bookmark that lets a later reading go on where this one ended.

Windows has no bookmark in CIM, so it is made of what an event is known by: its record number, time and ID, and the machine whose log it is.
As long as that event is still in the log, everything after it is exactly what is new. If it is not, the log has wrapped or was cleared.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest

from ...module_utils._product_keys import mask_keys
from .computer_names import forms_of
from .event_text import EVENT_LIMIT, bounded, decode
from .findings import Finding, finding
from .times import iso, parse_time
from .windows_codes import describe_code, format_code

LOG = "Application"
GUEST_EVENT = 12309
HOST_EVENT = 12310
BOOKMARK_VERSION = 1
# A clock that was set back by less than this hides nothing from a reading that restricts by time.
CLOCK_MARGIN = timedelta(days=7)
# Enough where it is known that the clock was not set back since the bookmark was made: what a time service corrects.
STEADY_MARGIN = timedelta(minutes=5)

_MAX_RECORD = 2**32 - 1  # Win32_NTLogEvent.RecordNumber is uint32


class InvalidBookmark(ValueError):
    """A bookmark that this collection did not make, or that does not fit what is asked for."""


@dataclass(frozen=True)
class LogOrigin:
    """Whose log it is. ``id`` distinguishes machines of one name and stays through a new installation and a new name."""

    computer: str | None  # CSName
    id: str  # "4C4C4544-0033-4410-8052-B4C04F4E3132/Application"; only the log's name where the machine has no UUID
    now: datetime | None  # the machine's own clock


@dataclass(frozen=True)
class LogEvent:
    """One event as the log holds it. ``time`` in UTC; ``strings`` and ``message`` are raw."""

    record: int
    time: datetime
    event_id: int
    computer: str | None = None  # the machine's name when the event was written
    source: str | None = None
    strings: tuple[str, ...] = ()
    message: str | None = None


@dataclass(frozen=True)
class Bookmark:
    """Where a reading ended. Without ``record`` nothing was found since ``time``, and everything from then on is new.

    ``whole_since``: the oldest event since which nothing is missing, in this reading and those that it goes on from. None: not known.
    """

    log: str
    events: tuple[int, ...]  # the IDs that were read
    time: datetime
    record: int | None = None
    event_id: int | None = None
    whole_since: datetime | None = None

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "version": BOOKMARK_VERSION,
            "log": self.log,
            "events": list(self.events),
            "time": iso(self.time),
            "record": self.record,
            "event_id": self.event_id,
            "whole_since": None if self.whole_since is None else iso(self.whole_since),
        }

    def marks(self, event: LogEvent) -> bool:
        """Whether ``event`` is the one that the bookmark was made of."""
        return event.record == self.record and event.event_id == self.event_id and abs(event.time - self.time) < timedelta(seconds=1)


@dataclass(frozen=True)
class Restriction:
    """What to ask the log for. Of ``since`` and ``first_record`` at least one is there: no log is read whole."""

    events: tuple[int, ...]
    since: datetime | None = None
    until: datetime | None = None
    first_record: int | None = None


@dataclass(frozen=True)
class Reading:
    """What was new. ``more``: the limit has cut, read on with ``bookmark``. ``complete``: and nothing is known to be missing."""

    events: tuple[LogEvent, ...]
    bookmark: Bookmark
    more: bool
    findings: tuple[Finding, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.more and not self.findings


def read_bookmark(value: Mapping[str, t.Any], events: Sequence[int]) -> Bookmark:
    """A bookmark from an earlier result. ``events`` are the IDs asked for now. Raises InvalidBookmark."""
    try:
        if value["version"] != BOOKMARK_VERSION:
            raise InvalidBookmark(f"its version is {value['version']!r}, this collection reads version {BOOKMARK_VERSION}")
        bookmark = Bookmark(
            log=str(value["log"]),
            events=tuple(sorted(int(one) for one in value["events"])),
            time=parse_time(str(value["time"])),
            record=None if value["record"] is None else int(value["record"]),
            event_id=None if value["event_id"] is None else int(value["event_id"]),
            # Those of earlier versions do not tell it.
            whole_since=None if value.get("whole_since") is None else parse_time(str(value["whole_since"])),
        )
    except InvalidBookmark:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidBookmark(f"it is not one that event_info returned ({type(error).__name__}: {error})") from error
    if bookmark.record is not None and not 0 <= bookmark.record <= _MAX_RECORD:
        raise InvalidBookmark(f"its record number {bookmark.record} is none of a log")
    if bookmark.events != tuple(sorted(events)):
        made, asked = (", ".join(map(str, ids)) for ids in (bookmark.events, sorted(events)))
        raise InvalidBookmark(f"it was made for the events {made}, and {asked} are asked for; going on with it would lose some")
    return bookmark


def restriction(start: Bookmark, until: datetime | None, now: datetime | None, margin: timedelta = CLOCK_MARGIN) -> Restriction:
    """What to ask the log for, so that the bookmarked event and all that may be new come back. ``margin``: how far the clock may have gone back."""
    # The bookmarked event itself must be among the answers, whatever the user's end is: it shows that nothing is missing.
    latest = max(until, start.time + timedelta(seconds=1)) if until is not None else None
    if start.record is not None and now is not None and now < start.time:
        # The clock was set back: new events are older than the bookmarked one.
        return Restriction(start.events, until=latest, first_record=start.record)
    try:
        since = start.time - margin if start.record is not None else start.time
    except OverflowError:
        since = start.time
    return Restriction(start.events, since=since, until=latest)


def oldest(found: Iterable[LogEvent], start: Bookmark, limit: int) -> list[LogEvent]:
    """Of the log's answer what ``select_new`` needs to give the ``limit`` oldest new events: never more than that is held at once.

    Left out is what is older than the bookmark both by record and by time, which can neither be new nor show that the log was cleared. Kept
    besides are the bookmarked event itself and one more, which shows that there are more.
    """
    wanted = (event for event in found if event.time >= start.time or (start.record is not None and event.record >= start.record))
    return nsmallest(limit + 2, wanted, key=lambda event: (event.record, event.time))


def unreadable(start: Bookmark, origin: LogOrigin) -> Reading:
    """The log shows this account nothing, and not how much it holds either. The next reading begins where this one would have."""
    return Reading((), start, more=False, findings=(finding("EVENT_LOG_UNREADABLE", origin.computer),))


def select_new(found: Iterable[LogEvent], start: Bookmark, origin: LogOrigin, *, until: datetime | None = None, limit: int = 0) -> Reading:
    """Which of the events that the log gave are new, and the bookmark for the next time.

    ``found`` may be in any order and may hold events twice. ``limit`` 0 is none; with a limit the oldest come first. An event later than
    ``until`` is passed over for good where the clock was set back and a higher record is not later: only without ``until`` nothing ever is.
    """
    rows = sorted(
        {(event.record, event.time, event.event_id): event for event in found}.values(), key=lambda event: (event.record, event.time)
    )
    new, findings = _new(rows, start, origin)
    wanted = [event for event in new if until is None or event.time <= until]
    more = bool(limit) and len(wanted) > limit
    given = wanted[:limit] if more else wanted
    whole = _whole_since(rows, start, findings)
    if given:
        last = given[-1]
        bookmark = Bookmark(origin.id, start.events, last.time, last.record, last.event_id, whole)
    elif findings:
        # What the bookmark was made of is gone; all that comes from its time on is new.
        bookmark = Bookmark(origin.id, start.events, start.time, whole_since=whole)
    else:
        bookmark = Bookmark(origin.id, start.events, start.time, start.record, start.event_id, whole)
    return Reading(tuple(given), bookmark, more, tuple(findings))


def _whole_since(rows: list[LogEvent], start: Bookmark, findings: list[Finding]) -> datetime | None:
    """A log drops its oldest events first and is cleared as a whole: where an event still is, all after it are. Without an event it is not known."""
    times = [rows[0].time] if rows else []
    if start.whole_since is not None and start.record is not None and not findings:
        times.append(start.whole_since)
    return min(times, default=None)


def _new(rows: list[LogEvent], start: Bookmark, origin: LogOrigin) -> tuple[list[LogEvent], list[Finding]]:
    if start.log != origin.id:
        about = finding("EVENT_LOG_IS_ANOTHER", origin.computer, bookmark_log=start.log, log=origin.id, time=iso(start.time))
        # The same event in what now counts as another log is a machine whose UUID has changed.
        return [event for event in rows if event.time >= start.time and not start.marks(event)], [about]
    if start.record is None:
        return [event for event in rows if event.time >= start.time], []
    after = [event for event in rows if event.record > start.record]
    if any(start.marks(event) for event in rows):
        return after, []
    renumbered = any(event.record <= start.record and event.time >= start.time for event in rows)
    code = "EVENT_LOG_CLEARED" if renumbered else "EVENTS_LOST"
    about = finding(code, origin.computer, record=start.record, time=iso(start.time))
    if renumbered:
        after = [event for event in rows if event.record > start.record or event.time >= start.time]
    return after, [about]


def event_result(event: LogEvent, origin: LogOrigin) -> dict[str, t.Any]:
    """The public shape of an event. Names and GUIDs are candidates: nobody documents which of an event's values names whom."""
    text = decode(event.strings, event.message)
    on_host = event.event_id == HOST_EVENT
    own = forms_of((event.computer, origin.computer))
    others = [name for name in text.names if name.casefold() not in own]
    return {
        "log": origin.id,
        "record": event.record,
        "time": iso(event.time),
        "computer": event.computer or origin.computer,
        "event_id": event.event_id,
        "written_by": "host" if on_host else "guest",
        "source": event.source,
        "notification": text.notification.value,
        "inferred": text.inferred,
        "code": None if text.code is None else format_code(text.code),
        "reason": describe_code(text.code) if text.code else None,
        "codes": [format_code(code) for code in text.codes],
        "guids": list(text.guids),
        "vm_ids": list(text.guids) if on_host else [],
        "vm_ids_claimed": on_host and text.ids_in_detail and bool(text.guids),
        "vm_names": others if on_host else [],
        "host_names": [] if on_host else others,
        "times": list(text.times),
        # raw, but for product keys, which have no place in a result
        "strings": [mask_keys(one) for one in bounded(event.strings)],
        "message": None if event.message is None else mask_keys(event.message[:EVENT_LIMIT]),
    }
