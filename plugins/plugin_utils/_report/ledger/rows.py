# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""From results of the modules to rows of the ledger.

Results come from other jobs and other versions, and some of them are those of failed tasks: what is not an event, activation or bookmark is
counted and left out, never guessed at.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ..._avma.evidence import licence_of
from ..._avma.outcome import Outcome
from ..._avma.text import safe_text
from ..._avma.times import InvalidTime, iso, parse_time
from ..._avma.vm_matching import normalise_id

SECONDS_A_DAY = 86400
# Outcomes after which the guest has said something about its licence.
_KEPT_OUTCOMES = {one.value for one in Outcome} - {Outcome.DEFERRED.value}
_SUBJECT_LIMIT = 32
_LARGEST = 2**63 - 1  # of SQLite's integers


@dataclass(frozen=True)
class EventRow:
    computer: str
    log: str
    record: int
    time: int
    event_id: int
    notification: str
    code: int | None
    body: str
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class ActivationRow:
    guest: str
    vm_id: str
    day: int
    state: str
    time: int
    outcome: str
    body: str


@dataclass(frozen=True)
class BookmarkRow:
    machine: str
    time: int
    body: str


@dataclass
class Rows:
    """``skipped``: reasons, each with how often it came."""

    events: list[EventRow] = field(default_factory=list)
    activations: list[ActivationRow] = field(default_factory=list)
    bookmarks: list[BookmarkRow] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + 1


def rows_of(events: Iterable[t.Any], activations: Iterable[t.Any], now: datetime) -> Rows:
    """``events``: results of event_info, or single events of them. ``activations``: results of guest_key. ``now``: when those were seen."""
    rows = Rows()
    for result in events:
        _take_events(rows, result)
    for result in activations:
        row = _unless_odd(_activation, result, now) if isinstance(result, Mapping) else None
        if row is None:
            rows.skip("no result of guest_key with the licence")
        else:
            rows.activations.append(row)
    return rows


Row = t.TypeVar("Row")


def _unless_odd(make: t.Callable[..., Row | None], result: Mapping[str, t.Any], *more: datetime) -> Row | None:
    """The row that is made of ``result``. None: something in it has no form that can be kept."""
    try:
        return make(result, *more)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, InvalidTime):
        return None


def _take_events(rows: Rows, result: t.Any) -> None:
    if not isinstance(result, Mapping):
        rows.skip("no result of event_info")
        return
    single = "events" not in result and "record" in result
    found = [result] if single else result.get("events")
    if not isinstance(found, (list, tuple)):
        rows.skip("a result without events (failed, skipped, or narrowed by 'query')")
        return
    whole = True
    for one in found:
        row = _unless_odd(_event, one) if isinstance(one, Mapping) else None
        if row is None:
            whole = False
            rows.skip("an event without computer, log, record, time or ID")
        else:
            rows.events.append(row)
    # A bookmark says that all before it was kept; it must not, if something was left out.
    bookmark = _unless_odd(_bookmark, result) if whole and not single else None
    if bookmark is not None:
        rows.bookmarks.append(bookmark)


def _event(event: Mapping[str, t.Any]) -> EventRow | None:
    computer = str(event["computer"]).strip().lower()
    log = str(event["log"]).strip()
    record, event_id = int(event["record"]), int(event["event_id"])
    time = _seconds(parse_time(str(event["time"])))
    if not computer or not log or not 0 <= record <= _LARGEST or not 0 <= event_id <= _LARGEST:
        return None
    return EventRow(
        computer=_storable(computer),
        log=_storable(log),
        record=record,
        time=time,
        event_id=event_id,
        notification=_storable(str(event.get("notification") or "unknown")),
        code=_code(event.get("code")),
        body=_json(event),
        subjects=_subjects(event),
    )


def _subjects(event: Mapping[str, t.Any]) -> tuple[str, ...]:
    """What the event may be about: GUIDs in upper case, names in lower case."""
    found: dict[str, None] = {}
    for name, change in (("guids", str.upper), ("vm_names", str.lower), ("host_names", str.lower)):
        values = event.get(name)
        for value in values if isinstance(values, (list, tuple)) else ():
            found[_storable(change(str(value)))] = None
    found.pop("", None)
    return tuple(found)[:_SUBJECT_LIMIT]


def _activation(result: Mapping[str, t.Any], now: datetime) -> ActivationRow | None:
    outcome = result.get("outcome")
    guest = result.get("guest")
    if not isinstance(outcome, str) or outcome not in _KEPT_OUTCOMES or not isinstance(guest, Mapping) or not guest.get("name"):
        return None
    licence = licence_of(result)
    placement = _mapping(guest.get("placement"))
    avma = _mapping(licence.get("avma"))
    os = _mapping(guest.get("os"))
    body = {
        "guest": str(guest["name"]),
        "vm_id": placement.get("vm_id"),
        "vm_name": placement.get("vm_name"),
        "host": placement.get("host") or avma.get("host"),
        "outcome": str(outcome),
        "licensed": licence.get("licensed"),
        "channel": licence.get("channel"),
        "status": licence.get("status"),
        "partial_product_key": licence.get("partial_product_key"),
        "iaid": avma.get("iaid"),
        "activated_by": avma.get("host"),
        "last_activation": avma.get("last_activation"),
        "release": os.get("release"),
        "edition": os.get("edition"),
    }
    time = _seconds(now)
    # A second run finds "already_activated" where the first one activated: the same state of the guest, but worth a row of its own.
    return ActivationRow(
        guest=_storable(str(guest["name"]).lower()),
        vm_id=_storable(normalise_id(placement.get("vm_id")) or ""),
        day=time // SECONDS_A_DAY,
        state=hashlib.sha256(_json(body).encode("ascii")).hexdigest(),
        time=time,
        outcome=_storable(str(outcome)),
        body=_json({**body, "time": iso(datetime.fromtimestamp(time, timezone.utc))}),
    )


def _bookmark(result: Mapping[str, t.Any]) -> BookmarkRow | None:
    machine, bookmark = result.get("machine"), result.get("bookmark")
    if not machine or not isinstance(bookmark, Mapping):
        return None
    return BookmarkRow(_storable(str(machine)), _seconds(parse_time(str(bookmark["time"]))), _json(bookmark))


def _mapping(value: t.Any) -> Mapping[str, t.Any]:
    return value if isinstance(value, Mapping) else {}


def _seconds(time: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return int((time - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() // 1)


def _code(value: t.Any) -> int | None:
    try:
        code = int(str(value), 16)
    except ValueError:
        return None
    return code if 0 <= code <= _LARGEST else None


def _json(value: Mapping[str, t.Any]) -> str:
    """One line of ASCII: whatever a tenant wrote is escaped in it, lone surrogates too, which SQLite could not store. Raises TypeError, ValueError
    and RecursionError for what is not JSON."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str, allow_nan=False)


def _storable(text: str) -> str:
    """A text for a column: plain str without control characters and surrogates, of a bounded length."""
    return safe_text(str.__str__(text), limit=256)
