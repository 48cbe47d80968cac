# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_OperatingSystem, Win32_ComputerSystem and what else describes the computer as a whole.

Values as recorded from Windows Server 2012 (public WS-Management traffic), with what the simulated machine differs in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import ClassVar

from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world import licence
from ..world.errors import WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.guest import Guest
from ..world.host import Host
from ..world.vm import VmState
from ..world.windows import LANGUAGES
from .base import Provider, instance
from .chassis import bios_guid, make, serial_number

_HOST_MEMORY = 256 * 1024**3
_SHUT_DOWN, _RESTART, _POWER_OFF = 1, 2, 8


# What Win32_OperatingSystem says alike on each installation.
_OF_EACH_INSTALLATION: dict[str, Value] = {
    "BootDevice": r"\Device\HarddiskVolume1",
    "BuildType": "Multiprocessor Free",
    "CreationClassName": "Win32_OperatingSystem",
    "CSCreationClassName": "Win32_ComputerSystem",
    "CurrentTimeZone": 0,
    "DataExecutionPrevention_32BitApplications": True,
    "DataExecutionPrevention_Available": True,
    "DataExecutionPrevention_Drivers": True,
    "DataExecutionPrevention_SupportPolicy": 3,
    "Debug": False,
    "Description": "",
    "Distributed": False,
    "EncryptionLevel": 256,
    "ForegroundApplicationBoost": 0,
    "Manufacturer": "Microsoft Corporation",
    "MaxNumberOfProcesses": 4294967295,
    "MaxProcessMemorySize": 137438953344,
    "NumberOfLicensedUsers": 0,
    "NumberOfProcesses": 64,
    "NumberOfUsers": 0,
    "Organization": "",
    "OSType": 18,
    "PortableOperatingSystem": False,
    "Primary": True,
    "RegisteredUser": "Windows User",
    "ServicePackMajorVersion": 0,
    "ServicePackMinorVersion": 0,
    "Status": "OK",
    "SystemDevice": r"\Device\HarddiskVolume2",
    "SystemDirectory": r"C:\Windows\system32",
    "SystemDrive": "C:",
    "WindowsDirectory": r"C:\Windows",
}


class OperatingSystem(Provider):
    serves = ("Win32_OperatingSystem",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        windows = self.windows
        now = self.fleet.clock.now() + windows.clock_skew
        memory_kb = _memory(self) // 1024
        channel = windows.licence.channel or "none"
        values: dict[str, Value] = {
            **_OF_EACH_INSTALLATION,
            "BuildNumber": str(windows.release.build),
            "Caption": windows.caption,
            "CodeSet": {"ja-JP": "932", "ru-RU": "1251"}.get(windows.language, "1252"),
            "CountryCode": {"de-DE": "49", "ja-JP": "81", "ru-RU": "7"}.get(windows.language, "1"),
            "CSName": windows.name.upper(),
            "FreePhysicalMemory": memory_kb // 2,
            "FreeSpaceInPagingFiles": memory_kb // 8,
            "FreeVirtualMemory": memory_kb // 2,
            "InstallDate": windows.installed.replace(microsecond=0),
            "LastBootUpTime": windows.booted + windows.clock_skew,
            "LocalDateTime": now,
            "Locale": f"{LANGUAGES[windows.language]:04x}",
            "MUILanguages": [windows.language],
            "Name": rf"{windows.caption}|C:\Windows|\Device\Harddisk0\Partition2",
            "OperatingSystemSKU": windows.edition.sku,
            "OSArchitecture": "64-bit"
            if windows.language == "en-US"
            else "64-Bit"
            if windows.language == "de-DE"
            else "64 ビット"
            if windows.language == "ja-JP"
            else "64-разрядная",
            "OSLanguage": LANGUAGES[windows.language],
            "OSProductSuite": windows.edition.suite_mask,
            "ProductType": windows.product_type if isinstance(windows, Guest) else 3,
            "SerialNumber": licence.product_ids(windows.name, windows.release, channel)[0],
            "SizeStoredInPagingFiles": memory_kb // 8,
            "SuiteMask": windows.edition.suite_mask,
            "TotalVirtualMemorySize": memory_kb + memory_kb // 8,
            "TotalVisibleMemorySize": memory_kb,
            "Version": windows.release.version,
        }
        yield instance(cls, values)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        """Shuts a guest down or restarts it (flags as in Microsoft's Win32Shutdown). Hosts of the lab cannot be shut down from inside."""
        flags = arguments.get("Flags") if method == "Win32Shutdown" else {"Reboot": _RESTART, "Shutdown": _SHUT_DOWN}.get(method)
        if not isinstance(flags, int) or not isinstance(self.windows, Guest):
            raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)
        _host, vm = self.fleet.placement(self.windows)
        if flags & (_RESTART | _SHUT_DOWN | _POWER_OFF):
            self.fleet.set_state(vm, VmState.OFF)
        if flags & _RESTART:
            self.fleet.set_state(vm, VmState.RUNNING)
        return MethodResult(0)


