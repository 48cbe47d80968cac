# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report's lines: a host or virtual machine with all that was learnt of it, each text made harmless."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from .._avma.evidence import Source, Statement, VmEvidence, licence_of
from .._avma.findings import Finding, Severity, shown
from .._avma.standings import Standing
from .._avma.told import mappings, part
from .joining import Machine, own_name, replica_finding
from .material import HostMaterial, Result
from .model import FindingEntry, HostEntry, VmEntry
from .os_label import os_label
from .tenancy import Tenant

_NAME = 120
_TEXT = 400
_WORD = 60
# Of a machine that is activated or licensed in another way, what stands in the way of activating it does not matter any more.
_MOOT = frozenset({"KEY_NEEDED", "DATA_EXCHANGE_NO_CONTACT", "DATA_EXCHANGE_UNKNOWN", "DATA_EXCHANGE_LOST"})
# What a run has done, which says nothing of how things are now.
_DONE = frozenset({"KEY_REPLACED"})


def host_entry(host: HostMaterial, events: int) -> HostEntry:
    """``events``: how many of its events are on record, those of the ledger included."""
    facts = part(host.info, "host")
    os, licence, avma = part(facts, "os"), part(facts, "licence"), part(facts, "avma")
    vms = host.kvp.get("vms")
    hidden = any(one.get("code") == "EVENT_LOG_UNREADABLE" for one in mappings(host.events.get("findings")))
    read = isinstance(host.events.get("events"), (list, tuple)) and not hidden
    complete = host.events.get("complete")
    ready = avma.get("ready")
    findings = _findings(host.info.get("findings"), host.events.get("findings"))
    if not facts:
        findings = (_not_asked("HOST_NOT_ASKED", host.name, host.info, "the host"), *findings)
    elif host.events.get("msg") and not read:
        findings = (*findings, _not_asked("EVENTS_NOT_READ", host.name, host.events, "the event log"))
    return HostEntry(
        name=shown(host.name, _NAME),
        computer=_word(own_name(host), _NAME),
        cluster=_word(part(facts, "cluster").get("name"), _NAME),
        release=_word(os.get("release")),
        edition=_word(os.get("edition")),
        os=os_label(os),
        channel=_word(licence.get("channel")),
        licence_status=_word(licence.get("status")),
        ready=ready if isinstance(ready, bool) else None,
        reason=_host_reason(ready, findings, avma),
        vms=len(vms) if isinstance(vms, (list, tuple)) else None,
        events=events if read or events else None,
        events_complete=complete if isinstance(complete, bool) else None,
        findings=findings,
    )


def _host_reason(ready: t.Any, findings: Iterable[FindingEntry], avma: Result) -> str:
    if ready is True:
        releases = avma.get("can_activate")
        return "can activate " + ", ".join(shown(one, _WORD) for one in releases) if isinstance(releases, (list, tuple)) else "is ready"
    return next((one.cause for one in findings if one.severity is not Severity.INFO), "could not determine whether it can activate guests")


def vm_entry(
    machine: Machine,
    evidence: VmEvidence,
    *,
    host: str | None,
    cluster: str | None,
    tenant: Tenant | None,
    successes: tuple[datetime, datetime] | None,
) -> VmEntry:
    """``host``: as the inventory calls it. ``successes``: the first and last that are on record."""
    result = machine.result
    told = part(result, "guest")
    licence = licence_of(result)
    os = part(told, "os") or part(machine.vm, "guest")
    name = shown(machine.name, _NAME) or machine.id or "unknown"
    findings = _vm_findings(machine, evidence, name)
    return VmEntry(
        id=shown(machine.id, _NAME) or None,
        name=name,
        inventory_name=shown(machine.guest.name, _NAME) if machine.guest else None,
        host=host,
        cluster=cluster,
        tenant=tenant.name if tenant else None,
        tenant_source=tenant.source if tenant else None,
        state=_word(machine.vm.get("state")),
        release=_word(os.get("release")),
        edition=_word(os.get("edition")),
        os=os_label(os),
        os_source=Source.GUEST if part(told, "os") else Source.KVP if os_label(os) else None,
        channel=_word(licence.get("channel")),
        licence_status=_word(licence.get("status")),
        partial_product_key=_word(licence.get("partial_product_key"), 5),
        standing=evidence.standing,
        as_of=evidence.as_of,
        conclusion=evidence.conclusion,
        reason=shown(evidence.reason, _TEXT),
        statements=tuple(_harmless(one) for one in evidence.statements),
        first_success=successes[0] if successes else None,
        last_success=max((one for one in (successes[1] if successes else None, evidence.lease.last) if one), default=None),
        lease=evidence.lease,
        findings=findings,
    )


def _vm_findings(machine: Machine, evidence: VmEvidence, name: str) -> tuple[FindingEntry, ...]:
    moot = _MOOT if evidence.standing in (Standing.ACTIVATED, Standing.LICENSED_OTHERWISE, Standing.NOT_APPLICABLE) else frozenset()
    about = [one for one in (machine.other, replica_finding(machine)) if one is not None]
    found = _findings(machine.result.get("findings"), machine.vm.get("findings"), own=(*about, *evidence.findings))
    kept = tuple(replace(one, object=name) for one in found if one.code not in moot | _DONE)
    guest = machine.guest
    if guest is None or machine.answered or machine.other is not None or not guest.result:
        return kept
    if any(one.code == "GUEST_OFF" for one in kept):
        # The host knows better than a connection that got no answer; and whoever lists a guest wants it served.
        return tuple(
            replace(one, severity=Severity.WARNING) if one.code == "GUEST_OFF" else one for one in kept if one.code != "GUEST_UNREACHABLE"
        )
    if any(one.code == "GUEST_UNREACHABLE" for one in kept):
        return kept
    return (replace(_not_asked("GUEST_NOT_ASKED", guest.name, guest.result, "the guest"), object=name), *kept)


def _not_asked(code: str, name: str, result: Result, what: str) -> FindingEntry:
    """A finding of the report itself: the task failed or did not run. What it said names cause and remedy."""
    said = shown(result.get("msg"), _TEXT)
    return FindingEntry(
        code,
        Severity.WARNING,
        shown(name, _NAME),
        said or f"{what} was not asked in this run",
        "Do what the message says, then run again." if said else "Include it in the run.",
    )


def _findings(*results: t.Any, own: Iterable[Finding] = ()) -> tuple[FindingEntry, ...]:
    """Of several results each kind once, the first that states it."""
    found: dict[str, FindingEntry] = {}
    for result in results:
        for one in mappings(result):
            entry = _finding(one)
            found.setdefault(entry.code, entry)
    for mine in own:
        entry = FindingEntry(mine.code, mine.severity, mine.object, mine.cause, mine.remedy)
        found.setdefault(entry.code, entry)
    return tuple(found.values())


def _finding(value: Mapping[str, t.Any]) -> FindingEntry:
    severity = str(value.get("severity"))
    return FindingEntry(
        shown(value.get("code"), _WORD) or "UNKNOWN",
        Severity(severity) if severity in {one.value for one in Severity} else Severity.INFO,
        shown(value.get("object"), _NAME),
        shown(value.get("cause"), _TEXT),
        shown(value.get("remedy"), _TEXT),
    )


def _harmless(statement: Statement) -> Statement:
    return replace(statement, text=shown(statement.text, _TEXT), host=_word(statement.host, _NAME))


def _word(value: t.Any, limit: int = _WORD) -> str | None:
    return shown(value, limit) or None
