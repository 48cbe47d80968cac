# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the lab simulates, and the changes that concern more than one machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from . import avma, renewal
from .accounts import LabAccount
from .clock import Clock
from .cluster import Cluster
from .guest import Guest, LinuxGuest
from .host import Host
from .keys import KeyBook
from .registry import string_values
from .rules import Rules
from .vm import Vm, VmState
from .windows import Windows


class UnknownMachine(KeyError):
    """No host, guest or VM has the name that was asked for."""

    def __str__(self) -> str:
        return str(self.args[0])


class Fleet:
    """Clusters, hosts, VMs and guests, with the one clock and the rules they all follow."""

    def __init__(
        self,
        clock: Clock,
        rules: Rules,
        keys: KeyBook,
        accounts: Iterable[LabAccount] = (),
        clusters: Iterable[Cluster] = (),
        hosts: Iterable[Host] = (),
    ) -> None:
        self.clock = clock
        self.rules = rules
        self.keys = keys
        self.accounts = {account.name.lower(): account for account in accounts}
        self.clusters = list(clusters)
        self.hosts = list(hosts)
        self._hosts = {host.name.lower(): host for host in self.hosts}
        self._cluster_of = {node.name: cluster for cluster in self.clusters for node in cluster.nodes}
        self._placement: dict[int, tuple[Host, Vm]] = {}
        self._host_of: dict[str, Host] = {}
        self._guests: dict[str, Guest] = {}
        self.watchers: list[Callable[[Windows], None]] = []  # told when a machine starts, stops, gets or loses its network
        for host in self.hosts:
            for vm in host.vms.values():
                self._place(host, vm)

    def _place(self, host: Host, vm: Vm) -> None:
        host.vms[vm.id] = vm
        self._host_of[vm.id] = host
        if vm.guest is not None:
            self._placement[id(vm.guest)] = (host, vm)
        if isinstance(vm.guest, Guest):
            self._guests[vm.guest.name.lower()] = vm.guest

    # -- finding

    def host(self, name: str) -> Host:
        try:
            return self._hosts[name.lower()]
        except KeyError:
            raise UnknownMachine(f"no host is named {name!r}; there are {', '.join(host.name for host in self.hosts)}") from None

    def guest(self, name: str) -> Guest:
        try:
            return self._guests[name.lower()]
        except KeyError:
            raise UnknownMachine(f"no Windows guest is named {name!r}") from None

    def windows(self, name: str) -> Windows:
        """The host or guest of that computer name."""
        found = self._hosts.get(name.lower()) or self._guests.get(name.lower())
        if found is None:
            raise UnknownMachine(f"no host or guest is named {name!r}")
        return found

    def guests(self) -> list[Guest]:
        return list(self._guests.values())

    def vms(self) -> Iterator[tuple[Host, Vm]]:
        for host in self.hosts:
            for vm in host.vms.values():
                yield host, vm

    def vm(self, name: str) -> tuple[Host, Vm]:
        """A VM by its name or GUID."""
        for host, vm in self.vms():
            if name.lower() in (vm.name.lower(), vm.id.lower()):
                return host, vm
        raise UnknownMachine(f"no VM is named {name!r}")

    def placement(self, guest: Guest | LinuxGuest) -> tuple[Host, Vm]:
        """Where a guest runs now."""
        return self._placement[id(guest)]

    def cluster_of(self, host: Host) -> Cluster | None:
        return self._cluster_of.get(host.name)

    # -- changing

    def notify(self, windows: Windows) -> None:
        """Tells the watchers that a machine may answer now, or may not any more."""
        for watcher in self.watchers:
            watcher(windows)

    def set_network(self, guest: Guest, connected: bool) -> None:
        """Plugs the cable of a guest in or out. ValueError for one that has no address to come back to."""
        if connected and not guest.address:
            raise ValueError(f"guest {guest.name} has no address: it has been without a network from the start")
        guest.network = connected
        self.notify(guest)

    def set_state(self, vm: Vm, state: VmState) -> None:
        """Starts, stops, saves or pauses a VM, with what follows in the guest."""
        now = self.clock.now()
        host = self._host_of[vm.id]
        before, vm.state, vm.changed = vm.state, state, now
        vm.update_contact(now)
        if isinstance(vm.guest, Guest) and (before is VmState.RUNNING) != vm.running:
            self.notify(vm.guest)
        if state is VmState.RUNNING and before is not VmState.RUNNING:
            self.deliver(host, vm)
            if isinstance(vm.guest, Guest) and before is VmState.OFF:
                vm.guest.booted = now
                avma.at_start(self, vm.guest)

    def set_component(self, host: Host, vm: Vm, component: str, enabled: bool) -> None:
        if enabled:
            vm.disabled_components.discard(component)
        else:
            vm.disabled_components.add(component)
        vm.update_contact(self.clock.now())
        self.deliver(host, vm)

    def set_kvp_service(self, guest: Guest | LinuxGuest, running: bool, *, disabled: bool = False) -> None:
        guest.kvp_service = "running" if running else "disabled" if disabled else "stopped"
        host, vm = self.placement(guest)
        vm.update_contact(self.clock.now())
        self.deliver(host, vm)

    def migrate(self, vm: Vm, target: Host) -> None:
        """Live migration: the guest keeps running and keeps what licence it has (Microsoft, AVMA)."""
        source = self._host_of[vm.id]
        del source.vms[vm.id]
        self._place(target, vm)
        self.deliver(target, vm)

    def deliver(self, host: Host, vm: Vm) -> None:
        """The host writes its items and its own name into the guest, which needs a working Data Exchange."""
        if vm.contact_since is None or vm.guest is None:
            return
        pools = vm.guest.pools
        pools.external.clear()
        pools.external.update(string_values(vm.host_items))
        if vm.hide_host_items:
            return
        items = {
            "HostName": host.fqdn,
            "PhysicalHostName": host.name.upper(),
            "PhysicalHostNameFullyQualified": host.fqdn,
            "VirtualMachineName": vm.name,
        }
        if host.release.build >= 14393:
            items["VirtualMachineId"] = vm.id
        pools.parameters.clear()
        pools.parameters.update(string_values(items))

    def advance(self, by: timedelta) -> datetime:
        """Moves time on a day at a time, so that leases are renewed or run out as they would."""
        while by > timedelta(0):
            step = min(by, timedelta(days=1))
            self.clock.advance(step)
            by -= step
            renewal.renew_all(self)
        return self.clock.now()

    # -- comparing

    def state(self) -> dict[str, object]:
        """All that a client could have changed, as plain values; two equal states are the same world."""
        now = self.clock.now()
        for host in self.hosts:
            host.jobs.settle(now)
        for windows in (*self.hosts, *self._guests.values()):
            windows.licence.settle(now)
        return {
            "hosts": {host.name: {**_windows_state(host), "vms": {vm.id: _vm_state(vm) for vm in host.vms.values()}} for host in self.hosts}
        }

    def digest(self) -> str:
        """A short name for ``state``: equal before and after means that nothing was changed."""
        return hashlib.sha256(repr(self.state()).encode()).hexdigest()


