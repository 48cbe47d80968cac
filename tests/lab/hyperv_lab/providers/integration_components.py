# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Integration components of VMs and their settings, with the key-value pairs of Data Exchange.

Defaults from Microsoft's class reference of Msvm_KvpExchangeComponent and Msvm_KvpExchangeComponentSettingData.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from ..cim import schema
from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Scalar, Value
from ..world.data_exchange import Source
from ..world.errors import WBEM_E_INVALID_PARAMETER, WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.vm import Contact, Vm, VmState
from .base import instance
from .jobs import start_job
from .localisation import localised
from .virtualization import (
    COMPLETED,
    COMPONENTS,
    DISABLED,
    ENABLED,
    INVALID_STATE,
    KVP,
    NAMESPACE,
    Component,
    HyperVProvider,
    component_of_setting,
    component_setting_id,
)

_STATUS = {
    Contact.OK: "OK",
    Contact.DEGRADED: "Degraded",
    Contact.INCOMPATIBLE: "Non-Recoverable Error",
    Contact.NO_CONTACT: "No Contact",
    Contact.LOST: "Lost Communication",
}
_ANSWERS = (Contact.OK, Contact.DEGRADED)
_TEMPLATES = ("Default", "Increment", "Maximum", "Minimum")


def items(pairs: Mapping[str, str], source: Source) -> list[Scalar] | None:
    """Key-value pairs as embedded Msvm_KvpExchangeDataItem, None if there are none."""
    cls = schema.cim_class(NAMESPACE, "Msvm_KvpExchangeDataItem")
    return [Instance(cls, {"Data": data, "Name": name, "Source": source.value}) for name, data in pairs.items()] or None


_BY_CLASS = {component.class_name: component for component in COMPONENTS}
_BY_SETTING_CLASS = {component.setting_class: component for component in COMPONENTS}


class IntegrationComponents(HyperVProvider):
    serves = tuple(component.class_name for component in COMPONENTS)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        component = _BY_CLASS[cls.name]
        rules = self.fleet.rules.data_exchange
        delay = timedelta(seconds=rules.delay_seconds)
        for vm in list(self.host.vms.values()):
            if not vm.running and not rules.component_of_stopped_vm:
                continue
            enabled = component.key not in vm.disabled_components
            contact = self._contact(vm, component, enabled, delay)
            name = localised(component.name, self.host.language)
            values: dict[str, Value] = {
                "AdditionalAvailability": [6],
                "Availability": 6,
                "Caption": name,
                "CreationClassName": component.class_name,
                "Description": f"Microsoft {component.name} Service",
                "DeviceID": component_setting_id(vm.id, component),
                "ElementName": name,
                "EnabledDefault": 7,
                "EnabledState": ENABLED if enabled else DISABLED,
                "HealthState": 5,
                "Name": name,
                "OperationalStatus": [contact.value] if contact else None,
                "RequestedState": 12,
                "StatusDescriptions": [localised(_STATUS[contact], self.host.language)] if contact else None,
                "SystemCreationClassName": "Msvm_ComputerSystem",
                "SystemName": vm.id,
                "TransitioningToState": 12,
            }
            if component is KVP and contact in _ANSWERS and vm.guest is not None:
                values["GuestIntrinsicExchangeItems"] = items(vm.guest.intrinsic_items(), Source.INTRINSIC)
                values["GuestExchangeItems"] = items(vm.guest.pools.guest_items(), Source.GUEST)
            yield Instance(cls, values)

    def _contact(self, vm: Vm, component: Component, enabled: bool, delay: timedelta) -> Contact | None:
        """Health of a component, None where the host does not ask the guest at all."""
        if not vm.running or not enabled:
            return None
        if component is KVP:
            return vm.contact(self.fleet.clock.now(), delay)
        return Contact.OK if vm.guest is not None else Contact.NO_CONTACT

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        if target is None:
            raise failure(WBEM_E_INVALID_PARAMETER)
        vm = self.host.vms[str(target.values["SystemName"])]
        if method == "InitiateShutdown":
            if not vm.running or vm.guest is None:
                return MethodResult(INVALID_STATE)
            self.fleet.set_state(vm, VmState.OFF)
            return MethodResult(COMPLETED)
        if method == "InitiateReboot":
            if not vm.running or vm.guest is None:
                return MethodResult(INVALID_STATE)
            self.fleet.set_state(vm, VmState.OFF)
            self.fleet.set_state(vm, VmState.RUNNING)
            return MethodResult(COMPLETED)
        if method == "RequestStateChange" and arguments.get("RequestedState") in (ENABLED, DISABLED):
            component = _BY_CLASS[cls.name]
            enabled = arguments["RequestedState"] == ENABLED
            return start_job(self, method, vm.id, lambda: self.fleet.set_component(self.host, vm, component.key, enabled))
        raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)


class IntegrationComponentSettings(HyperVProvider):
    serves = tuple(component.setting_class for component in COMPONENTS)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        component = _BY_SETTING_CLASS[cls.name]
        for template in _TEMPLATES:
            yield self._setting(cls, component, rf"Microsoft:Definition\{component.guid}\{template}", None)
        for vm in list(self.host.vms.values()):
            yield self._setting(cls, component, component_setting_id(vm.id, component), vm)
            for checkpoint in vm.checkpoints:
                # A checkpoint has settings of its own, below its own GUID (an assumption: no dump with a checkpoint was found).
                yield self._setting(cls, component, component_setting_id(checkpoint.id, component), vm)

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        found = component_of_setting(self.host, next(iter(keys.values()), "")) if len(keys) == 1 else None
        if found is None or found[1].setting_class != cls.name:
            return super().find(cls, keys)
        vm, component = found
        return self._setting(cls, component, component_setting_id(vm.id, component), vm)

    def _setting(self, cls: CimClass, component: Component, instance_id: str, vm: Vm | None) -> Instance:
        name = localised(component.name, self.host.language)
        enabled = component.key not in vm.disabled_components if vm is not None else component.key != "guest_interface"
        values: dict[str, Value] = {
            "AllocationUnits": "count",
            "AutomaticAllocation": True,
            "AutomaticDeallocation": True,
            "Caption": name,
            "ConsumerVisibility": 3,
            "Description": f"Microsoft {component.name} Service Setting Data",
            "ElementName": name,
            "EnabledState": ENABLED if enabled else DISABLED,
            "InstanceID": instance_id,
            "Limit": 1,
            "OtherResourceType": f"Microsoft:Hyper-V:{component.name} Component",
            "Reservation": 1,
            "ResourceType": 1,
            "VirtualQuantity": 1,
            "VirtualQuantityUnits": "count",
            "Weight": 0,
        }
        if component.key == "guest_interface":
            values["DefaultEnabledStatePolicy"] = 2
        if component is KVP:
            values["DisableHostKVPItems"] = vm.hide_host_items if vm is not None else False
            if vm is not None:
                values["HostExchangeItems"] = items(vm.host_items, Source.HOST)
                values["HostOnlyItems"] = items(vm.host_only_items, Source.HOST_ONLY)
        changed = vm.resource_settings.get(instance_id, {}) if vm is not None else {}
        return instance(cls, {**values, **changed})
