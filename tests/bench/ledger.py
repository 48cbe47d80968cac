# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger of five years: what a night's harvest, the report of two months and a check cost on it, and how long the check keeps writers out.

Its events are made here, as event_info returns them, for no lab runs for years; the steps are run by ansible-playbook.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import HOST_EVENT, LogEvent, LogOrigin, event_result
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.times import iso
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.rows import EventRow, Rows, rows_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger

from .controller import Controller
from .table import Table

_HOSTS, _VMS_PER_HOST = 64, 125
_NIGHTS = 5 * 365
# Strings that no event of the template holds by chance, so that an event is made by replacing them.
_VM, _IAID, _TIME, _RECORD = str(uuid.UUID(int=1)).upper(), str(uuid.UUID(int=2)).upper(), "2000-01-01T00:00:00Z", 999_999_999


class _Events:
    """Events as event_info returns them, quick to make: the lab's comma-separated shape, a refusal in every seventeenth."""

    def __init__(self, begin: datetime) -> None:
        self._begin = begin
        self._templates = [tuple(_template(host, code) for code in (0, 0xC004FD02)) for host in range(_HOSTS)]
        self._vms = [_guid(0xA, number) for number in range(_HOSTS * _VMS_PER_HOST)]

    def row(self, number: int, night: int, of_night: int, size: int) -> EventRow:
        host = of_night * _HOSTS // size
        vm = host * _VMS_PER_HOST + number * 7 % _VMS_PER_HOST
        template = self._templates[host][number % 17 == 0]
        when = self._begin + timedelta(days=night, seconds=of_night * 86400 // size)
        record = night * size + of_night + 1
        body = template.body.replace(_VM, self._vms[vm]).replace(_TIME, iso(when)).replace(str(_RECORD), str(record))
        iaid = _guid(0xB, vm)
        return replace(
            template,
            record=record,
            time=int(when.timestamp()),
            body=body.replace(_IAID, iaid),
            subjects=(self._vms[vm], iaid),
        )

    def night(self, night: int, size: int) -> Iterator[EventRow]:
        for of_night in range(size):
            yield self.row(night * size + of_night, night, of_night, size)


def _guid(kind: int, number: int) -> str:
    return str(uuid.UUID(int=(kind << 124) + number)).upper()


def _template(host: int, code: int) -> EventRow:
    name = f"hv{host:02d}"
    origin = LogOrigin(name.upper(), f"{uuid.uuid5(uuid.NAMESPACE_DNS, name)}/Application".upper(), None)
    text = f"0x{code:08X},{_VM.lower()},{_IAID.lower()},2026/11/01 00:00,10080"
    event = LogEvent(
        _RECORD,
        datetime(2000, 1, 1, tzinfo=UTC),
        HOST_EVENT,
        f"{name}.lab.example.com",
        "Microsoft-Windows-Security-SPP",
        (text,),
        f"Automatic virtual machine activation. Info:\r\n{text}",
    )
    rows = rows_of([event_result(event, origin)], [], datetime.now(UTC))
    (row,) = rows.events
    return row


def fill(path: Path, events: int, until: datetime) -> int:
    """Five years of nights, up to ``until``; the number of events in a night."""
    size = max(_HOSTS, events // _NIGHTS)
    made = _Events(until - timedelta(days=_NIGHTS))
    ledger = Ledger(str(path))
    batch: list[EventRow] = []
    for night in range(_NIGHTS):
        batch += made.night(night, size)
        if len(batch) >= 50_000 or night == _NIGHTS - 1:
            ledger.record(Rows(events=batch))
            batch = []
    return size


class _Writer(threading.Thread):
    """Another job, which records events one by one, the second time after a second, then after two, four and so on: each makes the copy of
    the check begin anew. ``waits``: how long each took."""

    def __init__(self, path: Path, events: Iterator[EventRow]) -> None:
        super().__init__(daemon=True)
        self._path, self._events, self._done = path, events, threading.Event()
        self.waits: list[float] = []

    def run(self) -> None:
        ledger = Ledger(str(self._path))
        while not self._done.wait(2.0 ** len(self.waits)):
            started = time.monotonic()
            ledger.record(Rows(events=[next(self._events)]))
            self.waits.append(time.monotonic() - started)

    def stop(self) -> None:
        self._done.set()
        self.join()


def ledger(controller: Controller, path: Path, events: int) -> Iterator[Table]:
    """``path``: a ledger that was made before, or where to make it."""
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    size = max(_HOSTS, events // _NIGHTS)
    started = time.monotonic()
    if not path.exists():
        fill(path, events, until)
    filled = time.monotonic() - started
    made = _Events(until)
    night = {"machine": "hv00", "events": [json.loads(row.body) for row in made.night(0, size)]}
    where = {"path": str(path)}
    delivery = {**where, "hosts": ["localhost"], "events_variable": "night"}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("nothing (ansible.builtin.assert)", {"ansible.builtin.assert": {"that": [True]}}),
        ("bookmarks of all logs", {"hyperv.avma.ledger": where}),
        (f"a night's {size:,} events", {"hyperv.avma.ledger": delivery}),
        ("the same once more", {"hyperv.avma.ledger": delivery}),
        (
            "report of 90 days and 2 months",
            {"hyperv.avma.report": {"dest": f"{path}-report", "ledger": str(path), "formats": ["html", "json", "months"]}},
        ),
    ]
    rows: list[tuple[str | int | float, ...]] = []
    for name, task in steps:
        cost = controller.play("localhost", task, 1, **({"night": night} if delivery in task.values() else {}))
        rows.append((name, cost.wall, cost.cpu, cost.memory))
    writer = _Writer(path, made.night(2, 86400))
    writer.start()
    cost = controller.play("localhost", {"hyperv.avma.ledger": {**where, "state": "check"}})
    writer.stop()
    rows.append(("check, while another job writes", cost.wall, cost.cpu, cost.memory))
    yield Table(
        f"A ledger of {events:,} events ({path.stat().st_size / 1e9:.1f} GB, made in {filled:.0f} s)",
        ("step", "wall s", "CPU s", "largest process MiB"),
        rows,
        f"During the check the other job wrote {len(writer.waits)} times; the longest took {max(writer.waits, default=0):.2f} s.",
    )
