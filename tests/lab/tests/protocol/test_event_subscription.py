# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event service: subscriptions whose client pulls, beside recordings of real Windows and as clients in daily use ask."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from hyperv_lab.cim.provider import Account, LoggedEvent
from hyperv_lab.wsman.answer import Answer
from hyperv_lab.wsman.namespaces import EVENT_LOG, EVENTING

from .messages import ENUMERATION, Desk, context_in, fault_code_in, message, pull_body, subcode_in
from .office_machine import OfficeMachine
from .recorded import recording, shape

TIME = datetime(2013, 4, 25, 21, 23, 39, tzinfo=UTC)
EARLIEST = "<w:Bookmark>http://schemas.dmtf.org/wbem/wsman/1/wsman/bookmark/earliest</w:Bookmark>"
PULL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/Pull"
DIALECT = "http://schemas.microsoft.com/win/2004/08/events/eventquery"
_OWN = {"MessageID", "RelatesTo", "Identifier", "EnumerationContext"}


class Office(OfficeMachine):
    """A machine with one log. ``clear`` begins its numbering anew."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[LoggedEvent] = []
        self.generation = self.newest = 0
        self.served = self.readable = True

    def write(self, *strings: str, id: int = 12310, source: str = "Microsoft-Windows-Security-SPP", level: int = 4) -> None:
        self.newest += 1
        time = TIME + timedelta(minutes=self.newest)
        self.log.append(LoggedEvent(self.newest, id, 16384, source, level, time, strings, "text", "office", "Application"))

    def clear(self) -> None:
        self.log, self.newest, self.generation = [], 0, self.generation + 1

    def serves_events(self) -> bool:
        return self.served

    def may_read_events(self, account: Account, channel: str) -> bool:
        return self.readable

    def log_state(self, channel: str) -> tuple[int, int]:
        return self.generation, self.newest

    def events_after(self, channel: str, record: int) -> Iterable[LoggedEvent]:
        return [event for event in self.log if event.record > record]


class Client:
    def __init__(self, machine: Office, clock: list[float] | None = None, **settings: object) -> None:
        now = clock or [0.0]
        self.desk = Desk(machine, clock=lambda: now[0], **settings)

    def subscribe(
        self, xpath: str = "*", *, start: str = EARLIEST, mode: str = PULL, content: str = "Raw", expires: str = "", delivery: str = ""
    ) -> Answer:
        query = f'&lt;QueryList&gt;&lt;Query Path="Application"&gt;&lt;Select&gt;{xpath}&lt;/Select&gt;&lt;/Query&gt;&lt;/QueryList&gt;'
        body = (
            f'<e:Subscribe xmlns:e="{EVENTING}"><e:Delivery Mode="{mode}">{delivery}</e:Delivery>{expires}'
            f'<w:Filter Dialect="{DIALECT}">{query}</w:Filter>{start}<w:SendBookmarks/></e:Subscribe>'
        )
        option = f'<w:OptionSet><w:Option Name="ContentFormat">{content}</w:Option></w:OptionSet>'
        return self.desk.send(message(f"{EVENTING}/Subscribe", EVENT_LOG, body, extra=option))

    def pull(self, context: str, most: int = 100) -> Answer:
        return self.desk.send(message(f"{ENUMERATION}Pull", EVENT_LOG, pull_body(context, most)))

    def unsubscribe(self, subscribed: Answer) -> Answer:
        identifier = re.findall("<e:Identifier>([^<]+)<", subscribed.body)[0]
        extra = f'<e:Identifier xmlns:e="{EVENTING}">{identifier}</e:Identifier>'
        return self.desk.send(message(f"{EVENTING}/Unsubscribe", EVENT_LOG, f'<e:Unsubscribe xmlns:e="{EVENTING}"/>', extra=extra))

    def records(self, xpath: str = "*", **how: str) -> list[int]:
        subscribed = self.subscribe(xpath, **how)
        assert subscribed.status == 200, subscribed.body
        return records_in(self.pull(context_in(subscribed.body)))


def records_in(answer: Answer) -> list[int]:
    assert answer.status == 200, answer.body
    return [int(one) for one in re.findall("<EventRecordID>([0-9]+)<", answer.body)]


def alike(text: str) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """The shape of a message, without what is new each time."""
    return [(tag, "" if tag.rpartition("}")[2] in _OWN else value, attributes) for tag, value, attributes in shape(text)]


@pytest.mark.fidelity(
    "The answer to Subscribe in mode Pull: manager, identifier, Expires PT0.000S, a context",
    source="txwinrm, recorded traffic of Windows Server 2012",
    confidence="H",
)
def test_a_subscription() -> None:
    recorded = recording(8)
    answer = Client(Office()).subscribe()
    to = re.findall("<a:Address>([^<]+)</a:Address>", answer.body)[0]
    assert alike(answer.body.replace(to, "http://gilroy:5985/wsman")) == alike(recorded)


@pytest.mark.fidelity(
    "The answer to Pull of events: Event XML, and a bookmark in the header",
    source="txwinrm, recorded traffic of Windows Server 2012",
    confidence="H",
)
def test_an_event() -> None:
    recorded = recording(9)
    office = Office()
    text, user = "test_from_gilroy_cmd_003", "S-1-5-21-4253355731-4135319224-1610184190-500"
    office.newest = 3847
    office.log.append(LoggedEvent(3847, 1, 0, "EventCreate", 2, TIME, (text,), text, "AMAZONA-Q2R281F", "Application", user))
    client = Client(office)
    answer = client.pull(context_in(client.subscribe(content="RenderedText").body))
    assert alike(answer.body) == alike(recorded)


@pytest.mark.fidelity(
    "A Pull without events: an empty list and a new context, or the fault for the operation timeout (switch)",
    source="txwinrm, its fixtures; [DSP0226] 8.5",
    confidence="M",
)
def test_a_pull_without_events() -> None:
    client = Client(Office())
    context = context_in(client.subscribe().body)
    idle = client.pull(context)
    assert records_in(idle) == []
    assert context_in(idle.body) != context
    assert "Bookmark" not in idle.body
    assert fault_code_in(client.pull(context).body) == 2150858779, "a context is good for one Pull"
    other = Client(Office(), idle_pull="fault")
    context = context_in(other.subscribe().body)
    assert [fault_code_in(other.pull(context).body) for _pull in range(2)] == [2150858793] * 2, "the context stays"


@pytest.mark.fidelity(
    "XPath of the event service: System's elements and attributes, and, or, comparisons, timediff; Suppress",
    source="Microsoft, Consuming Events",
    confidence="M",
)
@pytest.mark.parametrize(
    ("xpath", "records"),
    [
        ("*", [1, 2, 3]),
        ("*[System[EventID=12310]]", [1, 3]),
        ("*[System[(EventID=12310 or EventID=1) and Provider[@Name='Other']]]", [2]),
        ("*[System[Provider[@Name='Microsoft-Windows-Security-SPP' or @Name='Other']]]", [1, 2, 3]),
        ("Event[System[TimeCreated[@SystemTime&amp;gt;='2013-04-25T21:25:39.000Z']]]", [2, 3]),
        ("*[System[TimeCreated[timediff(@SystemTime) &amp;lt;= 1000]]]", []),
        ("*[System/Level=2]", [2]),
        ("*[System/Provider/@Name='Other']", [2]),
    ],
)
def test_a_query_chooses(xpath: str, records: list[int]) -> None:
    office = Office()
    office.write("0x00000000")
    office.write("noise", id=1, source="Other", level=2)
    office.write("0x00000000")
    assert Client(office).records(xpath) == records


@pytest.mark.parametrize("xpath", ["*[EventData[Data='x']", "nothing", "*[System[EventID=]]", "*[System[contains(EventID, '1')]]"])
def test_a_query_that_the_service_does_not_take(xpath: str) -> None:
    answer = Client(Office()).subscribe(xpath)
    assert subcode_in(answer.body) == "n:CannotProcessFilter"


def test_where_a_subscription_begins() -> None:
    office = Office()
    office.write("one")
    office.write("two")
    client = Client(office)
    assert client.records(start="") == [], "only what is new"
    bookmark = '<w:Bookmark><BookmarkList><Bookmark Channel="Application" RecordId="1" IsCurrent="true"/></BookmarkList></w:Bookmark>'
    assert client.records(start=bookmark) == [2]
    context = context_in(client.subscribe(start="").body)
    office.write("three")
    page = client.pull(context)
    assert records_in(page) == [3]
    office.clear()
    office.write("four")
    assert records_in(client.pull(context_in(page.body))) == [1]


def test_pages_hold_each_event_once() -> None:
    office = Office()
    for number in range(7):
        office.write(str(number))
    client = Client(office)
    page, found = client.pull(context_in(client.subscribe().body), 3), list[int]()
    while records := records_in(page):
        found += records
        assert f'RecordId="{records[-1]}"' in page.body
        page = client.pull(context_in(page.body), 3)
    assert found == [1, 2, 3, 4, 5, 6, 7]


def test_the_end_of_a_subscription() -> None:
    now = [0.0]
    client = Client(Office(), clock=now)
    subscribed = client.subscribe(expires="<e:Expires>PT60.000S</e:Expires>")
    idle = client.pull(context_in(subscribed.body))
    assert client.unsubscribe(subscribed).status == 200
    assert fault_code_in(client.pull(context_in(idle.body)).body) == 2150858779
    assert client.unsubscribe(subscribed).status == 500
    context = context_in(client.subscribe(expires="<e:Expires>PT60.000S</e:Expires>").body)
    now[0] = 61
    assert fault_code_in(client.pull(context).body) == 2150858779


@pytest.mark.fidelity(
    "Faults of the event service for a delivery mode, an expiration time and an identifier that it does not take",
    source="WS-Eventing (subcodes); numbers and texts inferred",
    confidence="L",
)
def test_what_the_service_refuses() -> None:
    office = Office()
    client = Client(office)
    assert subcode_in(client.subscribe(mode="http://schemas.xmlsoap.org/ws/2004/08/eventing/DeliveryModes/Push").body) == (
        "e:DeliveryModeRequestedUnavailable"
    )
    assert subcode_in(client.subscribe(expires="<e:Expires>soon</e:Expires>").body) == "e:InvalidExpirationTime"
    office.readable = False
    assert fault_code_in(client.subscribe().body) == 5
    office.served = False
    assert subcode_in(client.subscribe().body) == "a:DestinationUnreachable"


def test_a_pull_waits_until_there_is_an_event() -> None:
    office = Office()
    client = Client(office)
    received = client.desk.service.receive(
        message(f"{ENUMERATION}Pull", EVENT_LOG, pull_body(context_in(client.subscribe().body))).encode()
    )

    async def waited() -> bool:
        waiting = asyncio.ensure_future(client.desk.service.wait(received))
        await asyncio.sleep(0.1)
        idle = not waiting.done()
        office.write("0x00000000")
        await asyncio.wait_for(waiting, 5)
        return idle

    assert asyncio.run(waited())
    assert records_in(client.desk.service.answer(received, client.desk.account, "office")) == [1]
