# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_Service: the few services that have to do with Hyper-V and licensing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world.errors import WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.guest import Guest
from ..world.host import Host
from .base import Provider, instance
from .localisation import localised

DATA_EXCHANGE = "vmickvpexchange"

# Return values of StartService, StopService and ChangeStartMode (Microsoft, Win32_Service).
NOT_SUPPORTED, ALREADY_RUNNING, DISABLED, NOT_ACTIVE, INVALID_PARAMETER = 1, 10, 14, 5, 21


class _Service(NamedTuple):
    name: str
    display: str
    path: str
    start_mode: str
    running: bool
    account: str = "LocalSystem"


_SVCHOST = r"C:\Windows\system32\svchost.exe -k "


class Services(Provider):
    serves = ("Win32_Service",)

    def _services(self) -> Iterable[_Service]:
        windows = self.windows
        yield _Service("sppsvc", "Software Protection", r"C:\Windows\system32\sppsvc.exe", "Auto", False, r"NT AUTHORITY\NetworkService")
        yield _Service(
            "WinRM",
            "Windows Remote Management (WS-Management)",
            _SVCHOST + "NetworkService -p",
            "Auto",
            True,
            r"NT AUTHORITY\NetworkService",
        )
        kvp = windows.kvp_service if isinstance(windows, Guest) else "stopped"
        yield _Service(
            DATA_EXCHANGE,
            "Hyper-V Data Exchange Service",
            _SVCHOST + "LocalSystemNetworkRestricted -p",
            "Disabled" if kvp == "disabled" else "Manual",
            kvp == "running",
        )
        if isinstance(windows, Host) and windows.hyperv:
            yield _Service("vmms", "Hyper-V Virtual Machine Management", r"C:\Windows\system32\vmms.exe", "Auto", True)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for number, service in enumerate(self._services()):
            display = localised(service.display, self.windows.language)
            values: dict[str, Value] = {
                "AcceptPause": False,
                "AcceptStop": service.running,
                "Caption": display,
                "CheckPoint": 0,
                "CreationClassName": "Win32_Service",
                "DelayedAutoStart": service.name == "sppsvc",
                "DesktopInteract": False,
                "DisplayName": display,
                "ErrorControl": "Normal",
                "ExitCode": 0 if service.running else 1077,
                "Name": service.name,
                "PathName": service.path,
                "ProcessId": 1200 + 4 * number if service.running else 0,
                "ServiceSpecificExitCode": 0,
                "ServiceType": "Own Process",
                "Started": service.running,
                "StartMode": service.start_mode,
                "StartName": service.account,
                "State": "Running" if service.running else "Stopped",
                "Status": "OK",
                "SystemCreationClassName": "Win32_ComputerSystem",
                "SystemName": self.windows.name.upper(),
                "TagId": 0,
                "WaitHint": 0,
            }
            yield instance(cls, values)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        guest = self.windows
        if target is None or target.values["Name"] != DATA_EXCHANGE or not isinstance(guest, Guest):
            return MethodResult(NOT_SUPPORTED)
        if method == "StartService":
            if guest.kvp_service != "stopped":
                return MethodResult(ALREADY_RUNNING if guest.kvp_service == "running" else DISABLED)
            self.fleet.set_kvp_service(guest, True)
        elif method == "StopService":
            if guest.kvp_service != "running":
                return MethodResult(NOT_ACTIVE)
            self.fleet.set_kvp_service(guest, False)
        elif method == "ChangeStartMode":
            mode = arguments.get("StartMode")
            if mode not in ("Automatic", "Manual", "Disabled"):
                return MethodResult(INVALID_PARAMETER)
            # Disabling counts as stopping too: the lab does not keep a service that runs although it is disabled.
            if mode == "Disabled":
                self.fleet.set_kvp_service(guest, False, disabled=True)
            elif guest.kvp_service == "disabled":
                self.fleet.set_kvp_service(guest, False)
        else:
            raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)
        return MethodResult(0)
