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

from .clocks import TOLERANCE
from .computer_names import same_computer
from .event_text import Notification
from .events import HOST_EVENT
from .findings import Finding, Severity, finding
from .identity import OsKind
from .lease import Lease, LeaseBasis, LeaseRule, LeaseState, lease_finding, lease_of
from .name_patterns import DEFAULT_PATTERNS, NamePatterns
from .standings import GuestWord, Known, Standing, StandingRule, rule_for
from .times import InvalidTime, iso, parse_time
from .told import part
from .vm_matching import By, VmIndex, VmMarks, guest_marks, normalise_id, vm_marks
from .windows_codes import describe_code, error_of

Result = Mapping[str, t.Any]

# Microsoft names no item that carries activation, so these are candidates.
_ACTIVATION_ITEM = NamePatterns(DEFAULT_PATTERNS)
_NOT_SERVED = frozenset({OsKind.LINUX.value, OsKind.OTHER.value, OsKind.WINDOWS_CLIENT.value})
_YES = {"1", "true", "yes", "licensed", "activated", "success"}
_NO = {"0", "false", "no", "unlicensed", "not activated", "failed"}


class Source(str, Enum):
    """Also the trust of what is said: the words that results of the modules use."""

    GUEST = "guest"
    HOST_EVENT = "host_event"
    KVP = "kvp"


class Match(str, Enum):
    ID = "id"
    OWN_ID = "own_id"  # weaker: the guest may have chosen it
    NAME = "name"  # weaker


_OF_EVENTS = {By.ID: Match.ID, By.OWN_ID: Match.OWN_ID}
_WEAKER = {Match.NAME: ", joined by name only", Match.OWN_ID: ", joined by an ID that the guest may have chosen"}


class Conclusion(str, Enum):
    """How well it is known whether the machine is activated; ``VmEvidence.standing`` says whether it is."""

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
    code: str | None = None  # that the host gave

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
            "code": self.code,
        }


@dataclass(frozen=True)
class VmEvidence:
    vm_id: str | None
    name: str | None
    host: str | None  # that owns it now
    conclusion: Conclusion
    standing: Standing
    as_of: datetime | None  # the moment that the standing is true of
    reason: str
    statements: tuple[Statement, ...]
    lease: Lease
    findings: tuple[Finding, ...] = ()

    @property
    def activated(self) -> bool | None:
        """By AVMA. None: not known."""
        if self.standing is Standing.ACTIVATED:
            return True
        return False if self.standing in (Standing.LAPSED, Standing.LICENSED_OTHERWISE, Standing.NOT_ACTIVATED) else None

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "vm_id": self.vm_id,
            "name": self.name,
            "host": self.host,
            "conclusion": self.conclusion.value,
            "standing": self.standing.value,
            "as_of": None if self.as_of is None else iso(self.as_of),
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


@dataclass(frozen=True)
class Look:
    """What holds for all machines of one look."""

    now: datetime
    rule: LeaseRule
    covered: datetime | None


@dataclass(frozen=True)
class _Said:
    """What is said of one machine. ``newest``, ``success`` and ``refusal`` are of hosts; ``refusal`` only one that nothing better has followed."""

    guest: Statement | None
    newest: Statement | None
    success: Statement | None
    refusal: Statement | None
    kvp: Statement | None

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(dict.fromkeys(one for one in (self.guest, self.newest, self.success, self.kvp) if one is not None))


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
    covered: datetime | None = None,
) -> Evidence:
    """The evidence of each machine, those of hosts first, then guests that no host showed. Events of guests (12309) are not counted.

    ``covered``: since when the logs of all hosts are known to be whole, so that what is not there did not happen. None: they are not.
    """
    machines = _join(vms, guests)
    events = [event for event in events if event.get("event_id") == HOST_EVENT]
    findings, unmatched, ambiguous = _give_events(machines, events)
    looked = Look(now, rule, _covered(covered, events))
    shared = _shared_activation_ids(machines)
    known = {machine.id for machine in machines if machine.id}
    return Evidence(tuple(_weigh(machine, looked, known, shared) for machine in machines), tuple(findings), unmatched, ambiguous)


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
        ids, names = _list(event.get("vm_ids")), _list(event.get("vm_names"))
        found = index.of_event(ids, names, claimed=event.get("vm_ids_claimed") is True)
        if found.vm is not None:
            found.vm.events.append((_OF_EVENTS.get(found.by or By.NAME, Match.NAME), event))
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


