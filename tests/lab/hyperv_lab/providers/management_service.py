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
from ..world.vm import Vm
from .attached_devices import AttachedDevices
from .base import instance
from .integration_components import IntegrationComponentSettings
from .jobs import start_job
from .localisation import localised
from .setting_changes import CHECKPOINT, SYSTEM, Refused, changes, check_range, writable
from .settings import QUANTITIES, ResourceSettings, SystemSettings
from .summary import summaries
from .virtualization import (
    COMPLETED,
    DISABLED,
    ENABLED,
    INVALID_PARAMETER,
    NOT_SUPPORTED,
    HyperVProvider,
    component_of_setting,
    setting_reference,
    vm_of_setting,
)

_CLASS = "Msvm_VirtualSystemManagementService"
_SETTINGS: tuple[type[HyperVProvider], ...] = (IntegrationComponentSettings, ResourceSettings, AttachedDevices)

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
        if method in ("AddKvpItems", "ModifyKvpItems", "RemoveKvpItems"):
            return self._kvp_items(method, arguments)
        if method == "ModifyGuestServiceSettings":
            return self._resource_settings(method, arguments.get("GuestServiceSettings"), "ResultingGuestServiceSettings")
        if method == "ModifyResourceSettings":
            return self._resource_settings(method, arguments.get("ResourceSettings"), "ResultingResourceSettings")
        if method == "ModifySystemSettings":
            return self._system_settings(method, arguments.get("SystemSettings"))
        if method == "GetSummaryInformation":
            return self._summary(arguments)
        return MethodResult(NOT_SUPPORTED)  # what Windows can and the lab cannot: machines are neither made nor taken apart here

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

        return start_job(self, method, vm.id, change)

    # -- settings

    def _resource_settings(self, method: str, settings: Value, resulting: str) -> MethodResult:
        """ModifyResourceSettings and, for integration services alone, ModifyGuestServiceSettings: all settings or none."""
        try:
            wanted = [self._wanted(setting, services_only=method == "ModifyGuestServiceSettings") for setting in _instances(settings)]
        except Refused as refused:
            return MethodResult(refused.code)
        if not wanted:
            return MethodResult(INVALID_PARAMETER)

        def change() -> None:
            for vm, current, changed in wanted:
                self._change(vm, current, changed)

        references: list[Scalar] = [setting_reference(current.cls.name, str(current.values["InstanceID"])) for _vm, current, _new in wanted]
        return start_job(self, method, wanted[0][0].id, change, {resulting: references})

    def _wanted(self, setting: Instance, *, services_only: bool) -> tuple[Vm, Instance, dict[str, Value]]:
        """The machine, its setting as it is, and what of it is to be another. Refused for what is not there or cannot be changed."""
        instance_id = str(setting.values.get("InstanceID") or "")
        vm = vm_of_setting(self.host, instance_id.partition("\\")[0])
        if vm is None:
            raise Refused(INVALID_PARAMETER)
        component = component_of_setting(self.host, instance_id)
        if services_only and component is None:
            raise Refused(NOT_SUPPORTED)
        allowed = writable(setting.cls.name)
        provider = next(kind for kind in _SETTINGS if setting.cls.name in kind.serves)(self.fleet, self.windows)
        current = provider.find(setting.cls, {"InstanceID": instance_id})
        if current is None:
            raise Refused(INVALID_PARAMETER)
        changed = changes(setting, current, allowed, vm)
        if component is not None and changed.get("EnabledState", ENABLED) not in (ENABLED, DISABLED):
            raise Refused(INVALID_PARAMETER)
        if setting.cls.name in QUANTITIES:
            check_range(changed, *QUANTITIES[setting.cls.name](self.host))
        return vm, current, changed

    def _change(self, vm: Vm, current: Instance, changed: dict[str, Value]) -> None:
        kept = dict(changed)
        component = component_of_setting(self.host, str(current.values["InstanceID"]))
        if component is not None:
            state, hide = kept.pop("EnabledState", None), kept.pop("DisableHostKVPItems", None)
            if isinstance(hide, bool):
                vm.hide_host_items = hide
            if state is not None:
                self.fleet.set_component(self.host, vm, component[1].key, state == ENABLED)
        quantity = kept.pop("VirtualQuantity", None)
        if isinstance(quantity, int) and current.cls.name == "Msvm_ProcessorSettingData":
            vm.processors = quantity
        elif isinstance(quantity, int):
            vm.memory_mb = quantity
        if kept:
            vm.resource_settings.setdefault(str(current.values["InstanceID"]), {}).update(kept)

    def _system_settings(self, method: str, setting: Value) -> MethodResult:
        if not isinstance(setting, Instance):
            return MethodResult(INVALID_PARAMETER)
        instance_id = str(setting.values.get("InstanceID") or "")
        vm = vm_of_setting(self.host, instance_id.partition("\\")[0])
        current = SystemSettings(self.fleet, self.windows).find(setting.cls, {"InstanceID": instance_id}) if vm is not None else None
        if vm is None or current is None:
            return MethodResult(INVALID_PARAMETER)
        checkpoint = next((checkpoint for checkpoint in vm.checkpoints if instance_id.upper().endswith(checkpoint.id)), None)
        try:
            changed = changes(setting, current, SYSTEM if checkpoint is None else CHECKPOINT, vm)
        except Refused as refused:
            return MethodResult(refused.code)
        if checkpoint is None:
            return start_job(self, method, vm.id, lambda: self._change_system(vm, changed))

        def rename() -> None:
            checkpoint.name = str(changed.get("ElementName", checkpoint.name))
            checkpoint.notes = _lines(changed.get("Notes"), checkpoint.notes)

        return start_job(self, method, vm.id, rename)

    def _change_system(self, vm: Vm, changed: Mapping[str, Value]) -> None:
        kept = dict(changed)
        vm.name = str(kept.pop("ElementName", vm.name))
        vm.notes = _lines(kept.pop("Notes", None), vm.notes)
        vm.settings.update(kept)
        self.fleet.deliver(self.host, vm)

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


def _lines(value: Value, otherwise: str) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else otherwise


def _key(target: Value, name: str) -> str:
    if not isinstance(target, Reference):
        return ""
    return next((value for key, value in target.keys.items() if key.lower() == name.lower()), "")


def _instances(value: Value) -> list[Instance]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Instance)]
