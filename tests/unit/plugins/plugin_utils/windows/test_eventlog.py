# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the event log is asked, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import LogEvent, LogOrigin, Restriction
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.eventlog import query_for, read_events, read_origin
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import MalformedAnswer
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
        "SELECT ComputerName, EventCode, InsertionStrings, Message, RecordNumber, SourceName, TimeGenerated FROM Win32_NTLogEvent "
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
        "Message": "text",
        "RecordNumber": 4711,
        "SourceName": "Microsoft-Windows-Security-SPP",
        "TimeGenerated": TIME,
    }
    assert list(read_events(session(Win32_NTLogEvent=[row]), Restriction((12310,), since=TIME))) == [
        LogEvent(4711, TIME, 12310, "hv01.corp.example", "Microsoft-Windows-Security-SPP", ("0x00000000", "web01"), "text")
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
