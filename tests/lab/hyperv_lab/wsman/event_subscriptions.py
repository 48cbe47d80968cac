# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscribe, Pull and Unsubscribe on the event service (``.../windows/EventLog``), in delivery mode Pull.

Recorded traffic of Windows Server 2012 shows the answers: that to Subscribe names a subscription and an enumeration, a Pull brings the
events with a bookmark in its header, and a Pull without events an empty list and a new context. How clients ask is known from one that
is in daily use and from collectors of event forwarding. What else is here is [DSP0226] (10.2) and inferred.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from ..cim.dmtf_time import parse_duration
from ..cim.provider import EventChannels, LoggedEvent, Machine
from .answer import Answer, envelope, new_uuid
from .event_query import EventQuery, InvalidQuery, read_query_list
from .event_xml import render_event
from .faults import (
    ACCESS_DENIED,
    ACTION_NOT_SUPPORTED,
    CANNOT_PROCESS_FILTER,
    DELIVERY_MODE,
    INVALID_BODY,
    INVALID_CONTEXT,
    INVALID_EXPIRATION,
    INVALID_SUBSCRIPTION,
    INVALID_URI,
    PULL_DIFFERS,
    SCHEMA_VALIDATION,
    TIMED_OUT,
    UNKNOWN_DIALECT,
    too_many_operations,
)
from .namespaces import ENUMERATION, ENUMERATION_ROOT, EVENT_LOG, EVENTING, EVENTING_ROOT, WSMAN
from .operation import Operation
from .soap import child, text_of
from .text import escape, utf16_units

_PULL_MODE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/Pull"
_DIALECT = "http://schemas.microsoft.com/win/2004/08/events/eventquery"
_EARLIEST = "http://schemas.dmtf.org/wbem/wsman/1/wsman/bookmark/earliest"
_ENVELOPE_UNITS = 1600
_GLANCE = 0.02  # seconds between two looks for new events while a Pull waits


@dataclass
class _Subscription:
    identifier: str
    owner: str
    query: EventQuery
    source: EventChannels
    max_envelope_bytes: int
    rendered: bool
    bookmarks: bool
    deadline: float | None
    heartbeat: float | None
    state: tuple[int, int] = (0, 0)  # generation and record up to which events were looked at
    waiting: list[LoggedEvent] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        """Take in what was written since."""
        state = self.source.log_state(self.query.channel)
        if state == self.state:
            return
        after = self.state[1] if state[0] == self.state[0] else 0
        self.waiting += [event for event in self.source.events_after(self.query.channel, after) if self.query.chooses(event, now)]
        self.state = state


class EventSubscriptions:
    """The subscriptions of one machine."""

    def __init__(self, machine: Machine, clock: Callable[[], float] = time.monotonic) -> None:
        self._machine = machine
        self._clock = clock
        self._open: dict[str, _Subscription] = {}  # by the context of the next Pull

    def knows(self, body: Element | None) -> bool:
        """Whether a Pull is for one of these and not for an enumeration."""
        return _context(body) in self._open

    def answer(self, operation: Operation) -> Answer:
        source = self._machine
        if not isinstance(source, EventChannels) or not source.serves_events():
            raise INVALID_URI.fault()
        action = operation.request.action
        if action == f"{EVENTING}/Subscribe":
            return self._subscribe(operation, source)
        if action == f"{EVENTING}/Unsubscribe":
            return self._unsubscribe(operation)
        raise ACTION_NOT_SUPPORTED.fault()

    async def wait(self, body: Element | None, timeout: float) -> None:
        """Until a Pull has something to bring, or its time is over."""
        subscription = self._open.get(_context(body))
        if subscription is None:
            return
        longest = timeout if subscription.heartbeat is None else min(timeout, subscription.heartbeat)
        end = self._clock() + longest
        while subscription is self._open.get(_context(body)):
            subscription.look(datetime.now(UTC))
            if subscription.waiting or self._clock() >= end:
                return
            await asyncio.sleep(_GLANCE)

    def pull(self, operation: Operation) -> Answer:
        body = operation.request.body
        name = _context(body)
        self._expire()
        subscription = self._open.get(name)
        if body is None or subscription is None or subscription.owner != operation.account.name:
            raise INVALID_CONTEXT.fault()
        if operation.settings.strict and operation.request.max_envelope_bytes != subscription.max_envelope_bytes:
            raise PULL_DIFFERS.fault()
        subscription.look(datetime.now(UTC))
        if not subscription.waiting and operation.settings.idle_pull == "fault":
            raise TIMED_OUT.fault()  # the context stays: the client asks again with it ([DSP0226] R8.5)
        del self._open[name]
        events = _page(operation, subscription, _max_elements(body, operation.settings.max_batch_items))
        context = new_uuid()
        self._open[context] = subscription
        items = f"<n:Items>{''.join(text for _event, text in events)}</n:Items>"
        return Answer(
            200,
            envelope(
                ENUMERATION_ROOT,
                f"{ENUMERATION}/PullResponse",
                f"<n:PullResponse><n:EnumerationContext>{context}</n:EnumerationContext>{items}</n:PullResponse>",
                to=operation.addressing,
                language=operation.language,
                before_relates=_bookmark(events[-1][0]) if events and subscription.bookmarks else "",
            ),
        )

    def _subscribe(self, operation: Operation, source: EventChannels) -> Answer:
        body = operation.request.body
        if body is None or body.tag != f"{{{EVENTING}}}Subscribe":
            raise INVALID_BODY.fault()
        delivery = child(body, EVENTING, "Delivery")
        if delivery is None or delivery.get("Mode", "").strip() != _PULL_MODE:
            raise DELIVERY_MODE.fault()
        query = _query(body)
        if not source.may_read_events(operation.account, query.channel):
            raise ACCESS_DENIED.fault()
        self._expire()
        limit = operation.settings.max_operations_per_user
        if sum(one.owner == operation.account.name for one in self._open.values()) >= limit:
            raise too_many_operations(limit)
        content = (operation.request.option("ContentFormat") or "RenderedText").strip()
        subscription = _Subscription(
            identifier=str(uuid.uuid4()).upper(),
            owner=operation.account.name,
            query=query,
            source=source,
            max_envelope_bytes=operation.request.max_envelope_bytes,
            rendered=content.lower() == "renderedtext",
            bookmarks=child(body, WSMAN, "SendBookmarks") is not None,
            deadline=self._expires(body),
            heartbeat=_seconds(child(delivery, WSMAN, "Heartbeats")),
            state=_start(body, source, query.channel),
        )
        context = new_uuid()
        self._open[context] = subscription
        address = operation.request.to or "http://localhost:5985/wsman"
        content_xml = (
            f"<e:SubscribeResponse><e:SubscriptionManager><a:Address>{escape(address)}</a:Address><a:ReferenceProperties>"
            f"<w:ResourceURI>{EVENT_LOG}</w:ResourceURI><e:Identifier>{subscription.identifier}</e:Identifier></a:ReferenceProperties>"
            f"</e:SubscriptionManager><e:Expires>PT0.000S</e:Expires><n:EnumerationContext>{context}</n:EnumerationContext>"
            "</e:SubscribeResponse>"
        )
        return _eventing_answer("SubscribeResponse", content_xml, operation)

    def _unsubscribe(self, operation: Operation) -> Answer:
        wanted = (operation.request.subscription or "").upper()
        for name, subscription in self._open.items():
            if subscription.identifier == wanted and subscription.owner == operation.account.name:
                del self._open[name]
                return _eventing_answer("UnsubscribeResponse", "", operation)
        raise INVALID_SUBSCRIPTION.fault()

    def _expires(self, body: Element) -> float | None:
        seconds = _seconds(child(body, EVENTING, "Expires"))
        return None if not seconds else self._clock() + seconds

    def _expire(self) -> None:
        now = self._clock()
        for name in [name for name, one in self._open.items() if one.deadline is not None and one.deadline <= now]:
            del self._open[name]


