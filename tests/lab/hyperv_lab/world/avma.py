# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic virtual machine activation: how a host answers a guest.

Each rule names its source. "Firm" rules stand in Microsoft's "Automatic virtual machine activation" or slerror.h; the others are
inference or single reports, and the scenario's ``LicensingRules`` can turn them.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import keys, licence
from .errors import (
    SL_E_IA_ID_MISMATCH,
    SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM,
    SL_E_IA_MACHINE_NOT_BOUND,
    SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED,
    SL_E_IA_THROTTLE_LIMIT_EXCEEDED,
)
from .eventlog import GUEST_EVENT, HOST_EVENT, Exchange, guest_event, host_event
from .guest import Guest
from .host import Host
from .releases import RELEASES, SUBSCRIPTION, EditionKind
from .rules import LicensingRules
from .vm import Vm

if TYPE_CHECKING:
    from .fleet import Fleet

SUCCESS = 0
FIRST_HOST_BUILD = 9600  # Windows Server 2012 R2 (firm)

_GUEST_EDITIONS = (EditionKind.DATACENTER, EditionKind.STANDARD, EditionKind.ESSENTIALS)


def reaches_host(guest: Guest, host: Host, vm: Vm, rules: LicensingRules) -> bool:
    """Whether there is a host that takes part in AVMA at all; if not, the guest alone fails (0xC004FD01)."""
    if guest.hypervisor != "hyper-v":  # firm: "not on a supported Hyper-V"
        return False
    if not (guest.activation_device and guest.activation_driver):  # inferred: the request goes through this device
        return False
    # Firm for Hyper-V Server (not entitled); that it fails with this very code is assumed. Old hosts: the code's published meaning.
    if host.release.build < FIRST_HOST_BUILD or host.edition.kind is EditionKind.HYPERV_SERVER:
        return False
    # Documented as a requirement, contradicted by reverse engineering: a switch.
    return vm.data_exchange or not rules.data_exchange_required


def answer(guest: Guest, host: Host, vm: Vm, rules: LicensingRules, now: datetime) -> int:
    """What the host says to a guest that reaches it: 0 or the HRESULT of its refusal."""
    if host.throttle > 0:  # firm: too many requests; how many are too many is not published
        host.throttle -= 1
        host.throttled += 1
        return SL_E_IA_THROTTLE_LIMIT_EXCEEDED
    if _too_many_at_once(host, rules, now):
        host.throttled += 1
        return SL_E_IA_THROTTLE_LIMIT_EXCEEDED
    if host.platform == "azure":  # one report: a guest nested in a virtual machine of Azure
        return SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED
    if host.edition.kind is EditionKind.AZURE_LOCAL:
        return _entitled(guest, host)
    if host.licence.status != licence.LICENSED:  # firm: the host must be activated; grace does not count
        return SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED
    if host.edition.evaluation and not rules.evaluation_host_activates:  # not documented at all: refused unless switched
        return SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED
    if host.licence.shown_channel is not None and not rules.unknown_channel_activates:
        return SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED
    if host.edition.kind not in (EditionKind.DATACENTER, EditionKind.AZURE_EDITION):  # firm: Standard hosts do not entitle
        return SL_E_IA_ID_MISMATCH
    if guest.release.build > host.release.build:  # firm: never a guest newer than its host
        return SL_E_IA_ID_MISMATCH
    if guest.edition.kind not in _GUEST_EDITIONS:  # Azure Edition on an ordinary host: expected to fail, the code was not seen
        return SL_E_IA_ID_MISMATCH
    if not vm.bound:  # inferred from the symbol's name
        return SL_E_IA_MACHINE_NOT_BOUND
    return SUCCESS


def unanswered(guest: Guest, rules: LicensingRules) -> int:
    """The HRESULT that a guest without such a host comes to by itself."""
    return rules.azure_refusal if guest.hypervisor == "azure" else SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM


