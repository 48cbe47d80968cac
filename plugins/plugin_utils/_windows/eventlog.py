# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The Application log through ``Win32_NTLogEvent``.

Without log, source, ID and time (or record number) in the WHERE clause, Windows reads the whole log: half a minute for 60 000 events.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from .._avma.events import LOG, LogEvent, LogOrigin, Restriction
from .._wsman.errors import MalformedAnswer
from .._wsman.instance import Instance
from .._wsman.session import Session
from .._wsman.values import dmtf_datetime
from .._wsman.wql import any_of, quote
from .namespaces import CIMV2
from .rows import only_row

# The provider of software licensing and its older name as an event source (public event manifests). Windows shows either in SourceName.
SOURCES = ("Microsoft-Windows-Security-SPP", "Software Protection Platform Service")
_PROPERTIES = ("ComputerName", "EventCode", "InsertionStrings", "Message", "RecordNumber", "SourceName", "TimeGenerated")
# What firmware says instead of a UUID where nobody gave it one.
_NO_UUID = {"", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}
# WMI keeps times from 1601 on.
_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


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


def read_events(session: Session, restriction: Restriction) -> Iterator[LogEvent]:
    """The events that the restriction asks for, in Windows' order (newest first, as a rule). One request a page."""
    for row in session.query(CIMV2, query_for(restriction)):
        yield _event(row)


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
        message=row.text("Message"),
    )
