# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""When which machine was seen activated, from events of hosts and from the ledger."""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from .._avma.event_text import Notification
from .._avma.events import HOST_EVENT
from .._avma.evidence import Source
from .._avma.outcome import Outcome
from .._avma.times import InvalidTime, point_in_time
from .joining import Machine, forms
from .material import Result, identifier

_ACTIVATED = {Outcome.ACTIVATED.value, Outcome.ALREADY_ACTIVATED.value}
# The guest was asked, and it is not activated by AVMA.
_NOT_ACTIVATED = {Outcome.KEPT.value, Outcome.KEYED.value, Outcome.FAILED.value}


# What a report goes by of an event. Texts, which are most of it, are not among it.
_COUNTED = ("event_id", "computer", "log", "notification", "inferred", "vm_ids", "vm_names")


@dataclass(frozen=True, slots=True)
class Sighting:
    """``machine``: as Machine.key has it. ``name``: what to call a machine that no host shows any more. ``host``: as the source names it."""

    machine: str
    time: datetime
    activated: bool
    source: Source
    host: str | None
    name: str | None = None


class Identities:
    """Whom an event means: a machine by its ID, else by a name that is its alone, else whom it names first."""

    def __init__(self, machines: Iterable[Machine], activations: Iterable[Result] = ()) -> None:
        self._by_id: dict[str, str] = {}
        names: dict[str, set[str]] = defaultdict(set)
        for machine in machines:
            if machine.id:
                self._by_id[machine.id] = machine.key
            for form in machine.names:
                names[form].add(machine.key)
        # Machines that are gone by now may still be called by the names under which the ledger has them.
        known = set(names)
        for activation in activations:
            one = identifier(activation.get("vm_id"))
            for name in (activation.get("vm_name"), activation.get("guest")):
                for form in forms(str(name)) if one and name else ():
                    if form not in known:
                        names[form].add(self._by_id.get(str(one), str(one)))
        self._by_name = {name: next(iter(keys)) for name, keys in names.items() if len(keys) == 1}

    def of(self, ids: Iterable[t.Any], names: Iterable[t.Any]) -> str | None:
        identifiers = [one for one in map(identifier, ids) if one]
        for one in identifiers:
            if one in self._by_id:
                return self._by_id[one]
        called = [str(name) for name in names if name]
        for name in called:
            for form in forms(name):
                if form in self._by_name:
                    return self._by_name[form]
        if identifiers:
            return identifiers[0]
        return f"name:{called[0].casefold()}" if called else None


def lean(events: Iterable[Result]) -> Iterator[Result]:
    """Events with what a report goes by, equal values being one object: some hundred thousands of them are held at once."""
    shared: dict[t.Any, t.Any] = {}
    for event in events:
        kept = {"record": event.get("record"), "time": event.get("time")}
        for name in _COUNTED:
            value = event.get(name)
            if isinstance(value, (list, dict)):
                value = tuple(map(str, value))
            kept[name] = shared.setdefault(value, value)
        yield kept


def distinct(events: Iterable[Result]) -> Iterator[Result]:
    """Each event of a host once, whoever delivered it; known by what the ledger knows it by."""
    seen: set[tuple[str, str, str, str, str]] = set()
    for event in events:
        if event.get("event_id") != HOST_EVENT:
            continue
        key = (
            str(event.get("computer")).lower(),
            str(event.get("log")),
            str(event.get("record")),
            str(event.get("time"))[:19],
            str(event.get("event_id")),
        )
        if key not in seen:
            seen.add(key)
            yield event


def sightings(events: Iterable[Result], activations: Iterable[Result], identities: Identities) -> list[Sighting]:
    """Successes of hosts' events, and what guests told. A refusal by a host ends nothing: what is activated stays so until it lapses."""
    found = []
    for event in events:
        if event.get("notification") != Notification.SUCCESS.value:
            continue
        names = _list(event.get("vm_names"))
        machine, time = identities.of(_list(event.get("vm_ids")), names), time_of(event.get("time"))
        if machine is not None and time is not None:
            name = str(names[0]) if names else None
            found.append(Sighting(machine, time, True, Source.HOST_EVENT, _text(event.get("computer")), name))
    for activation in activations:
        outcome = activation.get("outcome")
        time = time_of(activation.get("time"))
        vm_id = activation.get("vm_id")
        machine = identities.of([vm_id] if vm_id else [], [activation.get("vm_name"), activation.get("guest")])
        if machine is None or time is None or outcome not in _ACTIVATED | _NOT_ACTIVATED:
            continue
        name = _text(activation.get("vm_name") or activation.get("guest"))
        found.append(Sighting(machine, time, outcome in _ACTIVATED, Source.GUEST, _text(activation.get("host")), name))
    return found


def time_of(value: t.Any) -> datetime | None:
    """An ISO 8601 time in UTC; None for what is none. What the collection itself writes is read the quick way."""
    if not isinstance(value, str):
        return None
    try:
        if value.endswith("Z") and value.isascii():
            return datetime.fromisoformat(value[:-1]).replace(tzinfo=timezone.utc)
        return point_in_time(value)
    except (ValueError, InvalidTime):
        return None


def _list(value: t.Any) -> list[t.Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _text(value: t.Any) -> str | None:
    return str(value) if value else None
