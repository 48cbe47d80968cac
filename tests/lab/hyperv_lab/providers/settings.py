# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Msvm_VirtualSystemSettingData with checkpoints, memory and processor settings, and the associations that lead to them.

Source: Microsoft's class reference; VirtualSystemType and the form of InstanceID as virt-who and libvirt use them in production.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from ..cim.types import CimClass, Instance, Reference, Value
from ..world.host import Host
from ..world.vm import Checkpoint, Vm, VmState
from .attached_devices import attached
from .base import instance
from .localisation import localised
from .virtualization import (
    COMPONENTS,
    HyperVProvider,
    component_setting_id,
    setting_id,
    setting_reference,
    system_reference,
    vm_of_setting,
)

_CLASS = "Msvm_VirtualSystemSettingData"
_REALIZED, _SNAPSHOT = "Microsoft:Hyper-V:System:Realized", "Microsoft:Hyper-V:Snapshot:Realized"


class SystemSettings(HyperVProvider):
    serves = (_CLASS,)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for vm in list(self.host.vms.values()):
            yield self._settings(cls, vm, None)
            for checkpoint in vm.checkpoints:
                yield self._settings(cls, vm, checkpoint)

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        vm = vm_of_setting(self.host, next(iter(keys.values()), "")) if len(keys) == 1 else None
        return self._settings(cls, vm, None) if vm is not None else super().find(cls, keys)

    def _settings(self, cls: CimClass, vm: Vm, checkpoint: Checkpoint | None) -> Instance:
        caption = localised("Virtual Machine Settings", self.host.language)
        folder = r"C:\ProgramData\Microsoft\Windows\Hyper-V"
        notes = checkpoint.notes if checkpoint else vm.notes
        values: dict[str, Value] = {
            "AllowFullSCSICommandSet": False,
            "AllowReducedFcRedundancy": False,
            "Architecture": "x64",
            "AutomaticCriticalErrorAction": 1,
            "AutomaticCriticalErrorActionTimeout": timedelta(minutes=30),
            "AutomaticRecoveryAction": 3,
            "AutomaticShutdownAction": 3,
            "AutomaticSnapshotsEnabled": False,
            "AutomaticStartupAction": 3,
            "AutomaticStartupActionDelay": timedelta(0),
            "BaseBoardSerialNumber": vm.serial_number,
            "BIOSGUID": f"{{{vm.bios_guid}}}",
            "BIOSNumLock": False,
            "BIOSSerialNumber": vm.serial_number,
            "Caption": caption,
            "ChassisAssetTag": vm.asset_tag,
            "ChassisSerialNumber": vm.serial_number,
            "ConfigurationDataRoot": folder,
            "ConfigurationFile": rf"Virtual Machines\{vm.id}.vmcx",
            "ConfigurationID": vm.id,
            "CreationTime": checkpoint.created if checkpoint else vm.created,
            "Description": "Microsoft Virtual Machine Settings",
            "ElementName": checkpoint.name if checkpoint else vm.name,
            "GuestStateDataRoot": folder,
            "GuestStateFile": rf"Virtual Machines\{vm.id}.vmgs",
            "IncrementalBackupEnabled": False,
            "InstanceID": rf"{setting_id(vm)}\{checkpoint.id}" if checkpoint else setting_id(vm),
            "IsSaved": vm.state is VmState.SAVED,
            "LogDataRoot": folder,
            "Notes": [notes] if notes else None,
            "PauseAfterBootFailure": False,
            "SecureBootEnabled": vm.generation == 2,
            "SnapshotDataRoot": folder,
            "SuspendDataRoot": folder,
            "SwapFileDataRoot": folder,
            "Version": vm.version,
            "VirtualNumaEnabled": True,
            "VirtualSystemIdentifier": vm.id,
            "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
            "VirtualSystemType": _SNAPSHOT if checkpoint else _REALIZED,
        }
        return instance(cls, {**values, **vm.settings})


class ResourceSettings(HyperVProvider):
    serves = ("Msvm_MemorySettingData", "Msvm_ProcessorSettingData")

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        made = _memory if cls.name == "Msvm_MemorySettingData" else _processor
        yield from (instance(cls, values) for values in _definitions(cls.name, self.host))
        for vm in list(self.host.vms.values()):
            values = made(vm)
            yield instance(cls, {**values, **vm.resource_settings.get(str(values["InstanceID"]), {})})


def _most_processors(host: Host) -> tuple[int, int]:
    """64 up to 2012 R2, 240 from 2016 on, 2048 from 2025 on (Microsoft, "Plan for Hyper-V scalability")."""
    build = host.release.build
    return 1, 2048 if build >= 26100 else 240 if build >= 14393 else 64


