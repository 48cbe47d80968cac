# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch of a host: what is told, when, and that it is told once."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.failure import Failure
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import LogEvent, oldest
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import Tables
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching import watching
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.arguments import InvalidArgument, WatchedHost
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.host_session import HostSession, HostSnapshot
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.positions import EVENTS, Bookmark, Positions
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import AccessDenied, ConnectionDropped
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.watching.watched_host import (
    BEGIN,
    WEB01,
    HostWithLog,
    Rules,
    look,
    watch_of,
)

REFUSED = f"0xC004FD00,{WEB01.id}"


def test_an_event_is_told_once_and_with_its_machine() -> None:
    host, rules = HostWithLog(), Rules()
    watch = watch_of(host, rules, Positions(None))
    host.write(REFUSED)
    for _time in range(3):
        look(watch)

    (event,) = rules.of("guest_activation")
    assert (event["host"], event["vm"]["name"], event["refused"]) == ("hv01", "web01", True)
    assert host.opened == 1


def test_machines_are_asked_for_only_where_there_are_events() -> None:
    host, rules = HostWithLog(), Rules()
    watch = watch_of(host, rules, Positions(None), licence_interval=0)
    look(watch)
    assert "Msvm_ComputerSystem" not in host.calls
    host.write(REFUSED)
    look(watch)

    assert host.calls.count("Msvm_ComputerSystem") == 1


def test_a_host_that_does_not_name_its_machines_is_heard_all_the_same() -> None:
    host, rules = HostWithLog(), Rules()
    host.failures["Msvm_ComputerSystem"] = AccessDenied(code=5)
    host.write(REFUSED)
    look(watch_of(host, rules, Positions(None)))

    assert rules.of("guest_activation")[0]["vm"]["known"] is False
    assert rules.of("host_contact") == []


def test_an_event_waits_for_its_machine_where_the_connection_breaks_in_between() -> None:
    host, rules = HostWithLog(), Rules()
    watch = watch_of(host, rules, Positions(None), licence_interval=0)
    host.failures["Msvm_ComputerSystem"] = ConnectionDropped("http://hv01:5985/wsman", "reset")
    host.write(REFUSED)
    look(watch)
    assert rules.told == []
    host.failures.clear()
    look(watch)

    assert [event["vm"]["name"] for event in rules.of("guest_activation")] == ["web01"]


def test_what_happened_before_the_start_is_told_as_far_as_it_is_wanted() -> None:
    host, rules = HostWithLog(), Rules()
    for number in range(4):
        host.write(str(number))
    look(watch_of(host, rules, Positions(None), since="0m"))
    # the clock of the host shows the very second of the last event
    assert rules.told == ["3"]


def test_a_host_that_answers_late_is_read_from_the_start_of_the_watch() -> None:
    host, rules, now = HostWithLog(), Rules(), [0.0]
    watch = watch_of(host, rules, Positions(None), since="0m", clock=lambda: now[0])
    host.failures["Win32_OperatingSystem"] = ConnectionDropped("http://hv01:5985/wsman", "reset")
    look(watch)
    for _second in range(5):
        host.write("while it was away")
    now[0] = 5
    host.failures.clear()
    look(watch)

    assert len(rules.told) == 5


@pytest.mark.parametrize(
    ("given", "ready", "findings"),
    [
        ({}, None, ["HOST_BUILD_UNKNOWN"]),
        ({"tables": {"releases": [{"name": "Contoso", "build": 900100}]}}, True, []),
        ({"tables": {"releases": [{"name": "Contoso", "build": "900200"}]}}, None, ["HOST_BUILD_UNKNOWN"]),
    ],
)
def test_a_host_of_a_release_that_the_site_has_added_is_judged_by_it(
    given: dict[str, Any], ready: bool | None, findings: list[str]
) -> None:
    host, rules = HostWithLog(), Rules()
    host.os["BuildNumber"] = "900100"
    look(watch_of(host, rules, Positions(None), **given))

    (event,) = rules.of("host_licence")
    assert (event["ready"], event["findings"]) == (ready, findings)


