# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""From what was read to the report: a pure function."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache

from .._avma.computer_names import forms, without_domain
from .._avma.evidence import Conclusion, SeenVm, Source, VmEvidence, weigh
from .._avma.findings import shown
from .._avma.standings import Standing
from .._avma.text import safe_text
from .._avma.told import mappings
from .attention import actions
from .clocks import by_the_controllers_clock, covered_since
from .comparison import compare
from .entries import host_entry, vm_entry
from .joining import Join, Machine, host_forms, own_name, same_host
from .material import HostMaterial, Material, Result, Settings
from .model import Group, HostEntry, MonthRow, Report, VmEntry, totals_of
from .months import month_rows, months_until
from .sightings import Identities, Sighting, distinct, sightings, time_of
from .tenancy import Tenant
from .timeline import timeline


def build(material: Material, settings: Settings) -> Report:
    joined = Join(material.hosts, material.guests)
    machines, notes = joined.machines, joined.notes
    ledger = material.ledger
    read = [event for host in material.hosts for event in mappings(host.events.get("events"))]
    events = list(by_the_controllers_clock(distinct([*(ledger.events if ledger else ()), *read]), material.hosts))
    recent = [event for event in events if _since(event, settings.since)]
    activations = ledger.activations if ledger else ()
    seen = sightings(events, activations, Identities(machines, activations))
    called = _host_names(material.hosts)
    logged = Counter(called(event.get("computer")) for event in recent)
    hosts = tuple(host_entry(host, logged[shown(host.name)]) for host in material.hosts)
    clusters = {host.name: host.cluster for host in hosts}
    tenants = {machine.key: _tenant(machine, settings) for machine in machines}
    evidence, found = _evidence(machines, recent, settings, covered_since(material.hosts, settings.since))
    # Machines of hosts come first. Where no host shows any there is nothing that a guest could be counted twice with.
    apart = [machine.apart and machines[0].host is not None for machine in machines]
    notes = [*notes, *_strangers(sum(apart)), *found]
    successes = _successes(seen, settings.since)

    def owner(machine: Machine) -> str | None:
        if machine.host is not None:
            return shown(machine.host.name)
        return called(machine.placement.get("host"))

    entries = [
        vm_entry(
            machine,
            evidence[number],
            host=owner(machine),
            cluster=clusters.get(owner(machine) or ""),
            tenant=tenants[machine.key],
            successes=successes.get(machine.key),
        )
        for number, machine in enumerate(machines)
    ]
    vms = tuple(entry for entry, aside in zip(entries, apart, strict=True) if not aside)
    unmatched = tuple(entry for entry, aside in zip(entries, apart, strict=True) if aside)
    months: tuple[MonthRow, ...] = ()
    if ledger is not None:
        months = _months([*seen, *_answers(machines, evidence)], settings, tenants, called)
        notes += _begin(ledger.begins, settings)
    report = Report(
        title=shown(settings.title),
        generated=settings.now,
        observed=settings.observed,
        events_since=settings.since,
        hosts=hosts,
        vms=vms,
        unmatched=unmatched,
        totals=totals_of(vms),
        groups=_groups(vms),
        actions=actions(hosts, vms, unmatched),
        timeline=timeline(recent, settings.since, settings.now),
        months=months,
        notes=(*notes, *_gaps(hosts)),
    )
    return report if material.earlier is None else compare(report, material.earlier)


def _since(event: Result, since: datetime) -> bool:
    time = time_of(event.get("time"))
    return time is not None and time >= since


def _evidence(
    machines: list[Machine], events: list[Result], settings: Settings, covered: datetime | None
) -> tuple[list[VmEvidence], list[str]]:
    """In the order of the machines. Machines of hosts come first in both; of the others each guest that answered has its own."""
    shown_by_host = [machine for machine in machines if machine.host is not None]
    rest = [machine for machine in machines if machine.host is None]
    answered = [machine for machine in rest if machine.answered]
    weighed = weigh(
        [machine.seen_vm(settings.observed) for machine in shown_by_host],
        [machine.seen_guest(settings.observed) for machine in (*shown_by_host, *answered) if machine.answered],
        events,
        now=settings.now,
        rule=settings.lease,
        covered=covered,
    )
    of_guests = dict(zip((id(machine) for machine in answered), weighed.vms[len(shown_by_host) :], strict=True))
    found = list(weighed.vms[: len(shown_by_host)])
    found += [of_guests[id(machine)] if id(machine) in of_guests else _nothing(machine, settings) for machine in rest]
    notes = []
    if weighed.findings:
        notes.append(f"hosts logged events for {len(weighed.findings)} machines that are none of those here (removed, or moved away)")
    if weighed.ambiguous:
        notes.append(f"{weighed.ambiguous} events of hosts carry the IDs of several machines, so they count for none")
    if weighed.unmatched:
        notes.append(f"{weighed.unmatched} events of hosts name no machine, so they count for none")
    return found, notes


