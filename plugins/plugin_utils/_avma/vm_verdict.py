# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What can be said of a virtual machine from its host, without asking the guest.

All that is known of the guest here was written by the guest, so the verdict is a hint: before a change the guest itself is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .editions import Edition
from .eligibility import (
    evaluation_finding,
    why_not_choose_key,
    why_not_this_age,
    why_not_this_edition,
    why_not_this_host_release,
    why_not_this_kind,
)
from .facts import KvpHealth, VmFacts, VmState
from .findings import Finding, finding
from .host_verdict import HostVerdict
from .identity import GuestIdentity, OsKind, identify_kvp
from .integration_verdict import update_remedy
from .keys import AvmaKey
from .tables import Tables

# Hosts on which Datacenter: Azure Edition is licensed. (Microsoft, Azure Local: activate Windows Server VMs)
_AZURE_HOSTS = (Edition.AZURE_LOCAL, Edition.DATACENTER_AZURE)


class VmStatus(str, Enum):
    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"  # AVMA does not serve it, here or at all
    ACTION_REQUIRED = "action_required"  # it will be served once what the findings name is put right
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class VmVerdict:
    """``key`` is the AVMA key for what the guest claims to be, whatever the status."""

    status: VmStatus
    identity: GuestIdentity
    key: AvmaKey | None
    findings: tuple[Finding, ...]


# What decides first where several things are found: what cannot be helped, then what must be done, then what is not known.
_PRECEDENCE = (VmStatus.NOT_ELIGIBLE, VmStatus.ACTION_REQUIRED, VmStatus.UNKNOWN)
_EXCHANGE_FINDINGS = {
    KvpHealth.DEGRADED: ("DATA_EXCHANGE_OUTDATED", VmStatus.ELIGIBLE),
    KvpHealth.PROTOCOL_MISMATCH: ("DATA_EXCHANGE_PROTOCOL_MISMATCH", VmStatus.UNKNOWN),
    KvpHealth.NO_CONTACT: ("DATA_EXCHANGE_NO_CONTACT", VmStatus.UNKNOWN),
    KvpHealth.LOST: ("DATA_EXCHANGE_LOST", VmStatus.UNKNOWN),
    KvpHealth.DISABLED: ("DATA_EXCHANGE_DISABLED", VmStatus.ACTION_REQUIRED),
}

_Judged = list[tuple[VmStatus, Finding]]


def judge_vm(vm: VmFacts, host: HostVerdict | None, tables: Tables) -> VmVerdict:
    """The verdict on one machine. ``host`` None: the host was not judged, and only the machine counts."""
    identity = identify_kvp(vm.kvp.intrinsic, tables)
    served = identity.kind is OsKind.WINDOWS_SERVER
    key = tables.avma_key(identity.release, identity.edition) if served else None
    judged = [*_judge_exchange(vm, identity)]
    # A guest that says nothing has been spoken of above: that it is unknown needs no second finding.
    if vm.kvp.intrinsic or not judged:
        judged += _judge_guest(vm, identity, host, tables)
    if host is not None and identity.kind in (OsKind.WINDOWS_SERVER, OsKind.UNKNOWN):
        judged += _judge_host(vm, host)
    statuses = {status for status, _found in judged}
    status = next((status for status in _PRECEDENCE if status in statuses), VmStatus.ELIGIBLE)
    return VmVerdict(status, identity, key, tuple(found for _status, found in judged))


def _judge_exchange(vm: VmFacts, identity: GuestIdentity) -> _Judged:
    judged: _Judged = []
    if vm.state is not VmState.RUNNING:
        judged.append((VmStatus.UNKNOWN, finding("GUEST_OFF", vm.name, state=vm.state.value)))
    if vm.kvp.enabled is False or vm.kvp.health is KvpHealth.DISABLED:
        judged.append((VmStatus.ACTION_REQUIRED, finding("DATA_EXCHANGE_DISABLED", vm.name)))
    elif vm.state is VmState.RUNNING and vm.kvp.health in _EXCHANGE_FINDINGS:
        code, status = _EXCHANGE_FINDINGS[vm.kvp.health]
        judged.append((status, finding(code, vm.name, remedy=update_remedy(identity.release))))
    elif vm.state is VmState.RUNNING and not vm.kvp.intrinsic:
        judged.append((VmStatus.UNKNOWN, finding("DATA_EXCHANGE_UNKNOWN", vm.name)))
    return judged


def _judge_guest(vm: VmFacts, identity: GuestIdentity, host: HostVerdict | None, tables: Tables) -> _Judged:
    name = vm.name
    if found := why_not_this_kind(identity, name):
        return [(VmStatus.UNKNOWN if identity.kind is OsKind.UNKNOWN else VmStatus.NOT_ELIGIBLE, found)]
    if found := why_not_this_age(identity, name) or why_not_this_edition(identity, name):
        return [(VmStatus.NOT_ELIGIBLE, found)]
    judged: _Judged = []
    if identity.evaluation:
        judged.append((VmStatus.ACTION_REQUIRED, evaluation_finding(identity, name, tables=tables)))
    if identity.edition is Edition.DATACENTER_AZURE:
        judged.append(_judge_azure_edition(name, host))
    if host is not None and (found := why_not_this_host_release(identity, name, host.release, host.name, tables)):
        judged.append((VmStatus.NOT_ELIGIBLE, found))
    if found := why_not_choose_key(identity, name, tables):
        needs_key = found.code == "KEY_NEEDED"
        judged.append((VmStatus.ACTION_REQUIRED if needs_key else VmStatus.UNKNOWN, found))
    return judged


def _judge_azure_edition(name: str, host: HostVerdict | None) -> tuple[VmStatus, Finding]:
    if host is not None and host.edition in _AZURE_HOSTS:
        return VmStatus.UNKNOWN, finding("GUEST_AZURE_EDITION_TRIED", name, reason="its host may be entitled")
    return VmStatus.NOT_ELIGIBLE, finding("GUEST_IS_AZURE_EDITION", name)


def _judge_host(vm: VmFacts, host: HostVerdict) -> _Judged:
    if host.ready is False:
        return [(VmStatus.ACTION_REQUIRED, finding("HOST_NOT_READY", vm.name, host=host.name, reasons=host.reasons))]
    if host.ready is None:
        return [(VmStatus.UNKNOWN, finding("HOST_READINESS_UNKNOWN", vm.name, host=host.name, reasons=host.reasons))]
    return []
