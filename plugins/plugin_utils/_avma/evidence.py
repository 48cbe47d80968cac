# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What is known of each virtual machine's activation, by whom, since when, and how well.

Three sources speak, and they are not worth the same. The guest's own CIM is Windows' answer to the question. The host's event 12310 is
Windows' word too, but its text is documented nowhere, so what it says and of whom is concluded. Data Exchange is written by anyone who
administers the guest and proves nothing. Statements are joined by the machine's ID, or by a name, which is weaker: tenants choose names.

Works on the public results of guest_info, guest_key, kvp_info and event_info, which may be old, partial or hostile; nothing here raises on them.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from .computer_names import same_computer
from .event_text import Notification
from .events import HOST_EVENT
from .findings import Finding, finding
from .lease import Lease, LeaseRule, LeaseState, lease_finding, lease_of
from .name_patterns import DEFAULT_PATTERNS, NamePatterns
from .times import InvalidTime, iso, parse_time
from .told import part
from .vm_matching import By, VmIndex, VmMarks, guest_marks, normalise_id, vm_marks

Result = Mapping[str, t.Any]

# Microsoft names no item that carries activation, so these are candidates.
_ACTIVATION_ITEM = NamePatterns(DEFAULT_PATTERNS)
_YES = {"1", "true", "yes", "licensed", "activated", "success"}
_NO = {"0", "false", "no", "unlicensed", "not activated", "failed"}


class Source(str, Enum):
    """Also the trust of what is said: the words that results of the modules use."""

    GUEST = "guest"
    HOST_EVENT = "host_event"
    KVP = "kvp"


class Match(str, Enum):
    ID = "id"
    NAME = "name"  # weaker


class Conclusion(str, Enum):
    """How well it is known whether the machine is activated; ``VmEvidence.activated`` says whether it is."""

    PROVEN = "proven"  # the guest's own answer
    LOGGED_BY_HOST = "logged_by_host"
    CLAIMED_BY_KVP = "claimed_by_kvp"
    CONTRADICTED = "contradicted"  # guest and host say different things of the same time
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SeenVm:
    """One machine of kvp_info's ``vms``. ``host``: the name that kvp_info gives its host."""

    host: str
    vm: Result
    time: datetime | None = None


@dataclass(frozen=True)
class SeenGuest:
    """A result of guest_info or guest_key. ``vm_id`` and ``vm_name``: as the inventory knows them, if it does."""

    result: Result
    time: datetime
    vm_id: str | None = None
    vm_name: str | None = None


@dataclass(frozen=True)
class Statement:
    """What one source says. ``activated`` None: it speaks of activation without saying which. ``inferred``: concluded from text."""

    source: Source
    activated: bool | None
    time: datetime | None
    match: Match
    text: str
    host: str | None = None
    inferred: bool = False

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "source": self.source.value,
            "trust": self.source.value,
            "activated": self.activated,
            "time": None if self.time is None else iso(self.time),
            "joined_by": self.match.value,
            "text": self.text,
            "host": self.host,
            "inferred": self.inferred,
        }


@dataclass(frozen=True)
class VmEvidence:
    vm_id: str | None
    name: str | None
    host: str | None  # that owns it now
    conclusion: Conclusion
    activated: bool | None
    reason: str
    statements: tuple[Statement, ...]
    lease: Lease
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "vm_id": self.vm_id,
            "name": self.name,
            "host": self.host,
            "conclusion": self.conclusion.value,
            "activated": self.activated,
            "reason": self.reason,
            "statements": [statement.as_dict() for statement in self.statements],
            "lease": self.lease.as_dict(),
            "findings": [one.as_dict() for one in self.findings],
        }


@dataclass(frozen=True)
class Evidence:
    """Events of hosts that count for none. ``unmatched``: they carry no name or ID; ``ambiguous``: they carry the IDs of several machines."""

    vms: tuple[VmEvidence, ...]
    findings: tuple[Finding, ...] = ()
    unmatched: int = 0
    ambiguous: int = 0


