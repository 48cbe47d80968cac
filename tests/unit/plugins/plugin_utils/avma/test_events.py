# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readings of a log that go on from one another: nothing twice, nothing lost, and a log that was cut short is noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import (
    GUEST_EVENT,
    HOST_EVENT,
    Bookmark,
    InvalidBookmark,
    LogEvent,
    LogOrigin,
    Reading,
    event_result,
    read_bookmark,
    restriction,
    select_new,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.times import InvalidTime, parse_time_or_age

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
IDS = (GUEST_EVENT, HOST_EVENT)
ORIGIN = LogOrigin("HV01", "4C4C4544-0033-4410-8052-B4C04F4E3132/Application", BEGIN + timedelta(days=30))
START = Bookmark(ORIGIN.id, IDS, BEGIN)


def event(record: int, minutes: int | None = None, event_id: int = HOST_EVENT) -> LogEvent:
    return LogEvent(record, BEGIN + timedelta(minutes=record if minutes is None else minutes), event_id, "hv01.corp.example")


def ask(log: list[LogEvent], start: Bookmark, *, until: datetime | None = None, limit: int = 0, origin: LogOrigin = ORIGIN) -> Reading:
    """What a machine would answer to the restriction, newest first, then settled."""
    wanted = restriction(start, until, origin.now)
    found = [
        one
        for one in reversed(log)
        if one.event_id in wanted.events
        and (wanted.since is None or one.time >= wanted.since)
        and (wanted.until is None or one.time <= wanted.until)
        and (wanted.first_record is None or one.record >= wanted.first_record)
    ]
    return select_new(found, start, origin, until=until, limit=limit)


def records(reading: Reading) -> list[int]:
    return [one.record for one in reading.events]


def codes(reading: Reading) -> list[str]:
    return [one.code for one in reading.findings]


def test_a_first_reading_gives_all_and_the_next_what_is_new() -> None:
    log = [event(3), event(7)]
    first = ask(log, START)
    assert (records(first), first.complete) == ([3, 7], True)
    assert records(ask(log, first.bookmark)) == []
    second = ask([*log, event(9)], first.bookmark)
    assert (records(second), second.complete) == ([9], True)


def test_a_reading_that_finds_nothing_is_gone_on_from() -> None:
    first = ask([], START)
    assert first.bookmark.record is None
    assert records(ask([event(3)], first.bookmark)) == [3]


def test_an_event_of_the_same_second_is_new_if_its_record_is() -> None:
    first = ask([event(3, 5)], START)
    assert records(ask([event(3, 5), event(4, 5)], first.bookmark)) == [4]


def test_a_log_that_was_cleared_and_numbered_anew_is_noticed() -> None:
    first = ask([event(100)], START)
    second = ask([event(2, 200), event(3, 201)], first.bookmark)
    assert (records(second), codes(second), second.complete) == ([2, 3], ["EVENT_LOG_CLEARED"], False)
    assert codes(ask([event(2, 200), event(3, 201)], second.bookmark)) == []


def test_a_cleared_log_that_has_grown_past_the_old_number_is_noticed() -> None:
    first = ask([event(3)], START)
    second = ask([event(2, 200), event(3, 201), event(4, 202)], first.bookmark)
    assert (records(second), codes(second)) == ([2, 3, 4], ["EVENT_LOG_CLEARED"])


def test_a_log_that_has_wrapped_is_noticed() -> None:
    first = ask([event(3)], START)
    second = ask([event(50), event(51)], first.bookmark)
    assert (records(second), codes(second), second.complete) == ([50, 51], ["EVENTS_LOST"], False)


def test_a_log_that_became_empty_is_noticed_once() -> None:
    first = ask([event(3)], START)
    second = ask([], first.bookmark)
    assert (records(second), codes(second)) == ([], ["EVENTS_LOST"])
    third = ask([event(1, 300)], second.bookmark)
    assert (records(third), codes(third)) == ([1], [])


def test_another_machine_is_noticed() -> None:
    first = ask([event(3)], START)
    other = replace(ORIGIN, id="OTHER/Application")
    second = ask([event(1, 1), event(2, 300)], first.bookmark, origin=other)
    assert (records(second), codes(second), second.bookmark.log) == ([2], ["EVENT_LOG_IS_ANOTHER"], "OTHER/Application")


def test_a_machine_with_a_new_uuid_gives_nothing_twice() -> None:
    log = [event(3)]
    first = ask(log, START)
    second = ask([*log, event(4)], first.bookmark, origin=replace(ORIGIN, id="NEW/Application"))
    assert (records(second), codes(second)) == ([4], ["EVENT_LOG_IS_ANOTHER"])


def test_a_clock_that_was_set_back_hides_nothing() -> None:
    first = ask([event(3, 60 * 24 * 20)], START)
    set_back = replace(ORIGIN, now=BEGIN + timedelta(days=1))
    assert restriction(first.bookmark, None, set_back.now).first_record == 3
    second = ask([event(3, 60 * 24 * 20), event(4, 60)], first.bookmark, origin=set_back)
    assert (records(second), second.complete) == ([4], True)