def _nothing(machine: Machine, settings: Settings) -> VmEvidence:
    """The evidence on a guest that no host shows and that did not answer."""
    return weigh([SeenVm("", {"id": machine.id, "name": machine.name})], [], (), now=settings.now).vms[0]


def _tenant(machine: Machine, settings: Settings) -> Tenant | None:
    """The guest's own variable counts before its host's, and both before what machines say."""
    given = (machine.guest.tenant if machine.guest else None) or (machine.host.tenant if machine.host else None)
    return settings.tenants.tenant(machine.name, machine.vm, given=given)


def _successes(seen: Iterable[Sighting], since: datetime) -> dict[str, tuple[datetime, datetime]]:
    """The first and last success of each machine within the time of the report."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for one in seen:
        if one.activated and one.success and one.time >= since:
            times[one.machine].append(one.time)
    return {machine: (min(found), max(found)) for machine, found in times.items()}


def _answers(machines: Iterable[Machine], evidence: Iterable[VmEvidence]) -> Iterable[Sighting]:
    """What guests have said in this run: it counts for the month as much as what a ledger holds."""
    for machine, found in zip(machines, evidence, strict=True):
        if found.as_of is not None and found.conclusion in (Conclusion.PROVEN, Conclusion.CONTRADICTED):
            host = own_name(machine.host) if machine.host is not None else None
            yield Sighting(machine.key, found.as_of, found.standing is Standing.ACTIVATED, Source.GUEST, host, machine.name, success=False)


def _host_names(hosts: Iterable[HostMaterial]) -> Callable[[object], str | None]:
    """How the inventory calls the host that an event or a guest names; its own name in capitals where it is in no inventory."""
    known: dict[str, list[HostMaterial]] = defaultdict(list)
    for host in hosts:
        for form in host_forms(host):
            known[form].append(host)
    # Of a host that the inventory knows by two names the first one stands for both.
    by_name = {form: shown(found[0].name) for form, found in known.items() if all(same_host(found[0], one) for one in found)}

    @cache
    def called(name: object) -> str | None:
        text = safe_text(name)
        return next((by_name[form] for form in forms(text) if form in by_name), without_domain(text).upper() or None)

    return called


def _months(
    seen: Iterable[Sighting], settings: Settings, tenants: Mapping[str, Tenant | None], called: Callable[[object], str | None]
) -> tuple[MonthRow, ...]:
    def tenant_of(machine: str, name: str | None) -> str | None:
        # Of a machine that is gone only its name is left to tell whose it was.
        found = tenants[machine] if machine in tenants else settings.tenants.tenant(name, {})
        return found.name if found else None

    return month_rows(seen, settings.now, settings.months, settings.lease, tenant_of=tenant_of, host_of=called)


GROUPINGS = ("host", "cluster", "tenant", "release", "edition", "channel")


def _groups(vms: Iterable[VmEntry]) -> dict[str, tuple[Group, ...]]:
    """By each grouping its groups by name, the machines without it at the end."""
    vms = tuple(vms)
    made = {}
    for grouping in GROUPINGS:
        members: dict[str | None, list[VmEntry]] = defaultdict(list)
        for vm in vms:
            members[getattr(vm, grouping)].append(vm)
        ordered = sorted(members.items(), key=lambda item: (item[0] is None, (item[0] or "").casefold(), item[0] or ""))
        made[grouping] = tuple(Group(name, totals_of(group)) for name, group in ordered)
    return made


def _strangers(count: int) -> list[str]:
    if not count:
        return []
    return [
        f"{count} guests of the inventory match no virtual machine of a host. They may be among those, so they are shown apart and not counted: "
        "set avma_vm_id or avma_vm_name for them"
    ]


def _begin(begins: datetime | None, settings: Settings) -> list[str]:
    first = months_until(settings.now, settings.months)[0].first
    if begins is None:
        return ["the ledger holds no event yet, so nothing can be counted by month"]
    if begins.date() > first:
        return [f"the ledger begins on {begins:%Y-%m-%d}: guests that were activated before are not counted on earlier days"]
    return []


def _gaps(hosts: tuple[HostEntry, ...]) -> list[str]:
    notes = []
    silent = [host.name for host in hosts if any(finding.code == "HOST_NOT_ASKED" for finding in host.findings)]
    if silent:
        notes.append(f"{len(silent)} of {len(hosts)} hosts could not be asked, so their virtual machines may be missing here")
    astray = sum(any(finding.code == "CLOCK_DIFFERS" for finding in host.findings) for host in hosts)
    if astray:
        notes.append(f"the clocks of {astray} of {len(hosts)} hosts differ from the controller's, by which all times here are reckoned")
    partial = sum(host.events_complete is False for host in hosts)
    if partial:
        notes.append(f"the event logs of {partial} hosts were not read whole, so activations may be missing")
    return notes