@dataclass
class _Machine:
    """All that was seen of one machine."""

    id: str | None
    name: str | None
    seen: SeenVm | None = None
    guest: SeenGuest | None = None
    guest_match: Match = Match.ID
    events: list[tuple[Match, Result]] = field(default_factory=list)

    @property
    def shown(self) -> str | None:
        return self.name or self.id

    @property
    def licence(self) -> Result:
        return licence_of(self.guest.result) if self.guest else {}


def weigh(
    vms: Iterable[SeenVm],
    guests: Iterable[SeenGuest],
    events: Iterable[Result],
    *,
    now: datetime,
    rule: LeaseRule = LeaseRule(),  # noqa: B008  (frozen)
) -> Evidence:
    """The evidence of each machine, those of hosts first, then guests that no host showed. Events of guests (12309) are not counted."""
    machines = _join(vms, guests)
    findings, unmatched, ambiguous = _give_events(machines, events)
    shared = _shared_activation_ids(machines)
    known = {machine.id for machine in machines if machine.id}
    return Evidence(tuple(_weigh(machine, now, rule, known, shared) for machine in machines), tuple(findings), unmatched, ambiguous)


def _join(vms: Iterable[SeenVm], guests: Iterable[SeenGuest]) -> list[_Machine]:
    machines = [_Machine(normalise_id(seen.vm.get("id")), _text(seen.vm.get("name")), seen) for seen in vms]
    index = VmIndex(machines, _marks)
    for guest in guests:
        marks = guest_marks(None, guest.result, guest.vm_id, guest.vm_name)
        found = index.match(marks)
        machine = found.vm
        if found.other is not None:
            continue  # another machine answered, which says nothing about this one
        if machine is None:
            name = marks.known_name or marks.own_name or marks.computer
            machines.append(_Machine(marks.known_id or marks.own_id, name, None, guest))
        elif machine.guest is None or machine.guest.time < guest.time:
            machine.guest, machine.guest_match = guest, Match.NAME if found.by is By.NAME else Match.ID
    return machines


def _marks(machine: _Machine) -> VmMarks:
    seen = machine.seen
    computer = part(machine.guest.result if machine.guest else {}, "guest").get("name")
    marks = vm_marks(seen.vm if seen else {}, [seen.host] if seen else [], [computer])
    return replace(marks, id=machine.id, name=machine.name)


def _give_events(machines: list[_Machine], events: Iterable[Result]) -> tuple[list[Finding], int, int]:
    """Each event of a host to its machine. A finding for each unknown machine, with its newest event; unmatched, ambiguous."""
    index = VmIndex(machines, _marks)
    unknown: dict[tuple[str, ...], Result] = {}
    unmatched = ambiguous = 0
    for event in events:
        if event.get("event_id") != HOST_EVENT:
            continue
        ids, names = _list(event.get("vm_ids")), _list(event.get("vm_names"))
        found = index.of_event(ids, names)
        if found.vm is not None:
            found.vm.events.append((Match.ID if found.by is By.ID else Match.NAME, event))
        elif found.ambiguous:
            ambiguous += 1
        elif ids or names:
            key = (str(event.get("computer")), str((ids or names)[0]).casefold())
            if key not in unknown or str(event.get("time")) > str(unknown[key].get("time")):
                unknown[key] = event
        else:
            unmatched += 1
    findings = [
        finding(
            "EVENT_FOR_UNKNOWN_VM",
            _text(next(iter([*_list(event.get("vm_names")), *_list(event.get("vm_ids"))]), None)),
            host=_text(event.get("computer")),
            event_id=HOST_EVENT,
            record=_text(event.get("record")),
            time=_text(event.get("time")),
        )
        for event in unknown.values()
    ]
    return findings, unmatched, ambiguous


