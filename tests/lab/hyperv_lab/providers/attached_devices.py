# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is attached to a VM: controllers, its disk, serial ports, its network adapter and the switch that this is connected to.

It is there for clients that list and inspect VMs. Source: Microsoft's class reference, and what libvirt's
hyperv driver reads. The forms of InstanceID are inferred from paths in its code and in Microsoft's examples.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..cim.types import CimClass, Instance, Value
from ..world.host import Host
from ..world.vm import Vm, derived_guid
from .base import instance
from .virtualization import NAMESPACE, HyperVProvider, setting_id, setting_reference, system_reference

_RESOURCE = "Msvm_ResourceAllocationSettingData"
_STORAGE = "Msvm_StorageAllocationSettingData"
_SERIAL = "Msvm_SerialPortSettingData"
_PORT = "Msvm_SyntheticEthernetPortSettingData"
_CONNECTION = "Msvm_EthernetPortAllocationSettingData"
_SWITCH = "Msvm_VirtualEthernetSwitch"
# The same in every VM of the first generation.
_IDE = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
_COM = "8E3A359F-559A-4B6A-98A9-1690A6100ED7"
_ENABLED = 2


class Setting(NamedTuple):
    """The settings of one device: class, last part of its InstanceID, values."""

    class_name: str
    suffix: str
    values: dict[str, Value]

    def instance_id(self, vm: Vm) -> str:
        return rf"{setting_id(vm)}\{self.suffix}"


def attached(host: Host, vm: Vm) -> list[Setting]:
    scsi = derived_guid("scsi", vm.id)
    controller = rf"{_IDE}\0" if vm.generation == 1 else rf"{scsi}\0"
    settings = [_resource(rf"{scsi}\0", "SCSI Controller", 6, "Microsoft:Hyper-V:Synthetic SCSI Controller")]
    if vm.generation == 1:
        settings += [
            _resource(rf"{_IDE}\{number}", f"IDE Controller {number}", 5, "Microsoft:Hyper-V:Emulated IDE Controller", Address=str(number))
            for number in (0, 1)
        ]
    settings += _hard_disk(host, vm, controller)
    settings += [
        Setting(
            _SERIAL,
            rf"{_COM}\{number - 1}",
            {**_common(f"COM {number}", 17, "Microsoft:Hyper-V:Serial Port"), "Address": "", "Connection": [""], "DebuggerMode": False},
        )
        for number in (1, 2)
    ]
    return settings + _network_adapter(host, vm)


def _hard_disk(host: Host, vm: Vm, controller: str) -> list[Setting]:
    drive = rf"{controller}\0\D"
    disk = rf"C:\ProgramData\Microsoft\Windows\Virtual Hard Disks\{vm.name}.vhdx"
    return [
        _resource(
            drive,
            "Hard Drive",
            17,
            "Microsoft:Hyper-V:Synthetic Disk Drive",
            Parent=_path(host, vm, _RESOURCE, controller),
            AddressOnParent="0",
        ),
        Setting(
            _STORAGE,
            rf"{controller}\0\L",
            {
                **_common("Hard Disk Image", 31, "Microsoft:Hyper-V:Virtual Hard Disk"),
                "HostResource": [disk],
                "Parent": _path(host, vm, _RESOURCE, drive),
                "Access": 3,
                "IOPSLimit": 0,
                "IOPSReservation": 0,
                "PersistentReservationsSupported": False,
            },
        ),
    ]


def _network_adapter(host: Host, vm: Vm) -> list[Setting]:
    adapter = derived_guid("adapter", vm.id)
    switch = rf'\\{host.name.upper()}\{NAMESPACE.replace("/", chr(92))}:{_SWITCH}.CreationClassName="{_SWITCH}",Name="{switch_id(host)}"'
    return [
        Setting(
            _PORT,
            adapter,
            {
                **_common("Network Adapter", 10, "Microsoft:Hyper-V:Synthetic Ethernet Port"),
                "Address": mac_address(vm),
                "StaticMacAddress": False,
                "VirtualSystemIdentifiers": [f"{{{adapter}}}"],
                "ClusterMonitored": True,
            },
        ),
        Setting(
            _CONNECTION,
            rf"{adapter}\C",
            {
                **_common("Dynamic Ethernet Switch Port", 33, "Microsoft:Hyper-V:Ethernet Connection"),
                "HostResource": [switch],
                "Parent": _path(host, vm, _PORT, adapter),
                "EnabledState": _ENABLED,
            },
        ),
    ]


def mac_address(vm: Vm) -> str:
    """In Microsoft's range, without separators."""
    return f"00155D{derived_guid('mac', vm.id)[:6]}"


def switch_id(host: Host) -> str:
    return derived_guid("switch", host.name)


def _common(name: str, kind: int, sub_type: str) -> dict[str, Value]:
    return {
        "Caption": name,
        "Description": f"Settings for {name}.",
        "ElementName": name,
        "ResourceType": kind,
        "ResourceSubType": sub_type,
        "AutomaticAllocation": True,
        "AutomaticDeallocation": True,
        "ConsumerVisibility": 3,
        "Limit": 1,
        "Reservation": 1,
        "VirtualQuantity": 1,
        "VirtualQuantityUnits": "count",
        "Weight": 0,
    }


def _resource(suffix: str, name: str, kind: int, sub_type: str, **more: Value) -> Setting:
    return Setting(_RESOURCE, suffix, {**_common(name, kind, sub_type), **more})


def _path(host: Host, vm: Vm, class_name: str, suffix: str) -> str:
    """A WMI path, with the backslashes inside its key doubled."""
    key = rf"{setting_id(vm)}\{suffix}".replace("\\", "\\\\")
    return rf'\\{host.name.upper()}\root\virtualization\v2:{class_name}.InstanceID="{key}"'


class AttachedDevices(HyperVProvider):
    serves = (_RESOURCE, _STORAGE, _SERIAL, _PORT, _CONNECTION)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for vm in list(self.host.vms.values()):
            for setting in attached(self.host, vm):
                if setting.class_name == cls.name:
                    changed = vm.resource_settings.get(setting.instance_id(vm), {})
                    yield instance(cls, {"InstanceID": setting.instance_id(vm), **setting.values, **changed})


class VirtualSwitches(HyperVProvider):
    serves = (_SWITCH,)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        yield instance(
            cls,
            {
                "CreationClassName": _SWITCH,
                "Name": switch_id(self.host),
                "ElementName": "External",
                "Caption": "Virtual Switch",
                "Description": "Microsoft Virtual Switch",
                "EnabledState": 5,
                "RequestedState": 12,
                "HealthState": 5,
                "OperationalStatus": [2],
                "InstallDate": self.host.installed,
                "BandwidthReservationMode": 1,
                "IOVPreferred": False,
            },
        )


class Checkpoints(HyperVProvider):
    """Which settings are checkpoints of which VM."""

    serves = ("Msvm_SnapshotOfVirtualSystem",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for vm in list(self.host.vms.values()):
            for checkpoint in vm.checkpoints:
                settings = setting_reference("Msvm_VirtualSystemSettingData", rf"{setting_id(vm)}\{checkpoint.id}")
                yield Instance(cls, {"Antecedent": system_reference(vm), "Dependent": settings})
