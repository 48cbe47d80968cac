# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events and rows as jobs would deliver them."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import HOST_EVENT, LogEvent, LogOrigin, event_result
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.times import iso
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.rows import Rows, rows_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
ORIGIN = LogOrigin("HV01", "4C4C4544-0033-4410-8052-B4C04F4E3132/Application", BEGIN)
VM = "6E8A1C3D-0B2F-4A5E-9C77-1D2E3F405162"


def event(
    record: int, *, computer: str = "hv01.corp.example", log: str = ORIGIN.id, seconds: int | None = None, code: str = "0x00000000"
) -> dict[str, Any]:
    time = BEGIN + timedelta(seconds=record if seconds is None else seconds)
    strings = (f"{code},{VM.lower()},2026/11/01 00:00,10080",)
    return event_result(
        LogEvent(record, time, HOST_EVENT, computer, "Microsoft-Windows-Security-SPP", strings, strings[0]), LogOrigin("HV01", log, None)
    )


def result(events: list[dict[str, Any]], machine: str = "hv01") -> dict[str, Any]:
    """As event_info returns it."""
    last = max(events, key=lambda one: one["record"])
    return {
        "machine": machine,
        "events": events,
        "bookmark": {
            "version": 1,
            "log": ORIGIN.id,
            "events": [12309, 12310],
            "time": last["time"],
            "record": last["record"],
            "event_id": HOST_EVENT,
        },
    }


def activation(name: str = "WEB01", outcome: str = "activated", last: datetime = BEGIN) -> dict[str, Any]:
    """As guest_key returns it, as far as the ledger reads it."""
    return {
        "outcome": outcome,
        "guest": {
            "name": name,
            "os": {"release": "2022", "edition": "Standard"},
            "placement": {"vm_id": VM, "vm_name": name.lower(), "host": "HV01"},
        },
        "after": {
            "licensed": outcome != "failed",
            "channel": "avma",
            "status": "licensed",
            "partial_product_key": "78VHK",
            "avma": {"iaid": "1", "host": "HV01", "last_activation": iso(last)},
        },
    }


def rows(*events: dict[str, Any]) -> Rows:
    return rows_of(list(events), [], BEGIN)


def events_about(ledger: Ledger, subject: str) -> list[dict[str, Any]]:
    """Events that carry this GUID (without braces) or name, by time."""
    with sqlite3.connect(ledger.path) as connection:
        found = connection.execute(
            "SELECT events.body FROM subjects JOIN event_subjects ON subject_id = subjects.id JOIN events ON events.id = event "
            "WHERE name IN (?, ?) ORDER BY events.time, events.id",
            (subject.upper(), subject.lower()),
        )
        return [json.loads(body) for (body,) in found]