def _weigh(machine: _Machine, now: datetime, rule: LeaseRule, known: set[str], shared: Mapping[str, list[_Machine]]) -> VmEvidence:
    guest, host, kvp = _guest_statement(machine), _host_statements(machine), _kvp_statement(machine)
    newest = host[0] if host else None
    success = next((one.time for one in host if one.activated and one.time), None)
    conclusion, activated, reason = _conclude(guest, newest, kvp, opposed=_opposed(machine, guest, newest, rule))
    lease = Lease(LeaseState.UNKNOWN)
    if activated is not False:
        lease = _lease(machine, guest, success, now, rule)
    findings = [*_contradictions(machine, guest, newest, kvp, known, rule), *_clones(machine, shared)]
    lapse = lease_finding(lease, machine.shown)
    return VmEvidence(
        vm_id=machine.id,
        name=machine.name,
        host=machine.seen.host
        if machine.seen
        else _text(part(machine.guest.result if machine.guest else {}, "guest", "placement").get("host")),
        conclusion=conclusion,
        activated=activated,
        reason=reason,
        statements=tuple(one for one in (guest, *host[:1], kvp) if one),
        lease=lease,
        findings=tuple([*findings, lapse] if lapse else findings),
    )


def _conclude(
    guest: Statement | None, host: Statement | None, kvp: Statement | None, *, opposed: bool
) -> tuple[Conclusion, bool | None, str]:
    if guest is not None and guest.activated is not None:
        if opposed:
            return Conclusion.CONTRADICTED, None, "the guest says that it is not licensed, though its host logged a success shortly before"
        if not guest.activated and host is not None and host.activated and _later(host, guest):
            return Conclusion.LOGGED_BY_HOST, True, "its host has logged a success since the guest was asked"
        return Conclusion.PROVEN, guest.activated, guest.text
    if host is not None and host.activated is not None:
        weaker = "" if host.match is Match.ID else ", joined by name only"
        return Conclusion.LOGGED_BY_HOST, host.activated, f"{host.text}{weaker}; the guest itself was not asked"
    if kvp is not None and kvp.activated is not None:
        return Conclusion.CLAIMED_BY_KVP, kvp.activated, "only Data Exchange says so, which the guest's administrator can write"
    return Conclusion.UNKNOWN, None, "no source reports its activation state"


def _guest_statement(machine: _Machine) -> Statement | None:
    if machine.guest is None or not isinstance(part(machine.guest.result, "guest").get("name"), str):
        return None
    licence = machine.licence
    licensed, channel = licence.get("licensed"), _text(licence.get("channel"))
    activated = bool(licensed) and channel == "avma" if isinstance(licensed, bool) else (False if not licence else None)
    if activated:
        text = "the guest says that it is licensed by AVMA"
    elif licensed:
        text = f"the guest says that it is licensed in another way ({channel})"
    elif activated is False:
        text = "the guest says that it is not licensed"
    else:
        text = "the guest did not report its licence"
    return Statement(Source.GUEST, activated, machine.guest.time, machine.guest_match, text, host=_text(part(licence, "avma").get("host")))


def _host_statements(machine: _Machine) -> list[Statement]:
    """What hosts logged of it, the newest first."""
    found = []
    for match, event in machine.events:
        notification = str(event.get("notification"))
        activated = None if notification == Notification.UNKNOWN.value else notification == Notification.SUCCESS.value
        host = _text(event.get("computer"))
        said = {True: "a success", False: f"a refusal ({notification})", None: "an event that could not be read"}[activated]
        found.append(
            Statement(
                Source.HOST_EVENT,
                activated,
                _time(event.get("time")),
                match,
                f"host {host} logged {said}",
                host,
                bool(event.get("inferred")),
            )
        )
    return sorted(found, key=lambda one: one.time.timestamp() if one.time else float("-inf"), reverse=True)


def _kvp_statement(machine: _Machine) -> Statement | None:
    if machine.seen is None:
        return None
    for kind in ("guest", "intrinsic"):
        for name, value in part(machine.seen.vm, "kvp", kind).items():
            if _ACTIVATION_ITEM.match(str(name)):
                word = str(value).strip().casefold()
                activated = True if word in _YES else False if word in _NO else None
                text = "Data Exchange holds an item that may speak of activation"
                return Statement(Source.KVP, activated, machine.seen.time, Match.ID, text, machine.seen.host, inferred=True)
    return None