def test_a_host_goes_and_comes_back() -> None:
    host, rules = HostWithLog(), Rules()
    watch = watch_of(host, rules, Positions(None))
    look(watch)
    host.failures["Win32_OperatingSystem"] = ConnectionDropped("http://hv01:5985/wsman", "reset by peer")
    for _time in range(3):
        look(watch)
    host.failures.clear()
    look(watch)
    look(watch)

    assert [event["answers"] for event in rules.of("host_contact")] == [False, True]
    assert rules.of("host_contact")[0]["error"]["kind"] == "connection_failed"
    assert host.opened == 4, "each failure is followed by a new session"


def test_a_host_that_shows_its_events_and_not_its_licence_is_said_so_once() -> None:
    host, rules = HostWithLog(), Rules()
    host.failures["SoftwareLicensingProduct"] = AccessDenied(code=5)
    watch = watch_of(host, rules, Positions(None))
    for _time in range(3):
        host.write("0x00000000")
        look(watch)

    assert len(rules.told) == 3
    assert [event["error"]["kind"] for event in rules.of("host_contact")] == ["access_denied"]


def test_a_log_that_may_not_be_read_is_told_once_and_caught_up_with() -> None:
    host, rules, positions = HostWithLog(), Rules(), Positions(None)
    watch = watch_of(host, rules, positions, licence_interval=0)
    host.write("0x00000000")
    host.readable = False
    for _look in range(3):
        look(watch)
    look(watch_of(host, rules, positions, licence_interval=0))  # after a restart
    assert [event["code"] for event in rules.events] == ["EVENT_LOG_UNREADABLE"]
    assert "Event Log Readers" in rules.events[0]["remedy"]

    host.readable = True
    look(watch)
    host.readable = False
    look(watch)
    assert [event["type"] for event in rules.events] == ["event_log", "host_contact", "guest_activation", "event_log"]
    assert rules.events[1]["answers"] is True


