# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Hyper-V host with an event log, and a queue that may break off, for tests of the watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.arguments import Arguments, read_arguments
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.host_session import HostSession, HostSnapshot
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.positions import Positions
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.watching import HostWatch, Message
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost, FakeVm
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import projected

BEGIN = datetime(2026, 11, 2, 4, 12, 9, tzinfo=UTC)
WEB01 = FakeVm("D78F030A-8F49-52C6-B3A3-E8B3B205D2E2", "web01")


class HostWithLog(FakeHost):
    """``write`` adds an event and lets a second pass; every event is told by the number in its only string."""

    def __init__(self) -> None:
        super().__init__(WEB01)
        self.time = BEGIN
        self.log: list[tuple[int, datetime, str]] = []
        self.records = 0
        self.opened = 0
        self.readable = True
        self.spans: list[str] = []

    def write(self, *strings: str) -> None:
        self.records += 1
        self.time += timedelta(seconds=1)
        self.log.append((self.records, self.time, strings[0]))

    def clear(self) -> None:
        self.log, self.records = [], 0

    def wrap(self, oldest: int) -> None:
        del self.log[:oldest]

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        class_name = wql.partition(" FROM ")[2].partition(" ")[0]
        if class_name in self.failures:
            raise self.failures[class_name]
        if class_name == "Win32_NTLogEvent":
            self.calls.append(class_name)
            self.spans.append(wql.partition("TimeGenerated >= '")[2][:14])
            # newest first, as Windows gives them
            yield from (self._event(*event) for event in reversed(self.log) if self.readable)
        elif class_name == "Win32_NTEventlogFile":
            self.calls.append(class_name)
            if self.readable:
                yield projected(NumberOfRecords=len(self.log))
        elif class_name == "Win32_ComputerSystemProduct":
            yield projected(UUID="4C4C4544-0033-4410-8052-B4C04F4E3132")
        elif "LocalDateTime" in wql:
            yield projected(CSName="HV01", LocalDateTime=_text(self.time))
        else:
            yield from super().query(namespace, wql)

    @staticmethod
    def _event(record: int, time: datetime, string: str) -> Instance:
        return projected(
            ComputerName="hv01",
            EventCode=12310,
            InsertionStrings=(string,),
            RecordNumber=record,
            SourceName="Microsoft-Windows-Security-SPP",
            TimeGenerated=_text(time),
        )


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


class Rules:
    """A queue that keeps what it is given; ``room`` events, then the one who puts is cancelled, as at a shutdown."""

    def __init__(self) -> None:
        self.events: list[Message] = []
        self.room: int | None = None

    async def put(self, event: Message) -> None:
        if self.room == 0:
            raise asyncio.CancelledError
        if self.room is not None:
            self.room -= 1
        self.events.append(event)

    def of(self, kind: str) -> list[Message]:
        return [event for event in self.events if event["type"] == kind]

    @property
    def told(self) -> list[str]:
        """The strings of the events of guests, in the order of their telling."""
        return [event["strings"][0] for event in self.of("guest_activation")]


class SameThread:
    """Stands for the threads: what blocks is done at once."""

    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(1)

    async def call(self, function: Callable[[], HostSnapshot]) -> HostSnapshot:
        return function()


def arguments_of(**given: Any) -> Arguments:
    return read_arguments({"hosts": ["hv01"], "since": "1d", **given}, {})


def watch_of(host: HostWithLog, rules: Rules, positions: Positions, **given: Any) -> HostWatch:
    """A watch of the host as after a start, over that very session. ``given``: arguments, clock, sleep, chance."""
    own = {name: given.pop(name) for name in ("clock", "sleep", "chance") if name in given}
    hosts_clock = given.pop("session_clock", time.monotonic)
    arguments = arguments_of(**given)

    def opened(_connection: Any) -> HostWithLog:
        host.opened += 1
        return host

    session = HostSession(arguments.hosts[0], arguments.timeout, arguments.tables, opened, hosts_clock)
    return HostWatch(arguments.hosts[0], arguments, positions, rules, SameThread(), session=session, **own)  # type: ignore[arg-type]


def look(watch: HostWatch) -> bool:
    """One look; False also where it was cancelled."""

    async def once() -> bool:
        try:
            return await watch.look()
        except asyncio.CancelledError:
            return False

    return asyncio.run(once())
