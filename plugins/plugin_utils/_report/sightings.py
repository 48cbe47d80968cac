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
from .._avma.times import InvalidTime, parse_time
from .._avma.vm_matching import VmIndex, VmMarks, normalise_id
from .joining import Machine
from .material import Result

_ACTIVATED = {Outcome.ACTIVATED.value, Outcome.ALREADY_ACTIVATED.value}
# The guest was asked, and it is not activated by AVMA.
_NOT_ACTIVATED = {Outcome.KEPT.value, Outcome.KEYED.value, Outcome.FAILED.value}


# What a report goes by of an event. Texts, which are most of it, are not among it.
_COUNTED = ("event_id", "computer", "log", "notification", "inferred", "code", "vm_ids", "vm_names")


@dataclass(frozen=True, slots=True)
class Sighting:
    """``machine``: as Machine.key has it. ``name``: what to call a machine that no host shows any more. ``host``: as the source names it.
    ``success``: it was activated at that moment, and not only found so.
    """

    machine: str
    time: datetime
    activated: bool
    source: Source
    host: str | None
    name: str | None = None
    success: bool = True


class Identities:
    """Whom an event means: a machine by its ID, else by a name that is its alone, else whom it names first. None where it names several."""

    def __init__(self, machines: Iterable[Machine], activations: Iterable[Result] = ()) -> None:
        present = [_Known(machine.key, machine.marks_with_id) for machine in machines]
        here = VmIndex(present, lambda known: known.marks)
        # Machines that are gone by now may still be called by the names under which the ledger has them, but for names of others.
        gone: dict[str, set[str]] = defaultdict(set)
        for activation in activations:
            one = normalise_id(activation.get("vm_id"))
            names = {str(name) for name in (activation.get("vm_name"), activation.get("guest")) if one and name}
            if one:
                gone[one] |= {name for name in names if not here.named(name)}
        keys = {known.marks.id: known.key for known in present if known.marks.id}
        past = [_Known(keys.get(one, one), VmMarks(one, None, claimed=tuple(sorted(names)))) for one, names in gone.items()]
        self._index = VmIndex([*present, *past], lambda known: known.marks)

    def of(self, ids: Iterable[t.Any], names: Iterable[t.Any]) -> str | None:
        identifiers = [one for one in map(normalise_id, ids) if one]
        called = [str(name) for name in names if name]
        match = self._index.of_event(identifiers, called)
        if match.vm is not None or match.ambiguous:
            return match.vm.key if match.vm is not None else None
        if identifiers:
            return identifiers[0]
        return f"name:{called[0].casefold()}" if called else None


@dataclass(frozen=True)
class _Known:
    key: str
    marks: VmMarks


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
    """Each event of a host once, however it was delivered; known by what the ledger knows it by."""
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
    """Successes of hosts' events, and what guests reported. A refusal by a host ends nothing: what is activated stays so until it lapses."""
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
        found.append(
            Sighting(
                machine, time, outcome in _ACTIVATED, Source.GUEST, _text(activation.get("host")), name, outcome == Outcome.ACTIVATED.value
            )
        )
    return found


def time_of(value: t.Any) -> datetime | None:
    """An ISO 8601 time in UTC; None for what is none. What the collection itself writes is read the quick way."""
    if not isinstance(value, str):
        return None
    try:
        if value.endswith("Z") and value.isascii():
            return datetime.fromisoformat(value[:-1]).replace(tzinfo=timezone.utc)
        return parse_time(value)
    except (ValueError, InvalidTime):
        return None


def _list(value: t.Any) -> list[t.Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _text(value: t.Any) -> str | None:
    return str(value) if value else None