def test_a_week_is_looked_back_only_where_the_clock_may_have_been_set_back() -> None:
    host, rules, now = HostWithLog(), Rules(), [0.0]
    watch = watch_of(host, rules, Positions(None), licence_interval=0, limit=2, session_clock=lambda: now[0])

    def looked(seconds: int, by_host: int) -> float:
        """How many days before the newest event that was told the look began."""
        now[0] += seconds
        host.time += timedelta(seconds=by_host)
        last = host.log[-1][1]
        look(watch)
        return (last - datetime.strptime(host.spans[-1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)) / timedelta(days=1)

    host.write("0x00000000")
    look(watch)
    minutes = pytest.approx(5 / 1440)
    assert looked(60, 60) == minutes
    assert looked(60, 5) == minutes, "as much as a time service corrects"
    assert looked(600, 60) == 7, "it was set back by nine minutes"
    assert looked(60, 60) == minutes
    host.failures["Win32_NTLogEvent"] = ConnectionDropped("http://hv01:5985/wsman", "reset")
    look(watch)
    host.failures.clear()
    assert looked(86400, 86400) == minutes, "what the last whole look has shown still holds"
    for _event in range(3):
        host.write("0x00000000")
    look(watch)  # is cut by the limit
    host.write("0x00000000")
    look(watch)
    assert (host.log[2][1] - datetime.strptime(host.spans[-1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)) == timedelta(days=7)


def test_a_licence_is_told_when_it_changes_and_asked_for_at_its_own_interval() -> None:
    host, rules, now = HostWithLog(), Rules(), [0.0]
    positions = Positions(None)
    watch = watch_of(host, rules, positions, licence_interval=100, clock=lambda: now[0])
    look(watch)
    host.licences[0]["LicenseStatus"] = 5
    look(watch)
    assert [event["change"] for event in rules.of("host_licence")] == ["first"], "it is not asked for yet"
    now[0] = 100
    look(watch)
    look(watch_of(host, rules, positions))  # after a restart
    now[0] = 200
    host.licences[0]["LicenseStatus"] = 1
    look(watch)

    assert [event["change"] for event in rules.of("host_licence")] == ["first", "lost", "restored"]
    assert rules.of("host_licence")[1]["before"]["licensed"] is True


def test_the_licence_may_be_left_alone() -> None:
    host, rules = HostWithLog(), Rules()
    look(watch_of(host, rules, Positions(None), licence_interval=0))

    assert rules.events == []
    assert "SoftwareLicensingProduct" not in host.calls


def test_back_off_grows_to_minutes_and_ends_with_an_answer() -> None:
    host, rules, waits = HostWithLog(), Rules(), list[float]()
    host.failures["Win32_OperatingSystem"] = ConnectionDropped("http://hv01:5985/wsman", "reset")

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 50:
            host.failures.clear()
        if len(waits) == 52:
            raise asyncio.CancelledError

    watch = watch_of(host, rules, Positions(None), interval=2, sleep=sleep, chance=lambda: 0.5)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(watch.run())

    assert waits[1:5] == [3.75, 7.5, 15.0, 30.0]
    assert max(waits) == 225.0
    assert waits[50:] == [1.9, 1.9]


def test_a_backlog_is_read_in_batches_without_waiting() -> None:
    host, rules = HostWithLog(), Rules()
    for number in range(7):
        host.write(f"event {number}")
    watch = watch_of(host, rules, Positions(None), limit=3)

    assert [look(watch) for _time in range(3)] == [True, True, False]
    assert rules.told == [f"event {number}" for number in range(7)]


def test_no_more_than_the_batch_is_held_of_a_flooded_log() -> None:
    flood = (LogEvent(record, BEGIN, 12310) for record in range(200_000, 0, -1))

    assert [event.record for event in oldest(flood, Bookmark("log", EVENTS, BEGIN, 10, 12310), 5)] == [1, 2, 3, 4, 5, 6, 7]
    assert [
        event.record for event in oldest([LogEvent(3, BEGIN, 12310)], Bookmark("log", EVENTS, BEGIN.replace(year=2027), 9, 12310), 5)
    ] == []


class Broken:
    """A session with a mistake in it."""

    def __init__(self, host: WatchedHost, timeout: int, tables: Tables) -> None:
        self.name = host.name

    def look(self, *_start: Any, **_options: Any) -> HostSnapshot:
        raise AssertionError(self.name)


class Stuck:
    """Sessions of which that of hv01 hangs until it is let go; the others answer, and each look is counted."""

    let_go = threading.Event()
    looks: ClassVar[list[str]] = []

    def __init__(self, host: WatchedHost, timeout: int, tables: Tables) -> None:
        self.name = host.name

    def look(self, *_start: Any, **_options: Any) -> HostSnapshot:
        self.looks.append(self.name)
        if self.name == "hv01":
            self.let_go.wait(30)
        return HostSnapshot(failure=Failure(f"{self.name}: off", "connect_timed_out", unreachable=True))


def watch_stuck(monkeypatch: pytest.MonkeyPatch, rules: Rules, parallel: int, until: Callable[[], object]) -> None:
    """Watch two hosts, of which one hangs, until it is so; then a shutdown, which must not wait for the one that hangs."""
    monkeypatch.setattr(watching, "HostSession", Stuck)
    Stuck.looks.clear()
    Stuck.let_go.clear()

    async def go() -> None:
        task = asyncio.create_task(watching.watch(rules, {"hosts": ["hv01", "hv02"], "parallel": parallel, "interval": 1}))
        async with asyncio.timeout(10):
            while not until():
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    try:
        asyncio.run(go())
    finally:
        Stuck.let_go.set()


def test_a_host_that_hangs_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Rules()
    watch_stuck(monkeypatch, rules, 2, lambda: rules.events and "hv01" in Stuck.looks)

    assert [event["host"] for event in rules.of("host_contact")] == ["hv02"]


def test_no_more_hosts_are_asked_at_once_than_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[float] = []

    def a_while_after_hv01() -> bool:
        if "hv01" in Stuck.looks and not began:
            began.append(time.monotonic())
        return bool(began) and time.monotonic() - began[0] > 0.3

    watch_stuck(monkeypatch, Rules(), 1, a_while_after_hv01)

    assert Stuck.looks.index("hv01") == len(Stuck.looks) - 1, "hv02 may have been before it, and is not asked while it hangs"


def test_what_goes_wrong_with_one_host_in_an_unknown_way_ends_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(watching, "HostSession", Broken)
    path = tmp_path / "bookmarks.json"
    with pytest.raises(AssertionError):
        asyncio.run(watching.watch(Rules(), {"hosts": ["hv01", "hv02"], "bookmarks": str(path)}))

    Positions(str(path)).close()  # which is free again


def test_arguments_are_checked_before_anything_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.json"
    with pytest.raises(InvalidArgument):
        asyncio.run(watching.watch(Rules(), {"hosts": ["hv01"], "bookmarks": str(path), "interval": -1}))

    assert not path.exists()


def test_a_connection_that_cannot_be_made_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Rules()

    async def go() -> None:
        task = asyncio.create_task(watching.watch(rules, {"hosts": {"hv01": {"ansible_connection": "ssh"}}, "interval": 1}))
        while not rules.events:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(go())
    error = rules.of("host_contact")[0]["error"]
    assert error["kind"] == "connection_not_made"
    assert error["message"].startswith("hv01: its ansible_connection is 'ssh'. Set it to winrm or psrp")


def test_a_session_is_made_from_the_variables_of_its_host() -> None:
    seen = []

    def opened(connection: Any) -> HostWithLog:
        seen.append((connection.get_option("remote_addr"), connection.get_option("remote_user"), connection.get_option("port")))
        return HostWithLog()

    arguments = watching.read_arguments(
        {"hosts": {"hv01": {"ansible_host": "10.0.0.1"}}, "variables": {"ansible_port": 5985}, "username": "u"}, {}
    )
    session = HostSession(arguments.hosts[0], 20, arguments.tables, opened)
    session.look(None, arguments.since, limit=1, licence=False)

    assert seen == [("10.0.0.1", "u", 5985)]


class Telling(RuleBasedStateMachine):
    """Whatever happens to log, host and watch: an event that could be read is told once, and a gap is told where there may be one."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self.folder.name) / "bookmarks.json")
        self.host, self.rules = HostWithLog(), Rules()
        self.positions = Positions(self.path)
        self.number = 0
        self.written: list[str] = []
        self.gone: set[str] = set()

    @rule(events=st.integers(1, 5))
    def write(self, events: int) -> None:
        for _event in range(events):
            self.written.append(f"event {self.number}")
            self.host.write(f"event {self.number}")
            self.number += 1

    @rule(limit=st.integers(1, 4))
    def look(self, limit: int) -> None:
        look(watch_of(self.host, self.rules, self.positions, limit=limit, licence_interval=0))

    @rule(limit=st.integers(1, 4), room=st.integers(0, 3))
    def stop_in_the_middle(self, limit: int, room: int) -> None:
        self.rules.room = room
        self.look(limit)
        self.rules.room = None
        self.restart()

    @rule()
    def restart(self) -> None:
        self.positions.close()
        self.positions = Positions(self.path)

    @rule()
    def fail(self) -> None:
        self.host.failures["Win32_NTLogEvent"] = ConnectionDropped("http://hv01:5985/wsman", "reset")
        self.look(4)
        self.host.failures.clear()

    @rule()
    def clear(self) -> None:
        self._lose(len(self.host.log))
        self.host.clear()

    @rule(oldest=st.integers(1, 4))
    def wrap(self, oldest: int) -> None:
        self._lose(oldest)
        self.host.wrap(oldest)

    def _lose(self, oldest: int) -> None:
        self.gone |= {string for _record, _time, string in self.host.log[:oldest]} - set(self.rules.told)

    @invariant()
    def nothing_is_told_twice_or_out_of_order(self) -> None:
        told = [int(string.removeprefix("event ")) for string in getattr(self, "rules", Rules()).told]
        assert told == sorted(set(told))

    def teardown(self) -> None:
        if hasattr(self, "rules"):
            while look(watch_of(self.host, self.rules, self.positions, limit=2, licence_interval=0)):
                pass
            self.positions.close()
            self.folder.cleanup()
            assert set(self.rules.told) | self.gone == set(self.written)
            # before the first look nobody waited for what went, and after it every gap is told
            if self.gone and self.rules.told and min(map(self.written.index, self.gone)) > self.written.index(self.rules.told[0]):
                assert self.rules.of("event_log")


TestTelling = Telling.TestCase
TestTelling.settings = settings(max_examples=25, stateful_step_count=20)