def _eventing_answer(name: str, body: str, operation: Operation) -> Answer:
    return Answer(200, envelope(EVENTING_ROOT, f"{EVENTING}/{name}", body, to=operation.addressing, language=operation.language))


def _context(body: Element | None) -> str:
    context = child(body, ENUMERATION, "EnumerationContext") if body is not None else None
    return text_of(context).strip() if context is not None else ""


def _query(body: Element) -> EventQuery:
    found = child(body, WSMAN, "Filter")
    if found is None:
        raise CANNOT_PROCESS_FILTER.fault()
    if found.get("Dialect", _DIALECT).strip() != _DIALECT:
        raise UNKNOWN_DIALECT.fault()
    try:
        return read_query_list(found)
    except InvalidQuery as error:
        raise CANNOT_PROCESS_FILTER.fault() from error


def _start(body: Element, source: EventChannels, channel: str) -> tuple[int, int]:
    """Which events were dealt with already: all that there are, unless a bookmark says otherwise."""
    generation, newest = source.log_state(channel)
    bookmark = child(body, WSMAN, "Bookmark")
    if bookmark is None:
        return generation, newest
    if text_of(bookmark).strip() == _EARLIEST:
        return generation, 0
    records = [one.get("RecordId", "") for part in bookmark for one in part]
    if len(records) != 1 or not records[0].isdigit():
        raise SCHEMA_VALIDATION.fault()
    return generation, min(int(records[0]), newest)


def _seconds(element: Element | None) -> float | None:
    if element is None:
        return None
    try:
        return parse_duration(text_of(element)).total_seconds()
    except ValueError as error:
        raise INVALID_EXPIRATION.fault() from error


def _max_elements(body: Element, limit: int) -> int:
    element = child(body, ENUMERATION, "MaxElements")
    text = "1" if element is None else text_of(element).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 20 or int(text) == 0:
        raise SCHEMA_VALIDATION.fault()
    return min(int(text), limit)


def _page(operation: Operation, subscription: _Subscription, most: int) -> Sequence[tuple[LoggedEvent, str]]:
    room = subscription.max_envelope_bytes // 2 - _ENVELOPE_UNITS - len(operation.request.message_id)
    found: list[tuple[LoggedEvent, str]] = []
    for event in subscription.waiting[:most]:
        text = render_event(event, operation.language if subscription.rendered else None)
        room -= utf16_units(text)
        if room < 0 and found:
            break
        found.append((event, text))
    del subscription.waiting[: len(found)]
    return found


def _bookmark(event: LoggedEvent) -> str:
    return (
        f'<w:Bookmark><BookmarkList><Bookmark Channel="{escape(event.channel)}" RecordId="{event.record}" IsCurrent="true"/>'
        "</BookmarkList></w:Bookmark>"
    )
