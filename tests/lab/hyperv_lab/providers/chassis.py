# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a computer's firmware says of its maker: Win32_SystemEnclosure, and make and serial number for the other classes.

In a virtual machine the host decides: a machine of Hyper-V has a chassis asset tag made up at its creation, in seven groups of digits
(Microsoft, "How to use uniquely identify a virtual machine in Hyper-V"), one in Azure the digits of "MSFT AZURE VM" in ASCII (cloud-init
bug 1693939, which says the same of Azure Stack).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from ..cim.types import CimClass, Instance, Value
from ..world.guest import Guest
from ..world.host import Host
from ..world.vm import derived_guid, digit_groups
from ..world.windows import Windows
from .base import Provider, instance

_AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"
_HYPERV = ("Microsoft Corporation", "Virtual Machine")
_OTHER_HYPERVISOR = ("QEMU", "Standard PC (Q35 + ICH9, 2009)")
_METAL = ("Dell Inc.", "PowerEdge R750")
_DESKTOP, _RACK_MOUNT = 3, 23  # ChassisTypes: what Hyper-V shows its guests, and a server


class SystemEnclosure(Provider):
    serves = ("Win32_SystemEnclosure",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        windows = self.windows
        manufacturer, _model = make(windows)
        virtual = manufacturer != _METAL[0]
        values: dict[str, Value] = {
            "Caption": "System Enclosure",
            "ChassisTypes": [_DESKTOP if virtual else _RACK_MOUNT],
            "CreationClassName": "Win32_SystemEnclosure",
            "Description": "System Enclosure",
            "LockPresent": False,
            "Manufacturer": manufacturer,
            "Name": "System Enclosure",
            "SecurityStatus": 3,
            "SerialNumber": serial_number(self),
            "SMBIOSAssetTag": asset_tag(self),
            "Tag": "System Enclosure 0",
            "Version": "Hyper-V UEFI Release v4.1" if virtual else "",
        }
        yield instance(cls, values)


def make(windows: Windows) -> tuple[str, str]:
    """Manufacturer and model."""
    if isinstance(windows, Guest):
        return _OTHER_HYPERVISOR if windows.hypervisor == "other" else _HYPERV
    return _HYPERV if isinstance(windows, Host) and windows.platform != "metal" else _METAL


def asset_tag(provider: Provider) -> str:
    windows = provider.windows
    platform = windows.hypervisor if isinstance(windows, Guest) else windows.platform if isinstance(windows, Host) else "metal"
    if platform == "azure":
        return _AZURE_TAG
    if platform != "hyper-v":
        return ""
    if isinstance(windows, Guest):
        return provider.fleet.placement(windows)[1].asset_tag
    return digit_groups(derived_guid("chassis", windows.name))


def bios_guid(provider: Provider) -> str:
    if isinstance(provider.windows, Guest):
        return provider.fleet.placement(provider.windows)[1].bios_guid
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"bios.{provider.windows.name}")).upper()


def serial_number(provider: Provider) -> str:
    if isinstance(provider.windows, Guest):
        return provider.fleet.placement(provider.windows)[1].serial_number
    return bios_guid(provider).replace("-", "")[:7]
