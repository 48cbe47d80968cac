# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control API shows of machines and VMs, as plain values. Product keys appear as their last five characters only."""

from __future__ import annotations

from typing import Any

from ..world.fleet import Fleet
from ..world.guest import Guest
from ..world.host import Host
from ..world.vm import Vm
from ..world.windows import Windows


def machine_view(fleet: Fleet, windows: Windows) -> dict[str, Any]:
    now = fleet.clock.now()
    state = windows.licence
    state.settle(now)
    view: dict[str, Any] = {
        "name": windows.name,
        "kind": "host" if isinstance(windows, Host) else "guest",
        "address": windows.address,
        "release": windows.release.name,
        "edition": windows.edition.name,
        "language": windows.language,
        "licence": {
            "channel": state.channel,
            "partial_key": state.partial_key,
            "status": state.status,
            "reason": f"0x{state.reason:08X}",
            "minutes_remaining": state.minutes_remaining(now),
            "iaid": state.iaid,
            "host_name": state.host_name,
            "last_activation": state.last_activation.isoformat() if state.last_activation else None,
            "key_in_registry": state.key_in_registry,
            "installations": state.installations,
        },
        "events": [
            {"record": event.record, "id": event.id, "time": event.time.isoformat(), "strings": [*event.strings]}
            for event in windows.log.written()
        ],
    }
    if isinstance(windows, Host):
        view["hyperv"] = windows.hyperv
        view["throttle"] = windows.throttle
        view["throttled"] = windows.throttled
        view["vms"] = [vm.name for vm in windows.vms.values()]
        cluster = fleet.cluster_of(windows)
        view["cluster"] = cluster.name if cluster else None
    elif isinstance(windows, Guest):
        host, vm = fleet.placement(windows)
        view["vm"] = vm_view(fleet, host, vm)
    return view


def vm_view(fleet: Fleet, host: Host, vm: Vm) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": vm.id,
        "name": vm.name,
        "host": host.name,
        "state": vm.state.name.lower(),
        "data_exchange": vm.data_exchange,
        "exchanging": vm.contact_since is not None,
        "host_items": dict(vm.host_items),
        "host_only_items": dict(vm.host_only_items),
        "notes": vm.notes,
    }
    if vm.guest is not None:
        pools = vm.guest.pools
        view["guest"] = vm.guest.name
        view["kvp_service"] = vm.guest.kvp_service
        view["intrinsic_items"] = vm.guest.intrinsic_items()
        view["guest_items"] = pools.guest_items()
        view["external_items"] = {value.name: value.data for value in pools.external.values()}
        view["parameters"] = {value.name: value.data for value in pools.parameters.values()}
    return view
