# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the event log is asked, and what becomes of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import Bookmark, LogEvent, LogOrigin, Restriction
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.eventlog import query_for, read_events, read_new, read_origin
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    InvalidClassOrQuery,
    MalformedAnswer,
    OperationTimedOut,
    WsManError,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session

TIME = datetime(2026, 11, 2, 4, 12, 9, tzinfo=UTC)


class Answers:
    """A session whose queries are answered by the class they name."""

    def __init__(self, **rows: list[Mapping[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[str] = []

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        assert namespace == "root/cimv2"
        self.asked.append(wql)
        return iter([Instance(None, None, row) for row in self.rows[wql.partition(" FROM ")[2].partition(" ")[0]]])


def session(**rows: list[Mapping[str, Any]]) -> Session:
    return cast("Session", Answers(**rows))


def test_the_query_is_narrow() -> None:
    assert query_for(Restriction((12309, 12310), since=TIME, until=TIME, first_record=7)) == (
        "SELECT ComputerName, EventCode, InsertionStrings, RecordNumber, SourceName, TimeGenerated FROM Win32_NTLogEvent "
        "WHERE Logfile = 'Application' "
        "AND (SourceName = 'Microsoft-Windows-Security-SPP' OR SourceName = 'Software Protection Platform Service') "
        "AND (EventCode = 12309 OR EventCode = 12310) "
        "AND TimeGenerated >= '20261102041209.000000+000' AND TimeGenerated <= '20261102041209.000000+000' AND RecordNumber >= 7"
    )


def test_a_query_of_the_whole_log_is_refused() -> None:
    with pytest.raises(ValueError, match="restricted"):
        query_for(Restriction((12310,), until=TIME))


def test_a_time_before_windows_own_calendar_can_be_asked_for() -> None:
    assert "'16010101000000.000000+000'" in query_for(Restriction((12310,), since=datetime(1, 1, 1, tzinfo=UTC)))


def test_an_event_is_read() -> None:
    row = {
        "ComputerName": "hv01.corp.example",
        "EventCode": 12310,
        "InsertionStrings": ["0x00000000", "web01"],
        "RecordNumber": 4711,
        "SourceName": "Microsoft-Windows-Security-SPP",
        "TimeGenerated": TIME,
    }
    assert list(read_events(session(Win32_NTLogEvent=[row]), Restriction((12310,), since=TIME))) == [
        LogEvent(4711, TIME, 12310, "hv01.corp.example", "Microsoft-Windows-Security-SPP", ("0x00000000", "web01"))
    ]


def test_an_event_that_cannot_be_told_from_others_is_an_error() -> None:
    with pytest.raises(MalformedAnswer):
        list(read_events(session(Win32_NTLogEvent=[{"EventCode": 12310, "RecordNumber": 1}]), Restriction((12310,), since=TIME)))


@pytest.mark.parametrize(
    ("products", "identity"),
    [
        ([{"UUID": "{4c4c4544-0033-4410-8052-b4c04f4e3132}"}], "4C4C4544-0033-4410-8052-B4C04F4E3132/Application"),
        ([{"UUID": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}], "Application"),
        ([{"UUID": None}], "Application"),
        ([], "Application"),
    ],
)
def test_a_log_is_known_by_its_machine(products: list[Mapping[str, Any]], identity: str) -> None:
    os = {"CSName": "HV01", "LocalDateTime": TIME}
    assert read_origin(session(Win32_OperatingSystem=[os], Win32_ComputerSystemProduct=products)) == LogOrigin("HV01", identity, TIME)


ORIGIN = LogOrigin("HV01", "U/Application", TIME + timedelta(days=1))
START = Bookmark("U/Application", (12310,), TIME)
FILE: Mapping[str, Any] = {"NumberOfRecords": 812}


def event(record: int, *strings: str, **values: Any) -> Mapping[str, Any]:
    time = TIME + timedelta(seconds=record)
    return {"EventCode": 12310, "RecordNumber": record, "TimeGenerated": time, "InsertionStrings": list(strings), **values}


class Refusing(Answers):
    """Each class is answered with rows, or with an error."""

    def __init__(self, **answers: list[Mapping[str, Any]] | WsManError) -> None:
        super().__init__(**{name: rows for name, rows in answers.items() if isinstance(rows, list)})
        self.errors = {name: error for name, error in answers.items() if isinstance(error, WsManError)}

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        name = wql.partition(" FROM ")[2].partition(" ")[0]
        if name in self.errors:
            self.asked.append(wql)
            raise self.errors[name]
        return super().query(namespace, wql)


@pytest.mark.parametrize(
    ("events", "file"),
    [
        ([], []),
        ([], [{"NumberOfRecords": None}]),
        ([], AccessDenied()),
        ([], InvalidClassOrQuery()),
        (AccessDenied(), [FILE]),
    ],
)
@pytest.mark.parametrize("start", [START, Bookmark("U/Application", (12310,), TIME, 7, 12310)])
def test_a_log_that_shows_nothing_at_all_is_not_an_empty_one(events: Any, file: Any, start: Bookmark) -> None:
    reading = read_new(cast("Session", Refusing(Win32_NTLogEvent=events, Win32_NTEventlogFile=file)), ORIGIN, start)
    assert (reading.events, [one.code for one in reading.findings], reading.complete) == ((), ["EVENT_LOG_UNREADABLE"], False)
    assert reading.bookmark == start, "what cannot be read now is read later"


@pytest.mark.parametrize("records", [0, 812])
def test_a_log_that_tells_how_much_it_holds_may_hold_nothing_that_was_asked_for(records: int) -> None:
    answers = Refusing(Win32_NTLogEvent=[], Win32_NTEventlogFile=[{"NumberOfRecords": records}])
    reading = read_new(cast("Session", answers), ORIGIN, START)
    assert (reading.events, reading.findings, reading.complete) == ((), (), True)
    assert answers.asked[1:] == ["SELECT NumberOfRecords FROM Win32_NTEventlogFile WHERE LogfileName = 'Application'"]


def test_a_log_that_shows_an_event_needs_no_other_proof() -> None:
    answers = Refusing(Win32_NTLogEvent=[event(1, "0x00000000")])
    assert read_new(cast("Session", answers), ORIGIN, START).complete
    assert len(answers.asked) == 1


class Log(Answers):
    """A log that is searched as WMI does it; a span of more than ``most`` takes too long."""

    def __init__(self, events: list[Mapping[str, Any]], most: timedelta = timedelta.max) -> None:
        super().__init__()
        self.events, self.most = events, most

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        self.asked.append(wql)
        wanted = {int(record) for record in re.findall("RecordNumber = ([0-9]+)", wql)}
        bounds = dict(re.findall("TimeGenerated ([<>]=) '([0-9.]+)[+]000'", wql))
        times = {sign: datetime.strptime(text, "%Y%m%d%H%M%S.%f").replace(tzinfo=UTC) for sign, text in bounds.items()}
        first, last = times.get(">=", TIME), times.get("<=", ORIGIN.now or TIME)
        found = [row for row in self.events if row["RecordNumber"] in wanted or (not wanted and first <= row["TimeGenerated"] <= last)]
        for place, row in enumerate(reversed(found)):
            if not wanted and last - first > self.most and place == 1:
                raise OperationTimedOut  # not before the first page was there
            yield Instance(None, None, row)
        if not wanted and last - first > self.most:
            raise OperationTimedOut


def test_a_span_that_takes_too_long_is_read_in_halves_and_each_event_once() -> None:
    log = Log([event(record, "0x00000000") for record in range(0, 86400, 600)], most=timedelta(hours=2))
    found = list(read_events(cast("Session", log), Restriction((12310,), since=TIME), ORIGIN.now))
    assert sorted(one.record for one in found) == list(range(0, 86400, 600))
    assert len(log.asked) == 4 + 16, "four that took too long, and sixteen spans of an hour and a half"


def test_a_log_that_never_answers_in_time_is_given_up() -> None:
    log = Log([], most=timedelta())
    with pytest.raises(OperationTimedOut):
        list(read_events(cast("Session", log), Restriction((12310,), since=TIME), ORIGIN.now))
    assert len(log.asked) == 7
    with pytest.raises(OperationTimedOut):
        list(read_events(cast("Session", log), Restriction((12310,), first_record=1), ORIGIN.now))


def test_only_an_event_without_strings_is_rendered() -> None:
    bare = range(1, 46)
    log = Log([*(event(record, Message=f"message {record}") for record in bare), event(46, "0x00000000", Message="not asked for")])
    reading = read_new(cast("Session", log), ORIGIN, START)
    assert [one.message for one in reading.events] == [*(f"message {record}" for record in bare), None]
    assert ["Message" in wql.partition(" FROM ")[0] for wql in log.asked] == [False, True, True, True]