def _covered(covered: datetime | None, events: Iterable[Result]) -> datetime | None:
    """From when on no success can have been missed: one that names no ID, or an event that cannot be read, may have been anybody's."""
    if covered is None:
        return None
    times = [covered]
    for event in events:
        may_be = event.get("notification") in (Notification.SUCCESS.value, Notification.UNKNOWN.value)
        ids = [one for one in map(normalise_id, _list(event.get("vm_ids"))) if one]
        if may_be and (not ids or event.get("notification") == Notification.UNKNOWN.value):
            time = _time(event.get("time"))
            if time is None:
                return None
            times.append(time)
    return max(times)


def _weigh(machine: _Machine, look: Look, known: set[str], shared: Mapping[str, list[_Machine]]) -> VmEvidence:
    said = _said(machine, look)
    lease_told = _lease(machine, said, look)
    row = rule_for(_known(machine, said, lease_told, look))
    lease = _lease_of_standing(row, lease_told, said)
    findings = [*_contradictions(machine, said.guest, said.newest, said.kvp, known, look.rule), *_clones(machine, shared)]
    about = (lease_finding(lease, machine.shown), _refusal_finding(machine, said, row, lease))
    return VmEvidence(
        vm_id=machine.id,
        name=machine.name,
        host=machine.seen.host
        if machine.seen
        else _text(part(machine.guest.result if machine.guest else {}, "guest", "placement").get("host")),
        conclusion=_CONCLUSIONS.get(row.name, Conclusion.UNKNOWN),
        standing=row.standing,
        as_of=row.as_of(_known(machine, said, lease_told, look)),
        reason=_reason(row, said, lease),
        statements=said.statements,
        lease=lease,
        findings=(*findings, *(one for one in about if one is not None)),
    )


_CONCLUSIONS = {
    "guest_contradicts": Conclusion.CONTRADICTED,
    "guest_activated": Conclusion.PROVEN,
    "guest_licensed": Conclusion.PROVEN,
    "guest_lapsed": Conclusion.PROVEN,
    "guest_not_activated": Conclusion.PROVEN,
    "host_activated": Conclusion.LOGGED_BY_HOST,
    "host_lapsed": Conclusion.LOGGED_BY_HOST,
    "host_refused": Conclusion.LOGGED_BY_HOST,
    "only_claimed": Conclusion.CLAIMED_BY_KVP,
}


def _said(machine: _Machine, look: Look) -> _Said:
    # What is later than now was written by a clock that was wrong then or is wrong now.
    hosts = [one for one in _host_statements(machine) if one.time is None or one.time <= look.now + TOLERANCE]
    success = next((one for one in hosts if one.activated and one.time), None)
    refusal = next((one for one in hosts if one.activated is False and one.time), None)
    if refusal is not None and success is not None and not _later(refusal, success):
        refusal = None
    return _Said(_guest_statement(machine), hosts[0] if hosts else None, success, refusal, _kvp_statement(machine))


def _known(machine: _Machine, said: _Said, lease: Lease, look: Look) -> Known:
    guest, word = said.guest, None
    success = said.success.time if said.success else None
    if guest is not None and guest.time is not None:
        licence = machine.licence
        licensed = licence.get("licensed")
        ended = max((one for one in (success, _time(part(licence, "avma").get("last_activation"))) if one is not None), default=None)
        word = GuestWord(
            guest.time,
            guest.activated,
            licensed if isinstance(licensed, bool) else None,
            licence.get("channel") == "avma",
            was_activated=ended is not None and ended + look.rule.validity <= guest.time,
            ends=lease.lapses if guest.activated and lease.basis is LeaseBasis.GUEST else None,
            opposed=_opposed(machine, guest, said.newest, look.rule),
        )
    return Known(
        now=look.now,
        rule=look.rule,
        guest=word,
        success=success,
        refusal=said.refusal.time if said.refusal else None,
        # A name may have been another machine's when the event was written.
        covered=look.covered if said.refusal is not None and said.refusal.match is Match.ID else None,
        claimed=said.kvp is not None and said.kvp.activated is not None,
        not_served=machine.seen is not None and part(machine.seen.vm, "guest").get("kind") in _NOT_SERVED,
        seen=machine.seen.time if machine.seen else None,
    )