def _most_memory(host: Host) -> tuple[int, int]:
    """In MB: 1 TB up to 2012 R2, 12 TB from 2016 on, 240 TB from 2025 on (same source)."""
    build = host.release.build
    return 32, (240 if build >= 26100 else 12 if build >= 14393 else 1) * 1024**2


# Least and most of what a machine of this host may have.
QUANTITIES: dict[str, Callable[[Host], tuple[int, int]]] = {
    "Msvm_MemorySettingData": _most_memory,
    "Msvm_ProcessorSettingData": _most_processors,
}
_MEMORY_ID, _PROCESSOR_ID = "4764334D-E001-4176-82EE-5594EC9B530E", "B637F346-6A0E-4DEC-AF52-BD70CB80A21D"


def _definitions(class_name: str, host: Host) -> Iterable[dict[str, Value]]:
    """What the capabilities allow: libvirt asks the row "Maximum" for the largest number of processors."""
    least, most = QUANTITIES[class_name](host)
    memory = class_name == "Msvm_MemorySettingData"
    pool, default, step = (_MEMORY_ID, 1024, 2) if memory else (_PROCESSOR_ID, 1, 1)
    for name, quantity in (("Default", default), ("Increment", step), ("Maximum", most), ("Minimum", least)):
        values = _memory_values(quantity) if memory else _processor_values(quantity)
        yield {**values, "InstanceID": rf"Microsoft:Definition\{pool}\{name}"}


def _memory(vm: Vm) -> dict[str, Value]:
    return {**_memory_values(vm.memory_mb), "InstanceID": rf"Microsoft:{vm.id}\{_MEMORY_ID}"}


def _processor(vm: Vm) -> dict[str, Value]:
    return {**_processor_values(vm.processors), "InstanceID": rf"Microsoft:{vm.id}\{_PROCESSOR_ID}\0"}


def _memory_values(megabytes: int) -> dict[str, Value]:
    return {
        "Caption": "Memory",
        "Description": "Settings for Microsoft Virtual Machine Memory.",
        "ElementName": "Memory",
        "ResourceType": 4,
        "ResourceSubType": "Microsoft:Hyper-V:Memory",
        "AllocationUnits": "byte * 2^20",
        "VirtualQuantity": megabytes,
        "Reservation": megabytes,
        "Limit": megabytes,
        "Weight": 5000,
        "AutomaticAllocation": True,
        "AutomaticDeallocation": True,
        "VirtualQuantityUnits": "byte * 2^20",
        "DynamicMemoryEnabled": False,
        "IsVirtualized": True,
        "SwapFilesInUse": False,
    }


def _processor_values(quantity: int) -> dict[str, Value]:
    return {
        "Caption": "Processor",
        "Description": "Settings for Microsoft Virtual Processor.",
        "ElementName": "Processor",
        "ResourceType": 3,
        "ResourceSubType": "Microsoft:Hyper-V:Processor",
        "AllocationUnits": "percent / 1000",
        "VirtualQuantity": quantity,
        "Reservation": 0,
        "Limit": 100000,
        "Weight": 100,
        "AutomaticAllocation": True,
        "AutomaticDeallocation": True,
        "VirtualQuantityUnits": "count",
        "LimitProcessorFeatures": False,
    }


class SettingAssociations(HyperVProvider):
    serves = ("Msvm_SettingsDefineState", "Msvm_VirtualSystemSettingDataComponent", "Msvm_SystemDevice")

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for vm in list(self.host.vms.values()):
            settings = setting_reference(_CLASS, setting_id(vm))
            if cls.name == "Msvm_SettingsDefineState":
                yield Instance(cls, {"ManagedElement": system_reference(vm), "SettingData": settings})
            elif cls.name == "Msvm_SystemDevice":
                for component in COMPONENTS:
                    yield Instance(
                        cls,
                        {
                            "GroupComponent": system_reference(vm),
                            "PartComponent": device_reference(vm, component.class_name, component.guid),
                        },
                    )
            else:
                parts = [setting_reference(component.setting_class, component_setting_id(vm.id, component)) for component in COMPONENTS]
                parts.append(setting_reference("Msvm_MemorySettingData", str(_memory(vm)["InstanceID"])))
                parts.append(setting_reference("Msvm_ProcessorSettingData", str(_processor(vm)["InstanceID"])))
                parts += [setting_reference(setting.class_name, setting.instance_id(vm)) for setting in attached(self.host, vm)]
                for part in parts:
                    yield Instance(cls, {"GroupComponent": settings, "PartComponent": part})


def device_reference(vm: Vm, class_name: str, guid: str) -> Reference:
    keys = {
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": vm.id,
        "CreationClassName": class_name,
        "DeviceID": rf"Microsoft:{vm.id}\{guid}",
    }
    return Reference("root/virtualization/v2", class_name, keys)
