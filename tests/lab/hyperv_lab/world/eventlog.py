# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Application event log, and how the two AVMA events may look in it.

Firm: guests write 12309 and hosts 12310 to the Application log (Microsoft, "Automatic virtual machine activation"); the provider is
Microsoft-Windows-Security-SPP, the messages are informational with the qualifiers 0x4000 (public manifests), whether activation
succeeded or not. The message tables of installed Windows give both events two insertion strings, an HRESULT and a detail: ``two_strings``.
What the detail holds is not published, nor is a sample of either event, so a scenario chooses among shapes. The comma-separated
one follows the provider's KMS events 12288 to 12290 (Microsoft, KB974998).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from .rules import EventShape

SOURCE = "Microsoft-Windows-Security-SPP"
APPLICATION = "Application"
QUALIFIERS = 0x4000
GUEST_EVENT, HOST_EVENT = 12309, 12310
ERROR, WARNING, INFORMATION = 1, 2, 3  # Win32_NTLogEvent.EventType


class Event(NamedTuple):
    record: int
    id: int
    qualifiers: int
    source: str
    type: int
    time: datetime
    strings: tuple[str, ...]
    message: str

    @property
    def identifier(self) -> int:
        """Win32_NTLogEvent.EventIdentifier: qualifiers in the upper half, event ID in the lower."""
        return self.qualifiers << 16 | self.id


class Past(Protocol):
    """Events from before the lab began."""

    @property
    def count(self) -> int:
        """How many there are."""

    def event(self, number: int, record: int) -> Event:
        """The event of this number, from 0 on, as the record that it is in the log."""


class EventLog:
    """The Application log of one machine. Background and past events are made when read, so that a log nobody reads costs nothing.

    ``limit``: a full log drops its oldest events for new ones, as Windows' default is (Microsoft, Win32_NTEventlogFile: OverwritePolicy
    WhenNeeded); Windows counts bytes, the lab events. Records count on.
    """

    __slots__ = ("_background", "_begin", "_events", "_past", "_record", "generation", "limit")

    def __init__(self, begin: datetime, background: int = 0, past: Past | None = None) -> None:
        self._begin = begin
        self._background = background
        self._past = past
        self._events: list[Event] = []
        self._record = background + (past.count if past else 0)
        self.limit: int | None = None
        self.generation = 0  # how often records have begun at 1 again

    def clear(self, *, renumber: bool = True) -> None:
        """All events are gone. Whether records then begin at 1 or count on is documented nowhere."""
        self._background, self._past = 0, None
        self._events.clear()
        if renumber:
            self._record = 0
            self.generation += 1

    @property
    def newest(self) -> int:
        """The number of the newest record, also where it is gone."""
        return self._record

    def write(
        self,
        event_id: int,
        time: datetime,
        strings: tuple[str, ...],
        message: str,
        *,
        source: str = SOURCE,
        type: int = INFORMATION,
        qualifiers: int = QUALIFIERS,
    ) -> Event:
        self._record += 1
        event = Event(self._record, event_id, qualifiers, source, type, time, strings, message)
        self._events.append(event)
        if self.limit is not None:
            del self._events[: -self.limit]
        return event

    def read(self) -> list[Event]:
        """All events that are still there, oldest first."""
        events = [self._background_event(number) for number in range(self._background)]
        if self._past is not None:
            events += [self._past.event(number, self._background + number + 1) for number in range(self._past.count)]
        events += self._events
        return events if self.limit is None else events[max(0, len(events) - self.limit) :]

    def written(self) -> list[Event]:
        """Only what happened since the lab started, as far as it is still there."""
        return list(self._events)

    def _background_event(self, number: int) -> Event:
        identifier, message = _BACKGROUND[number % len(_BACKGROUND)]
        time = self._begin + timedelta(seconds=30 * number)
        return Event(number + 1, identifier, QUALIFIERS, SOURCE, INFORMATION, time, (), message)


_BACKGROUND = (
    (900, "The Software Protection service is starting."),
    (902, "The Software Protection service has started."),
    (16384, "Successfully scheduled Software Protection service for re-start."),
    (903, "The Software Protection service has stopped."),
)


class Exchange(NamedTuple):
    """One request for automatic activation, as both sides may report it."""

    code: int  # HRESULT, 0 for success
    host_name: str  # fully qualified where the host has a domain
    guest_name: str
    vm_id: str
    vm_name: str
    iaid: str
    sku_id: str
    time: datetime
    minutes: int  # validity granted, 0 if refused


def guest_event(shape: EventShape, exchange: Exchange) -> tuple[tuple[str, ...], str]:
    """Insertion strings and message of 12309."""
    return _shaped(shape, exchange, [exchange.host_name, exchange.iaid, exchange.sku_id])


def host_event(shape: EventShape, exchange: Exchange) -> tuple[tuple[str, ...], str]:
    """Insertion strings and message of 12310. ``by_name`` hosts know the guest's computer name only, the others the VM's GUID."""
    return _shaped(shape, exchange, [exchange.guest_name] if shape == "by_name" else [exchange.vm_id, exchange.iaid, exchange.sku_id])


def _shaped(shape: EventShape, exchange: Exchange, parties: list[str]) -> tuple[tuple[str, ...], str]:
    code = f"0x{exchange.code:08X}"
    time = f"{exchange.time:%Y/%m/%d %H:%M}"
    fields = (code, *parties, time, str(exchange.minutes))
    if shape == "two_strings":
        detail = ",".join(fields[1:])
        return (code, detail), f"Automatic virtual machine activation. hr={code}\r\n{detail}"
    if shape == "code_only":
        return (code,), f"Automatic virtual machine activation. {code}"
    if shape == "message_only":
        return (), f"Automatic virtual machine activation. Info:\r\n{', '.join(fields)}"
    strings = fields if shape == "separate" else (",".join(fields),)
    return strings, "Automatic virtual machine activation. Info:\r\n" + "\r\n".join(strings)