def _windows_state(windows: Windows) -> dict[str, object]:
    licence = windows.licence
    touched = windows.changed_registry
    return {
        "licence": {name: str(getattr(licence, name)) for name in _LICENCE_FIELDS},
        "booted": str(windows.booted),
        "events": [str(event) for event in windows.log.written()],
        "registry": None if touched is None or touched.untouched else touched.dump(),
    }


_LICENCE_FIELDS = (
    "channel", "partial_key", "status", "reason", "expires", "iaid", "host_name", "host_pid", "last_activation", "kms_discovered",
    "rearms_left", "key_in_registry",
)  # fmt: skip


def _vm_state(vm: Vm) -> dict[str, object]:
    state: dict[str, object] = {
        "name": vm.name,
        "state": vm.state.name,
        "disabled_components": sorted(vm.disabled_components),
        "host_items": sorted(vm.host_items.items()),
        "host_only_items": sorted(vm.host_only_items.items()),
        "notes": vm.notes,
        "settings": sorted(vm.settings.items(), key=repr),
        "resource_settings": sorted(vm.resource_settings.items(), key=repr),
        "hardware": (vm.processors, vm.memory_mb),
        "checkpoints": [str(checkpoint) for checkpoint in vm.checkpoints],
    }
    if vm.guest is not None:
        pools = vm.guest.pools
        state["pools"] = [sorted(map(tuple, values.values()), key=repr) for values in (pools.guest, pools.external, pools.parameters)]
        state["kvp_service"] = vm.guest.kvp_service
    if isinstance(vm.guest, Guest):
        state["guest"] = _windows_state(vm.guest)
    return state