class ComputerSystem(Provider):
    serves = ("Win32_ComputerSystem",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        windows = self.windows
        manufacturer, model = make(windows)
        member = windows.domain is not None
        values: dict[str, Value] = {
            "AdminPasswordStatus": 3,
            "AutomaticManagedPagefile": True,
            "AutomaticResetBootOption": True,
            "AutomaticResetCapability": True,
            "BootROMSupported": True,
            "BootupState": "Normal boot",
            "Caption": windows.name.upper(),
            "ChassisBootupState": 3,
            "CreationClassName": "Win32_ComputerSystem",
            "CurrentTimeZone": 0,
            "Description": "AT/AT COMPATIBLE",
            "DNSHostName": windows.name,
            "Domain": windows.domain or "WORKGROUP",
            "DomainRole": _domain_role(windows, member),
            "EnableDaylightSavingsTime": True,
            "FrontPanelResetStatus": 3,
            "HypervisorPresent": not isinstance(windows, Host) or windows.hyperv,
            "InfraredSupported": False,
            "KeyboardPasswordStatus": 3,
            "Manufacturer": manufacturer,
            "Model": model,
            "Name": windows.name.upper(),
            "NetworkServerModeEnabled": True,
            "NumberOfLogicalProcessors": 2,
            "NumberOfProcessors": 1,
            "PartOfDomain": member,
            "PauseAfterReset": -1,
            "PCSystemType": 1,
            "PowerOnPasswordStatus": 3,
            "PowerState": 0,
            "PowerSupplyState": 3,
            "PrimaryOwnerName": "Windows User",
            "ResetCapability": 1,
            "ResetCount": -1,
            "ResetLimit": -1,
            "Roles": ["LM_Workstation", "LM_Server", "NT", "Server_NT"],
            "Status": "OK",
            "SystemType": "x64-based PC",
            "ThermalState": 3,
            "TotalPhysicalMemory": _memory(self),
            "WakeUpType": 6,
            "Workgroup": None if member else "WORKGROUP",
        }
        yield instance(cls, values)


class ComputerSystemProduct(Provider):
    serves = ("Win32_ComputerSystemProduct",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        manufacturer, model = make(self.windows)
        serial = serial_number(self)
        values: dict[str, Value] = {
            "Caption": "Computer System Product",
            "Description": "Computer System Product",
            "IdentifyingNumber": serial,
            "Name": model,
            "UUID": bios_guid(self),
            "Vendor": manufacturer,
            "Version": "Hyper-V UEFI Release v4.1" if isinstance(self.windows, Guest) else "",
        }
        yield instance(cls, values)


class Bios(Provider):
    serves = ("Win32_BIOS",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        manufacturer, _model = make(self.windows)
        name = "Hyper-V UEFI Release v4.1" if isinstance(self.windows, Guest) else "2.15.1"
        values: dict[str, Value] = {
            "BIOSVersion": ["VRTUAL - 1", name] if isinstance(self.windows, Guest) else ["DELL   - 2", name],
            "Caption": name,
            "Description": name,
            "Manufacturer": manufacturer,
            "Name": name,
            "PrimaryBIOS": True,
            "ReleaseDate": self.windows.installed.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=300),
            "SerialNumber": serial_number(self),
            "SMBIOSBIOSVersion": name,
            "SMBIOSMajorVersion": 3,
            "SMBIOSMinorVersion": 1,
            "SMBIOSPresent": True,
            "SoftwareElementID": name,
            "SoftwareElementState": 3,
            "Status": "OK",
            "TargetOperatingSystem": 0,
            "Version": "VRTUAL - 1" if isinstance(self.windows, Guest) else "DELL   - 2",
        }
        yield instance(cls, values)


class Processor(Provider):
    serves = ("Win32_Processor",)
    _NAME: ClassVar[str] = "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz"

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        values: dict[str, Value] = {
            "AddressWidth": 64,
            "Architecture": 9,
            "Availability": 3,
            "Caption": "Intel64 Family 6 Model 106 Stepping 6",
            "CreationClassName": "Win32_Processor",
            "DataWidth": 64,
            "Description": "Intel64 Family 6 Model 106 Stepping 6",
            "DeviceID": "CPU0",
            "Manufacturer": "GenuineIntel",
            "MaxClockSpeed": 1995,
            "Name": self._NAME,
            "NumberOfCores": 2,
            "NumberOfLogicalProcessors": 2,
            "ProcessorType": 3,
            "Status": "OK",
            "SystemCreationClassName": "Win32_ComputerSystem",
            "SystemName": self.windows.name.upper(),
        }
        yield instance(cls, values)


def _memory(provider: Provider) -> int:
    """Bytes."""
    if isinstance(provider.windows, Guest):
        return provider.fleet.placement(provider.windows)[1].memory_mb * 1024**2
    return _HOST_MEMORY


def _domain_role(windows: object, member: bool) -> int:
    """0 and 1 workstations, 2 standalone server, 3 member server, 5 primary domain controller."""
    product_type = windows.product_type if isinstance(windows, Guest) else 3
    if product_type == 1:
        return int(member)
    if product_type == 2:
        return 5
    return 3 if member else 2
