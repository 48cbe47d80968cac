# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What needs action first: errors and warnings, each kind once, those that concern most machines at the top."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from .._avma.findings import FINDINGS, Severity
from .model import Action, ActionObject, FindingEntry, HostEntry, VmEntry, rank

# The host's own finding says it, once for all of its machines.
_SAID_BY_HOST = frozenset({"HOST_NOT_READY", "HOST_READINESS_UNKNOWN"})
_TITLES = {
    "HOST_NOT_ASKED": "The host could not be asked",
    "GUEST_NOT_ASKED": "The guest could not be asked",
    "EVENTS_NOT_READ": "The host's event log could not be read",
}


def actions(hosts: Iterable[HostEntry], vms: Iterable[VmEntry], unmatched: Iterable[VmEntry] = ()) -> tuple[Action, ...]:
    """``unmatched``: guests that have to be seen to like others, and are not counted among the machines of a host."""
    hosts, vms = tuple(hosts), tuple(vms)
    on_host = Counter(vm.host for vm in vms)
    found: dict[tuple[str, str], list[tuple[FindingEntry, str | None]]] = defaultdict(list)
    for host in hosts:
        for finding in host.findings:
            found["host", finding.code].append((finding, host.name))
    spoken = {host.name for host in hosts if rank(host.severity) <= rank(Severity.WARNING)}
    for vm in (*vms, *unmatched):
        for finding in vm.findings:
            if finding.code not in _SAID_BY_HOST or vm.host not in spoken:
                found["guest", finding.code].append((finding, vm.host))
    made = [_action(kind, code, of_kind, on_host) for (kind, code), of_kind in found.items()]
    needed = [action for action in made if action.severity is not Severity.INFO]
    return tuple(sorted(needed, key=lambda action: (rank(action.severity), -action.affected, action.code)))


def _action(kind: str, code: str, of_kind: list[tuple[FindingEntry, str | None]], on_host: Counter[str | None]) -> Action:
    findings = [finding for finding, _host in of_kind]
    objects = tuple(
        ActionObject(finding.object if kind == "guest" else str(host), host if kind == "guest" else None, finding.cause, finding.remedy)
        for finding, host in of_kind
    )
    return Action(
        code=code,
        severity=min((finding.severity for finding in findings), key=rank),
        title=_TITLES.get(code) or (FINDINGS[code].title if code in FINDINGS else code),
        kind=kind,
        meaning=_common([finding.cause for finding in findings], objects),
        remedy=_common([finding.remedy for finding in findings], objects),
        affected=sum(on_host[host] for _finding, host in of_kind) if kind == "host" else len(findings),
        objects=objects,
    )


def _common(texts: list[str], objects: tuple[ActionObject, ...]) -> str:
    """The text of all of them; where they differ, one as an example."""
    return texts[0] if len(set(texts)) == 1 else f"for example {objects[0].name}: {texts[0]}"