def _opposed(machine: _Machine, guest: Statement | None, host: Statement | None, rule: LeaseRule) -> bool:
    """The guest denies what the host logged while it should still hold. A guest that is licensed in another way denies nothing."""
    if guest is None or guest.activated is not False or machine.licence.get("licensed") is True or host is None or not host.activated:
        return False
    return guest.time is not None and host.time is not None and host.time <= guest.time < host.time + rule.validity


def _later(one: Statement, other: Statement) -> bool:
    return one.time is not None and other.time is not None and one.time > other.time


def _lease(machine: _Machine, guest: Statement | None, success: datetime | None, now: datetime, rule: LeaseRule) -> Lease:
    minutes = observed = None
    times = [success]
    if guest is not None and guest.activated:
        remaining = machine.licence.get("minutes_remaining")
        minutes = remaining if isinstance(remaining, int) and 0 < remaining < 60 * 24 * 366 else None
        observed = guest.time
        times.append(_time(part(machine.licence, "avma").get("last_activation")))
    return lease_of(max((one for one in times if one), default=None), now, rule, minutes_remaining=minutes, observed=observed)


def _contradictions(
    machine: _Machine, guest: Statement | None, host: Statement | None, kvp: Statement | None, known: set[str], rule: LeaseRule
) -> Iterable[Finding]:
    name = machine.shown
    if guest is not None and host is not None and _opposed(machine, guest, host, rule):
        yield finding("ACTIVATION_CONTRADICTED", name, first=host.text, second=guest.text)
    better = guest if guest is not None and guest.activated is not None else host
    if kvp is not None and better is not None and None not in (kvp.activated, better.activated) and kvp.activated is not better.activated:
        claim = "it is activated" if kvp.activated else "it is not activated"
        yield finding("ACTIVATION_CONTRADICTED", name, first=f"Data Exchange says that {claim}", second=better.text)
    if machine.seen is None:
        return
    hinted, told = part(machine.seen.vm, "guest"), part(machine.guest.result if machine.guest else {}, "guest", "os")
    if any(hinted.get(key) is not None and told.get(key) is not None and hinted[key] != told[key] for key in ("build", "sku")):
        yield finding("KVP_OTHER_OS", name, kvp=_os(hinted), guest=_os(told))
    if guest is not None and guest.activated and guest.host and not same_computer(guest.host, machine.seen.host):
        yield finding("ACTIVATED_BY_OTHER_HOST", name, activated_by=guest.host, owner=machine.seen.host)
    for item, value in part(machine.seen.vm, "kvp", "guest").items():
        other = normalise_id(value)
        if other in known and other != machine.id:
            yield finding("KVP_OF_OTHER_VM", name, item=str(item), other=other)


def _clones(machine: _Machine, shared: Mapping[str, list[_Machine]]) -> Iterable[Finding]:
    others = [one.shown or "unknown" for one in shared.get(_activation_id(machine), ()) if one is not machine]
    if others:
        yield finding("SAME_ACTIVATION_ID", machine.shown, others=tuple(others))


def _shared_activation_ids(machines: Iterable[_Machine]) -> dict[str, list[_Machine]]:
    found: dict[str, list[_Machine]] = defaultdict(list)
    for machine in machines:
        if _activation_id(machine):
            found[_activation_id(machine)].append(machine)
    return {iaid: owners for iaid, owners in found.items() if len(owners) > 1}


def _activation_id(machine: _Machine) -> str:
    return str(part(machine.licence, "avma").get("iaid") or "").casefold()


def _os(os: Result) -> str:
    words = [str(os.get("release") or ""), str(os.get("edition") or "")]
    return " ".join([*(word for word in words if word), f"(build {os.get('build')}, SKU {os.get('sku')})"])


def licence_of(result: Result) -> Result:
    """The licence that a guest stated last: ``guest_key`` returns it as ``after``, ``guest_info`` in ``guest``."""
    return part(result, "after") or part(result, "guest", "licence")


def _list(value: t.Any) -> list[t.Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _text(value: t.Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _time(value: t.Any) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except InvalidTime:
        return None