def test_the_limit_gives_the_oldest_and_leads_on() -> None:
    log = [event(number) for number in range(1, 8)]
    first = ask(log, START, limit=3)
    assert (records(first), first.more, first.complete) == ([1, 2, 3], True, False)
    second = ask(log, first.bookmark, limit=3)
    third = ask(log, second.bookmark, limit=3)
    assert (records(second), records(third), third.more, third.complete) == ([4, 5, 6], [7], False, True)


def test_an_end_before_the_bookmark_loses_nothing() -> None:
    log = [event(3), event(60)]
    first = ask(log, START)
    early = ask(log, first.bookmark, until=BEGIN + timedelta(minutes=10))
    assert (records(early), codes(early), early.bookmark.record) == ([], [], 60)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3), st.sampled_from(IDS)), max_size=30),
    st.lists(st.integers(0, 30), max_size=6),
    st.integers(0, 4),
)
def test_readings_one_after_another_give_each_event_once(steps: list[tuple[int, int, int]], ends: list[int], limit: int) -> None:
    log, record, minutes = [], 0, 0
    for gap, wait, event_id in steps:
        record, minutes = record + gap, minutes + wait
        log.append(event(record, minutes, event_id))
    seen: list[LogEvent] = []
    bookmark = START
    for end in [*sorted(ends), len(log)]:
        while True:
            reading = ask(log[:end], read_bookmark(bookmark.as_dict(), IDS), limit=limit)
            assert not reading.findings
            seen += reading.events
            bookmark = reading.bookmark
            if not reading.more:
                break
    assert seen == log


def test_a_bookmark_survives_the_way_through_a_result() -> None:
    bookmark = ask([event(3)], START).bookmark
    assert read_bookmark(bookmark.as_dict(), IDS) == bookmark


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"time": "yesterday"},
        {"record": "x"},
        {"record": -1},
        {"record": 2**32},
        {"events": [12310]},
        {"events": None},
        {"log": ...},
    ],
)
def test_a_bookmark_that_is_none_is_refused(change: dict[str, object]) -> None:
    value = {key: item for key, item in {**ask([event(3)], START).bookmark.as_dict(), **change}.items() if item is not ...}
    with pytest.raises(InvalidBookmark):
        read_bookmark(value, IDS)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("7d", BEGIN - timedelta(days=7)),
        ("36 H", BEGIN - timedelta(hours=36)),
        ("2w", BEGIN - timedelta(weeks=2)),
        ("2026-11-02T04:12:09Z", datetime(2026, 11, 2, 4, 12, 9, tzinfo=UTC)),
        ("2026-11-02T04:12:09+02:00", datetime(2026, 11, 2, 2, 12, 9, tzinfo=UTC)),
        ("2026-11-02", datetime(2026, 11, 2, tzinfo=UTC)),
    ],
)
def test_times_are_read(text: str, time: datetime) -> None:
    assert parse_time_or_age(text, BEGIN) == time


@pytest.mark.parametrize("text", ["", "soon", "7", "7y", "-1d", "٧d", "999999w", "0001-01-01T00:00:00+14:00"])
def test_times_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidTime):
        parse_time_or_age(text, BEGIN)


def test_the_result_names_candidates_by_who_wrote_it() -> None:
    guid = "6E8A1C3D-0B2F-4A5E-9C77-1D2E3F405162"
    strings = ("0x00000000,web01,HV01,hv01.corp.example," + guid.lower(),)
    on_host = event_result(replace(event(3), strings=strings), ORIGIN)
    assert (on_host["vm_ids"], on_host["vm_names"], on_host["host_names"]) == ([guid], ["web01"], [])
    assert (on_host["notification"], on_host["inferred"], on_host["code"], on_host["reason"]) == ("success", True, "0x00000000", None)
    in_guest = event_result(replace(event(3, event_id=GUEST_EVENT), computer="web01", strings=strings), replace(ORIGIN, computer="WEB01"))
    assert (in_guest["vm_ids"], in_guest["host_names"]) == ([], ["HV01", "hv01.corp.example"])


def test_a_product_key_in_an_event_is_masked() -> None:
    key = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
    result = event_result(replace(event(3), strings=(f"key {key}",), message=f"key {key}"), ORIGIN)
    assert "AAAAA-BBBBB" not in str(result)
    assert "EEEEE" in str(result)


def test_a_log_is_whole_from_its_oldest_event_on_and_from_run_to_run() -> None:
    log = [event(record) for record in range(3, 8)]
    first = ask(log[:3], START).bookmark
    assert first.whole_since == log[0].time
    second = ask(log[2:], first).bookmark
    assert second.whole_since == log[0].time, "the bookmarked event is there, so nothing is missing since the first reading"
    lost = ask(log[4:], first)
    assert (codes(lost), lost.bookmark.whole_since) == (["EVENTS_LOST"], log[4].time)
    assert ask([], START).bookmark.whole_since is None, "a log without an event may have been cleared a minute ago"
    assert read_bookmark({key: value for key, value in first.as_dict().items() if key != "whole_since"}, IDS).whole_since is None
