# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and numbers that the providers of root/virtualization/v2 share."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..cim.types import Reference
from ..world.host import Host
from ..world.vm import Vm, component_id
from .base import Provider

NAMESPACE = "root/virtualization/v2"

COMPLETED, JOB_STARTED = 0, 4096
FAILED, NOT_SUPPORTED, INVALID_PARAMETER, INVALID_STATE = 32768, 32770, 32773, 32775

ENABLED, DISABLED = 2, 3


class Component(NamedTuple):
    """An integration component: its key in the world, its classes' stem, its name in English."""

    key: str
    stem: str
    name: str

    @property
    def guid(self) -> str:
        return component_id(self.key)

    @property
    def class_name(self) -> str:
        return f"Msvm_{self.stem}Component"

    @property
    def setting_class(self) -> str:
        return f"Msvm_{self.stem}ComponentSettingData"


COMPONENTS = (
    Component("kvp", "KvpExchange", "Key-Value Pair Exchange"),
    Component("heartbeat", "Heartbeat", "Heartbeat"),
    Component("shutdown", "Shutdown", "Shutdown"),
    Component("time", "TimeSync", "Time Synchronization"),
    Component("vss", "Vss", "VSS"),
    Component("guest_interface", "GuestServiceInterface", "Guest Service Interface"),
)
KVP = COMPONENTS[0]

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_COMPONENT_SETTING = re.compile(rf"Microsoft:({_GUID})\\({_GUID})")
_SYSTEM_SETTING = re.compile(rf"Microsoft:({_GUID})")


class HyperVProvider(Provider):
    """A provider on a Hyper-V host."""

    @property
    def host(self) -> Host:
        assert isinstance(self.windows, Host)
        return self.windows


def setting_id(vm: Vm) -> str:
    """InstanceID of a VM's realized settings."""
    return f"Microsoft:{vm.id}"


def component_setting_id(system_id: str, component: Component) -> str:
    return rf"Microsoft:{system_id}\{component.guid}"


def vm_of_setting(host: Host, instance_id: str) -> Vm | None:
    match = _SYSTEM_SETTING.fullmatch(instance_id)
    return host.vms.get(match[1].upper()) if match else None


def component_of_setting(host: Host, instance_id: str) -> tuple[Vm, Component] | None:
    """The VM and component that a setting data's InstanceID names, None for checkpoints' and templates'."""
    match = _COMPONENT_SETTING.fullmatch(instance_id)
    if match is None:
        return None
    vm = host.vms.get(match[1].upper())
    component = next((component for component in COMPONENTS if component.guid == match[2].upper()), None)
    return (vm, component) if vm is not None and component is not None else None


def system_reference(vm: Vm) -> Reference:
    return Reference(NAMESPACE, "Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": vm.id})


def setting_reference(class_name: str, instance_id: str) -> Reference:
    return Reference(NAMESPACE, class_name, {"InstanceID": instance_id})
