# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source against the lab, loaded as ansible-rulebook loads it: by its path, as a file that nothing lies beside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .labs import BASIC, NTLM, PSRP, Connection, Lab
from .playing import ROOT, environment

SOURCE = ROOT / "extensions/eda/plugins/event_source/avma_events.py"
_PATIENCE = 30  # seconds
# What ansible-rulebook does with a source, and each event on a line of its own.
RUN = """
import asyncio, json, runpy, sys

class Queue:
    async def put(self, event):
        print(json.dumps(event), flush=True)

asyncio.run(runpy.run_path(sys.argv[1])["main"](Queue(), json.loads(sys.argv[2])))
"""


class Source:
    """A running source, and the events that it has given."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._file = output

    @property
    def output(self) -> str:
        return self._file.read_text(encoding="utf-8")

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        lines = self.output.splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in events if kind in (None, event["type"])]

    def wait(self, until: Callable[[], object]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not until():
            assert time.monotonic() < deadline, self.output
            assert self.process.poll() is None, self.output
            time.sleep(0.05)


def watched(lab: Lab, name: str, connection: Connection) -> dict[str, Any]:
    """All variables of a host, for a connection of its own."""
    query = f"connection={connection.connection}&transport={connection.transport}&scheme={connection.scheme}"
    described = lab.get(f"/inventory?{query}")["all"]
    return {**described["vars"], **described["children"]["hyperv_hosts"]["hosts"][name]}


@contextmanager
def running_source(lab: Lab, folder: Path, **given: Any) -> Iterator[Source]:
    source = folder / "avma_events.py"
    shutil.copy(SOURCE, source)
    hosts = {"hv01": watched(lab, "hv01", NTLM), "hv02": watched(lab, "hv02", PSRP), "hv04": watched(lab, "hv04", BASIC)}
    arguments = {"hosts": hosts, "interval": 1, "licence_interval": 1, **given}
    output = folder / f"{time.monotonic_ns()}.out"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(source), json.dumps(arguments)], env=environment(folder / "record"), stdout=file, stderr=file
        )
    try:
        yield Source(process, output)
    finally:
        process.kill()  # the worst that can happen to it
        process.wait()


def test_events_are_told_once_over_a_crash_a_silence_and_a_cleared_log(demo: Lab, tmp_path: Path) -> None:
    bookmarks = tmp_path / "bookmarks.json"
    given = {"since": "1d", "bookmarks": str(bookmarks)}
    demo.arrange("event", machine="hv02", id=12310, strings=["0xC004FD00", "print01"])
    with running_source(demo, tmp_path, **given) as first:
        first.wait(lambda: bookmarks.exists() and bookmarks.read_text().count('"licensed": true') == 3)
        told = first.events("guest_activation")
        assert ["hv02", "print01", True] in [[event["host"], event["vm"]["name"], event["refused"]] for event in told]
        assert [event["licensed"] for event in first.events("host_licence")] == [True] * 3
    # it was killed; meanwhile life goes on
    demo.arrange("event", machine="hv02", id=12310, strings=["0x00000000", "print01"])
    demo.arrange("licence", machine="hv04", status="notification")
    demo.arrange("fail_over", host="hv01")
    with running_source(demo, tmp_path, **given) as second:
        second.wait(lambda: {event["type"] for event in second.events()} == {"guest_activation", "host_licence", "host_contact"})
        demo.arrange("fail_over", host="hv01", back=True)
        second.wait(lambda: len(second.events("host_contact")) == 2)
        demo.arrange("clear_log", machine="hv02")
        demo.arrange("event", machine="hv02", id=12310, strings=["0xC004FD03", "print01"])
        second.wait(lambda: second.events("event_log") and second.events("guest_activation")[-1]["code"] == "0xC004FD03")
        events = second.events()
    assert len({event["id"] for event in [*told, *second.events("guest_activation")]}) == len(told) + len(second.events("guest_activation"))
    assert [event["code"] for event in second.events("guest_activation") if event["vm"]["name"] == "print01"] == [
        "0x00000000",
        "0xC004FD03",
    ]
    assert [(event["host"], event["code"]) for event in second.events("event_log")] == [("hv02", "EVENT_LOG_CLEARED")]
    assert [(event["host"], event["change"]) for event in second.events("host_licence")] == [("hv04", "lost")]
    assert [(event["host"], event["answers"]) for event in second.events("host_contact")] == [("hv01", False), ("hv01", True)]
    assert "Lab-Passw0rd!" not in f"{events}{bookmarks.read_text()}"


def test_an_argument_that_cannot_be_used_ends_it_with_a_reason(demo: Lab, tmp_path: Path) -> None:
    with running_source(demo, tmp_path, interval=0) as source:
        assert source.process.wait(_PATIENCE) == 1
        assert "InvalidArgument: interval: '0' is not a number from 1 to 604800" in source.output
