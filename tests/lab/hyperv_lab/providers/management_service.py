# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Msvm_VirtualSystemManagementService: key-value pairs, guest services and summaries of VMs (Microsoft's class reference)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Reference, Scalar, Value
from ..world.data_exchange import Source
from ..world.errors import WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.vm import Vm
from .base import instance
from .jobs import start_job
from .localisation import localised
from .summary import summaries
from .virtualization import (
    COMPLETED,
    DISABLED,
    ENABLED,
    INVALID_PARAMETER,
    KVP,
    NOT_SUPPORTED,
    Component,
    HyperVProvider,
    component_of_setting,
    setting_reference,
    vm_of_setting,
)

_CLASS = "Msvm_VirtualSystemManagementService"

# Limits of the key-value pairs of one VM (Microsoft, AddKvpItems and HostOnlyItems).
MAX_ITEMS = 128
MAX_NAME_BYTES, MAX_DATA_BYTES = 512, 2048


class ManagementService(HyperVProvider):
    serves = (_CLASS,)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        language = self.host.language
        values: dict[str, Value] = {
            "Caption": "Virtual System Management Service",
            "CreationClassName": _CLASS,
            "Description": "Service for creating, manipulating, and managing virtual machines",
            "ElementName": "Hyper-V Virtual System Management Service",
            "EnabledDefault": 2,
            "EnabledState": 2,
            "HealthState": 5,
            "Name": "vmms",
            "OperationalStatus": [2],
            "RequestedState": 12,
            "Started": True,
            "StatusDescriptions": [localised("Operating normally", language)],
            "SystemCreationClassName": "Msvm_ComputerSystem",
            "SystemName": self.host.name.upper(),
        }
        yield instance(cls, values)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        self.host.jobs.settle(self.fleet.clock.now())
        if method in ("AddKvpItems", "ModifyKvpItems", "RemoveKvpItems"):
            return self._kvp_items(method, arguments)
        if method == "ModifyGuestServiceSettings":
            return self._guest_services(arguments.get("GuestServiceSettings"), "ResultingGuestServiceSettings")
        if method == "ModifyResourceSettings":
            return self._guest_services(arguments.get("ResourceSettings"), "ResultingResourceSettings")
        if method == "ModifySystemSettings":
            return self._system_settings(arguments.get("SystemSettings"))
        if method == "GetSummaryInformation":
            return self._summary(arguments)
        raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)

    # -- key-value pairs

    def _kvp_items(self, method: str, arguments: Mapping[str, Value]) -> MethodResult:
        system = arguments.get("TargetSystem")
        vm = self.host.vms.get(_key(system, "Name").upper())
        data_items = _instances(arguments.get("DataItems"))
        if vm is None or not data_items or len(data_items) > MAX_ITEMS:
            return MethodResult(INVALID_PARAMETER)
        changes: list[Callable[[], object]] = []
        for item in data_items:
            name, data = item.values.get("Name"), item.values.get("Data") or ""
            source = item.values.get("Source") or Source.HOST.value
            if not isinstance(name, str) or not isinstance(data, str) or not name or source not in (Source.HOST, Source.HOST_ONLY):
                return MethodResult(INVALID_PARAMETER)
            if len(name.encode("utf-16-le")) > MAX_NAME_BYTES or len(data.encode("utf-16-le")) > MAX_DATA_BYTES:
                return MethodResult(INVALID_PARAMETER)
            pool = vm.host_items if source == Source.HOST else vm.host_only_items
            # Add fails if the name is there, the others if it is not: none of them can be repeated blindly.
            if (name in pool) == (method == "AddKvpItems"):
                return MethodResult(INVALID_PARAMETER)
            if method == "RemoveKvpItems":
                changes.append(partial(pool.pop, name, None))
            else:
                changes.append(partial(pool.__setitem__, name, data))
        if method == "AddKvpItems" and len(vm.host_items) + len(vm.host_only_items) + len(changes) > MAX_ITEMS:
            return MethodResult(INVALID_PARAMETER)

        def change() -> None:
            for apply in changes:
                apply()
            self.fleet.deliver(self.host, vm)

        return start_job(self, "Modifying Settings", vm.id, change)

    # -- settings

    def _guest_services(self, settings: Value, resulting: str) -> MethodResult:
        wanted: list[tuple[Vm, Component, Instance]] = []
        for setting in _instances(settings):
            found = component_of_setting(self.host, str(setting.values.get("InstanceID") or ""))
            if found is None:
                # Templates, checkpoints and other resources: not found, or not something the lab changes.
                known = vm_of_setting(self.host, str(setting.values.get("InstanceID") or "").partition("\\")[0])
                return MethodResult(NOT_SUPPORTED if known is not None else INVALID_PARAMETER)
            vm, component = found
            if setting.cls.name != component.setting_class or setting.values.get("EnabledState", ENABLED) not in (None, ENABLED, DISABLED):
                return MethodResult(INVALID_PARAMETER)
            wanted.append((vm, component, setting))
        if not wanted:
            return MethodResult(INVALID_PARAMETER)

        def change() -> None:
            for vm, component, setting in wanted:
                hide = setting.values.get("DisableHostKVPItems")
                if component is KVP and isinstance(hide, bool):
                    vm.hide_host_items = hide
                state = setting.values.get("EnabledState")
                if state is not None:
                    self.fleet.set_component(self.host, vm, component.key, state == ENABLED)

        references: list[Scalar] = [
            setting_reference(component.setting_class, str(setting.values["InstanceID"])) for _vm, component, setting in wanted
        ]
        return start_job(self, "Modifying Settings", wanted[0][0].id, change, {resulting: references})

    def _system_settings(self, setting: Value) -> MethodResult:
        vm = vm_of_setting(self.host, str(setting.values.get("InstanceID") or "")) if isinstance(setting, Instance) else None
        if vm is None or not isinstance(setting, Instance):
            return MethodResult(INVALID_PARAMETER)
        name, notes = setting.values.get("ElementName"), setting.values.get("Notes")

        def change() -> None:
            if isinstance(name, str) and name:
                vm.name = name
            if isinstance(notes, list):
                vm.notes = "\n".join(str(note) for note in notes)

        return start_job(self, "Modifying Settings", vm.id, change)

    # -- summaries

    def _summary(self, arguments: Mapping[str, Value]) -> MethodResult:
        references = arguments.get("SettingData") or []
        requested = arguments.get("RequestedInformation") or []
        codes = {code for code in (requested if isinstance(requested, list) else [requested]) if isinstance(code, int)}
        vms: list[Vm] = []
        for wanted in references if isinstance(references, list) else [references]:
            vm = vm_of_setting(self.host, _key(wanted, "InstanceID"))
            if vm is None:
                return MethodResult(INVALID_PARAMETER)
            vms.append(vm)
        found: list[Scalar] = [*summaries(self, vms or list(self.host.vms.values()), codes)]
        return MethodResult(COMPLETED, {"SummaryInformation": found or None})


def _key(target: Value, name: str) -> str:
    if not isinstance(target, Reference):
        return ""
    return next((value for key, value in target.keys.items() if key.lower() == name.lower()), "")


def _instances(value: Value) -> list[Instance]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Instance)]