def _too_many_at_once(host: Host, rules: LicensingRules, now: datetime) -> bool:
    """Each request keeps the host busy for a while, and it takes so many at a time (both are not published: switches)."""
    if host.activations_at_once is None:
        return False
    host.taken = [since for since in host.taken if now - since < timedelta(seconds=rules.activation_seconds)]
    if len(host.taken) >= host.activations_at_once:
        return True
    host.taken.append(now)
    return False


def _entitled(guest: Guest, host: Host) -> int:
    """Azure Local: by subscription or by the release of the host's keys, never by the host's own licence (firm).

    Without a sync for 30 days the subscription ends (firm); that it does so with this very code is assumed.
    """
    if host.entitlement is None or (host.entitlement == SUBSCRIPTION and not host.synchronised):
        return SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED
    if host.entitlement != SUBSCRIPTION and guest.release.build > RELEASES[host.entitlement].build:
        return SL_E_IA_ID_MISMATCH
    return SUCCESS


def identity(vm: Vm) -> str:
    """IAID of a machine's activation, the same for all that tell of it."""
    return str(uuid.uuid5(uuid.UUID(vm.id), "iaid"))


def request(fleet: Fleet, guest: Guest, at: datetime | None = None) -> int:
    """One request of a guest to the host it runs on now; ``at``: when it came, None for now. Gives the HRESULT; events are written on both sides.

    The host writes only if the request reached it. A refusal becomes the reason of a product that is in notification
    (reported for 0xC004FD01), and leaves a licence that still runs as it is.
    """
    host, vm = fleet.placement(guest)
    rules = fleet.rules.licensing
    now = at or fleet.clock.now()
    reached = reaches_host(guest, host, vm, rules)
    code = answer(guest, host, vm, rules, now) if reached else unanswered(guest, rules)
    state = guest.licence
    if code == SUCCESS:
        state.become_licensed(now + timedelta(minutes=rules.lease_minutes))
        if rules.binding == "full":
            state.iaid = state.iaid or identity(vm)
            state.last_activation = now
            state.host_pid = licence.product_ids(host.name, host.release, host.licence.channel or keys.RETAIL)[1]
        if rules.binding != "none":
            state.host_name = host.fqdn
    elif state.status == licence.NOTIFICATION:
        state.reason = code
    _log(fleet, guest, vm, host, code, now, reached=reached)
    return code


def _log(fleet: Fleet, guest: Guest, vm: Vm, host: Host, code: int, at: datetime, *, reached: bool) -> None:
    """What both sides write of one request: the host only if it came there."""
    exchange = Exchange(
        code=code,
        host_name=host.fqdn,
        guest_name=guest.fqdn,
        vm_id=vm.id,
        vm_name=vm.name,
        iaid=guest.licence.iaid or identity(vm),
        sku_id=licence.activation_id(guest.release, guest.edition, keys.AVMA),
        time=at,
        minutes=fleet.rules.licensing.lease_minutes if code == SUCCESS else 0,
    )
    shape = fleet.rules.events.shape
    guest.log.write(GUEST_EVENT, at, *guest_event(shape, exchange))
    if reached:
        host.log.write(HOST_EVENT, at, *host_event(shape, exchange))


def was_activated(fleet: Fleet, guest: Guest, host: Host, at: datetime) -> None:
    """A host that would not do it now did so then: the licence it gave, and what both have logged of it."""
    _now, vm = fleet.placement(guest)
    state = guest.licence
    state.host_name, state.last_activation, state.iaid = host.fqdn, at, identity(vm)
    state.become_licensed(at + timedelta(minutes=fleet.rules.licensing.lease_minutes))
    _log(fleet, guest, vm, host, SUCCESS, at, reached=True)


def at_start(fleet: Fleet, guest: Guest) -> None:
    """A guest with an AVMA key asks when it boots (firm)."""
    if fleet.rules.licensing.activate_at_start and guest.licence.channel == keys.AVMA:
        request(fleet, guest)
