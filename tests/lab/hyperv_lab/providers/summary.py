# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Msvm_SummaryInformation: what GetSummaryInformation tells of VMs, by the numbers that were asked for (Microsoft's class reference)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from ..cim import schema
from ..cim.types import Instance, Value
from ..world.vm import Contact, Vm, VmState
from .localisation import localised
from .virtualization import NAMESPACE, HyperVProvider, setting_id

_Field = Callable[[HyperVProvider, Vm], Value]


def _uptime(provider: HyperVProvider, vm: Vm) -> Value:
    """Milliseconds."""
    if not vm.running:
        return 0
    return (provider.fleet.clock.now() - (vm.changed or vm.created)) // timedelta(milliseconds=1)


def _heartbeat(provider: HyperVProvider, vm: Vm) -> Value:
    if not vm.running or "heartbeat" in vm.disabled_components:
        return None
    return Contact.OK.value if vm.guest is not None else Contact.NO_CONTACT.value


def _guest_system(provider: HyperVProvider, vm: Vm) -> Value:
    """Known from Data Exchange, so unknown without it."""
    delay = timedelta(seconds=provider.fleet.rules.data_exchange.delay_seconds)
    if vm.guest is None or not vm.running or vm.contact(provider.fleet.clock.now(), delay) not in (Contact.OK, Contact.DEGRADED):
        return None
    return vm.guest.intrinsic_items()["OSName"]


def _services_version(provider: HyperVProvider, vm: Vm) -> Value:
    """1 up to date, 2 of another version, 0 unknown."""
    if vm.guest is None or not vm.running:
        return 0
    return 1 if vm.guest.kvp_protocol == "current" else 2


_FIELDS: dict[int, tuple[str, _Field]] = {
    0: ("Name", lambda provider, vm: vm.id),
    1: ("ElementName", lambda provider, vm: vm.name),
    2: ("CreationTime", lambda provider, vm: vm.created),
    3: ("Notes", lambda provider, vm: vm.notes),
    4: ("NumberOfProcessors", lambda provider, vm: vm.processors),
    8: ("AllocatedGPU", lambda provider, vm: ""),
    9: ("VirtualSwitchNames", lambda provider, vm: ["External"]),
    10: ("Version", lambda provider, vm: vm.version),
    11: ("Shielded", lambda provider, vm: False),
    100: ("EnabledState", lambda provider, vm: vm.state.value),
    101: ("ProcessorLoad", lambda provider, vm: 2 if vm.running else None),
    103: ("MemoryUsage", lambda provider, vm: vm.memory_mb if vm.state in (VmState.RUNNING, VmState.PAUSED) else None),
    104: ("Heartbeat", _heartbeat),
    105: ("UpTime", _uptime),
    106: ("GuestOperatingSystem", _guest_system),
    109: ("HealthState", lambda provider, vm: 5),
    110: ("OperationalStatus", lambda provider, vm: [2]),
    111: ("StatusDescriptions", lambda provider, vm: [localised("Operating normally", provider.host.language)]),
    114: ("ReplicationState", lambda provider, vm: 0),
    115: ("ReplicationHealth", lambda provider, vm: 0),
    117: ("ReplicationMode", lambda provider, vm: 0),
    120: ("SwapFilesInUse", lambda provider, vm: False),
    121: ("IntegrationServicesVersionState", _services_version),
    123: ("IntegrationServicesVersionState", _services_version),  # as public scripts ask for it
}
_ALWAYS = 100  # EnabledState is there whatever was asked for, as virt-who relies on


def summaries(provider: HyperVProvider, vms: Iterable[Vm], codes: set[int]) -> Iterable[Instance]:
    """One summary a VM, with the fields of ``codes``; numbers that the lab does not model stay NULL."""
    cls = schema.cim_class(NAMESPACE, "Msvm_SummaryInformation")
    fields = [_FIELDS[code] for code in sorted(codes | {_ALWAYS}) if code in _FIELDS]
    for vm in vms:
        values: dict[str, Value] = {"InstanceID": setting_id(vm), "HostComputerSystemName": provider.host.name.upper()}
        values.update((name, read(provider, vm)) for name, read in fields)
        yield Instance(cls, values)
