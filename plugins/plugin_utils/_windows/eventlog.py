# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The Application log through ``Win32_NTLogEvent``.

Without log, source, ID and time (or record number) in the WHERE clause, Windows reads the whole log: half a minute for 60 000 events, which
goes into the rendering of their messages (measured by others). So a message is asked for only where an event has no strings, and a span of
time that takes too long is halved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import chain

from .._avma.events import (
    CLOCK_MARGIN,
    LOG,
    Bookmark,
    LogEvent,
    LogOrigin,
    Reading,
    Restriction,
    oldest,
    restriction,
    select_new,
    unreadable,
)
from .._wsman.errors import AccessDenied, InvalidClassOrQuery, MalformedAnswer, OperationTimedOut
from .._wsman.instance import Instance
from .._wsman.session import Session
from .._wsman.values import dmtf_datetime
from .._wsman.wql import any_of, quote
from .namespaces import CIMV2
from .rows import only_row

# The provider of software licensing and its older name as an event source (public event manifests). Windows shows either in SourceName.
SOURCES = ("Microsoft-Windows-Security-SPP", "Software Protection Platform Service")
_PROPERTIES = ("ComputerName", "EventCode", "InsertionStrings", "RecordNumber", "SourceName", "TimeGenerated")
# What firmware says instead of a UUID where nobody gave it one.
_NO_UUID = {"", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}
# WMI keeps times from 1601 on.
_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)
# 64 queries in all, each of which may take the operation timeout; who needs more has to ask for less.
_MOST_HALVINGS = 6
# WMI refuses WHERE clauses that are too complex (WBEM_E_QUOTA_VIOLATION); the limit is published nowhere.
_MESSAGES_A_QUERY = 20


def read_origin(session: Session) -> LogOrigin:
    """Whose log this is, and what time it is there. Two requests."""
    os = only_row(session.query(CIMV2, "SELECT CSName, LocalDateTime FROM Win32_OperatingSystem"), "Win32_OperatingSystem")
    product = next(session.query(CIMV2, "SELECT UUID FROM Win32_ComputerSystemProduct"), None)
    uuid = ((product.text("UUID") if product else None) or "").strip("{} ").upper()
    return LogOrigin(
        computer=os.text("CSName"),
        id=LOG if uuid in _NO_UUID else f"{uuid}/{LOG}",
        now=os.timestamp("LocalDateTime"),
    )


def read_new(
    session: Session, origin: LogOrigin, start: Bookmark, *, until: datetime | None = None, limit: int = 0, margin: timedelta = CLOCK_MARGIN
) -> Reading:
    """What is new since ``start``. One request a page, one more where nothing came, one for each 20 events without strings."""
    found = read_events(session, restriction(start, until, origin.now, margin), origin.now)
    try:
        first = next(found, None)
    except AccessDenied:
        # The same account was just told whose log it is, so it is the log that it may not read.
        return unreadable(start, origin)
    if first is None and not is_readable(session):
        return unreadable(start, origin)
    rows = () if first is None else chain((first,), found)
    reading = select_new(oldest(rows, start, limit) if limit and until is None else rows, start, origin, until=until, limit=limit)
    return replace(reading, events=_with_messages(session, reading.events))


def is_readable(session: Session) -> bool:
    """Whether the log shows this account how many events it holds. To one that may not read it, WMI answers as if there were none."""
    try:
        file = next(session.query(CIMV2, f"SELECT NumberOfRecords FROM Win32_NTEventlogFile WHERE LogfileName = {quote(LOG)}"), None)
    except (AccessDenied, InvalidClassOrQuery):
        return False
    return file is not None and file.integer("NumberOfRecords") is not None


def read_events(session: Session, restriction: Restriction, now: datetime | None = None) -> Iterator[LogEvent]:
    """The events that the restriction asks for, each once, without messages. Order is Windows': newest first, as a rule. One request a page.

    A span of time that takes longer than the operation timeout is read in halves; one without an end counts as ending ``now``.
    """
    spans = [restriction]
    known: set[tuple[int, datetime]] = set()
    halvings = 0
    while spans:
        span = spans.pop()
        try:
            for row in session.query(CIMV2, query_for(span)):
                event = _event(row)
                # spans touch, and one may have timed out after its first page
                if (event.record, event.time) not in known:
                    known.add((event.record, event.time))
                    yield event
        except OperationTimedOut:
            halvings += 1
            halves = _halves(span, now)
            if halvings > _MOST_HALVINGS or not halves:
                raise
            # what is left is as long, or longer
            spans = [part for one in spans for part in _halves(one, now) or (one,)]
            spans.extend(halves)


def _halves(span: Restriction, now: datetime | None) -> tuple[Restriction, ...]:
    """Two spans that are one together, the later one first; none where it has no beginning or no end."""
    end = span.until or now
    if span.since is None or end is None or end <= span.since:
        return ()
    middle = (span.since + (end - span.since) / 2).replace(microsecond=0)
    return replace(span, since=middle), replace(span, until=middle)


def _with_messages(session: Session, events: Sequence[LogEvent]) -> tuple[LogEvent, ...]:
    """The events, those without strings with their message: Windows renders each that is asked for, and most say nothing new by it."""
    bare = [event.record for event in events if not any(event.strings)]
    messages: dict[int, str | None] = {}
    for start in range(0, len(bare), _MESSAGES_A_QUERY):
        records = " OR ".join(f"RecordNumber = {record:d}" for record in bare[start : start + _MESSAGES_A_QUERY])
        wql = f"SELECT Message, RecordNumber FROM Win32_NTLogEvent WHERE Logfile = {quote(LOG)} AND ({records})"
        for row in session.query(CIMV2, wql):
            record = row.integer("RecordNumber")
            if record is not None:
                messages[record] = row.text("Message")
    return tuple(replace(event, message=messages[event.record]) if event.record in messages else event for event in events)


def query_for(restriction: Restriction) -> str:
    """The WQL. ValueError for a restriction that would read the whole log."""
    if restriction.since is None and restriction.first_record is None:
        raise ValueError("a query of an event log must be restricted by time or by record number")
    codes = " OR ".join(f"EventCode = {code:d}" for code in restriction.events)
    conditions = [f"Logfile = {quote(LOG)}", any_of("SourceName", SOURCES), f"({codes})"]
    if restriction.since is not None:
        conditions.append(f"TimeGenerated >= {quote(dmtf_datetime(max(restriction.since, _EPOCH)))}")
    if restriction.until is not None:
        conditions.append(f"TimeGenerated <= {quote(dmtf_datetime(max(restriction.until, _EPOCH)))}")
    if restriction.first_record is not None:
        conditions.append(f"RecordNumber >= {restriction.first_record:d}")
    return f"SELECT {', '.join(_PROPERTIES)} FROM Win32_NTLogEvent WHERE {' AND '.join(conditions)}"


def _event(row: Instance) -> LogEvent:
    record, time, code = row.integer("RecordNumber"), row.timestamp("TimeGenerated"), row.integer("EventCode")
    if record is None or time is None or code is None:
        raise MalformedAnswer("Win32_NTLogEvent: an event without record number, time or event code, by which it would be known")
    return LogEvent(
        record=record,
        time=time,
        event_id=code,
        computer=row.text("ComputerName"),
        source=row.text("SourceName"),
        strings=row.texts("InsertionStrings"),
    )