def _lease_of_standing(row: StandingRule, lease: Lease, said: _Said) -> Lease:
    """A lease is spoken of where the standing rests on it; else only the last success is kept."""
    if row.standing is Standing.LAPSED:
        return replace(lease, state=LeaseState.LAPSED) if lease.lapses is not None else Lease(LeaseState.LAPSED, lease.last)
    if row.name == "no_renewal":
        return lease
    if row.standing is Standing.ACTIVATED and lease.state is not LeaseState.NOT_RENEWED:
        return lease
    return Lease(LeaseState.UNKNOWN, said.success.time if said.success else lease.last)


def _reason(row: StandingRule, said: _Said, lease: Lease) -> str:
    """Why the standing is what it is, with the last thing that is known."""
    guest, success, refusal = said.guest, said.success, said.refusal
    weaker = _WEAKER.get(said.newest.match, "") if said.newest is not None else ""
    refused = f"; it was refused at {_at(refusal)}" if refusal is not None else ""
    if row.name == "guest_contradicts":
        return "the guest says that it is not licensed, though its host logged a success shortly before"
    if row.name.startswith("guest_") and guest is not None:
        return guest.text
    if row.name == "host_activated" and success is not None:
        asked = "since the guest was asked" if guest is not None and guest.activated is False else "; the guest itself was not asked"
        return f"{success.text} at {_at(success)}{weaker}{refused} {asked}".replace(" ;", ";")
    if row.name in ("host_lapsed", "host_refused") and refusal is not None:
        return f"{refusal.text} at {_at(refusal)}{weaker}, when no activation could hold any more; the guest itself was not asked"
    if row.name == "not_served":
        return "Data Exchange names a system that AVMA does not serve"
    if row.name == "no_renewal":
        return f"no renewal since {iso(lease.last) if lease.last else 'the guest was asked'}{weaker}{refused}"
    if row.name == "only_refused" and refusal is not None:
        return f"{refusal.text} at {_at(refusal)}{weaker}; whether an earlier activation still holds is not known, since not all logs are whole"
    if row.name == "only_claimed":
        return "only Data Exchange says so, which the guest's administrator can write"
    return "no source reports its activation state"


def _at(statement: Statement | None) -> str:
    return "an unknown time" if statement is None or statement.time is None else iso(statement.time)


def _refusal_finding(machine: _Machine, said: _Said, row: StandingRule, lease: Lease) -> Finding | None:
    """That the host refuses now, and how long what it gave before still holds."""
    refusal = said.refusal
    if refusal is None or row.name in ("guest_licensed", "guest_lapsed", "guest_not_activated", "guest_contradicts"):
        return None
    entry = None
    if refusal.code is not None:
        try:
            entry = error_of(refusal.code)
        except ValueError:
            entry = None
    holds = row.standing is Standing.ACTIVATED and lease.lapses is not None
    found = finding(
        "RENEWAL_REFUSED",
        machine.shown,
        host=refusal.host,
        time=_at(refusal),
        refusal=describe_code(refusal.code) if entry is not None and refusal.code is not None else refusal.text,
        lease=f"it is activated until {iso(lease.lapses)}" if holds and lease.lapses else "no activation that still holds is on record",
        advice=entry.remedy if entry is not None else "Read the host's event 12310 with event_info, and check the host with host_info.",
    )
    # A host that was busy is asked again by Windows, and what holds meanwhile is not in danger.
    return replace(found, severity=Severity.INFO) if holds and entry is not None and entry.transient else found


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
                _text(event.get("code")),
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


def _lease(machine: _Machine, said: _Said, look: Look) -> Lease:
    minutes = observed = own = None
    if said.guest is not None:
        own = _time(part(machine.licence, "avma").get("last_activation"))
        if said.guest.activated:
            remaining = machine.licence.get("minutes_remaining")
            minutes = remaining if isinstance(remaining, int) and 0 < remaining < 60 * 24 * 366 else None
            observed = said.guest.time
    success = said.success.time if said.success else None
    return lease_of(success, look.now, look.rule, minutes_remaining=minutes, observed=observed, own=own)


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
