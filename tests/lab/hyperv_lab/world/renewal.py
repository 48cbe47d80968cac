# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What time does to licences: they are renewed where somebody answers, and run out where nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import avma, keys, licensing
from .licence import LICENSED, Licence
from .windows import Windows

if TYPE_CHECKING:
    from .fleet import Fleet


def renew_all(fleet: Fleet) -> None:
    """Lets everything that runs renew what is due, hosts first, then lets time take its effect everywhere."""
    now = fleet.clock.now()
    for host in fleet.hosts:
        if host.powered:
            _renew_kms(fleet, host, now)
        host.licence.settle(now)
    for guest in fleet.guests():
        _host, vm = fleet.placement(guest)
        if vm.running:
            if _avma_is_due(fleet, guest.licence, now):
                avma.request(fleet, guest)
            _renew_kms(fleet, guest, now)
        guest.licence.settle(now)


def _avma_is_due(fleet: Fleet, state: Licence, now: datetime) -> bool:
    """The interval is one field report's (7 days, as long as the lease itself)."""
    rules = fleet.rules.licensing
    if not rules.renew or state.channel != keys.AVMA:
        return False
    if state.last_activation is not None:
        return now - state.last_activation >= timedelta(minutes=rules.renewal_minutes)
    return state.expires is not None and now >= state.expires


def _renew_kms(fleet: Fleet, windows: Windows, now: datetime) -> None:
    """A KMS client that is activated renews every 7 days for another 180 (Microsoft, "Plan for KMS activation")."""
    rules, state = fleet.rules.licensing, windows.licence
    if state.channel != keys.KMS_CLIENT or state.status != LICENSED or state.expires is None or now >= state.expires:
        return
    since = timedelta(minutes=rules.kms_lease_minutes) - (state.expires - now)
    reachable = licensing.kms_reachable(fleet, windows) or state.activated_through == "active_directory"
    if since >= timedelta(minutes=rules.kms_renewal_minutes) and reachable:
        licensing.activate(fleet, windows, keys.KMS_CLIENT)
